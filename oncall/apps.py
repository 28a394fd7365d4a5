from django.apps import AppConfig


class OncallConfig(AppConfig):
    name = "oncall"

    def ready(self) -> None:
        from oncall import receivers, signals

        signals.page_progress.connect(receivers.hear_progress)
        signals.escalation_exhausted.connect(receivers.hear_exhausted)
