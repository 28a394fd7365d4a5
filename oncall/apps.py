from django.apps import AppConfig


class OncallConfig(AppConfig):
    name = "oncall"

    def ready(self) -> None:
        from oncall import receivers, signals

        signals.page_progress.connect(receivers.tell_watchers)
        signals.escalation_exhausted.connect(receivers.tell_watchers)
