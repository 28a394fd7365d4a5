from django.apps import AppConfig


class OncallConfig(AppConfig):
    name = "oncall"

    def ready(self) -> None:
        from oncall import receivers, signals

        signals.page_progress.connect(receivers.hear_progress)
        signals.page_resolved.connect(receivers.hear_resolved)
        signals.page_escalated.connect(receivers.hear_escalated)
        signals.escalation_exhausted.connect(receivers.hear_exhausted)
