from django.apps import AppConfig


class OncallConfig(AppConfig):
    name = "oncall"

    def ready(self) -> None:
        from accounts.signals import team_holds
        from oncall import receivers, signals
        from oncall.services import team_ends

        team_holds.connect(team_ends.tell_holdings)
        signals.page_progress.connect(receivers.hear_progress)
        signals.page_resolved.connect(receivers.hear_resolved)
        signals.page_escalated.connect(receivers.hear_escalated)
        signals.escalation_exhausted.connect(receivers.hear_exhausted)
