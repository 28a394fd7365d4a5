from django.apps import AppConfig


class AlertsConfig(AppConfig):
    name = "alerts"

    def ready(self) -> None:
        from accounts.signals import team_holds, team_moving
        from alerts import receivers
        from catalog.signals import asset_merging, asset_panels

        team_holds.connect(receivers.tell_holdings)
        team_moving.connect(receivers.follow_team)
        asset_merging.connect(receivers.follow_merge)
        asset_panels.connect(receivers.show_on_asset_page)
