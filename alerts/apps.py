from django.apps import AppConfig


class AlertsConfig(AppConfig):
    name = "alerts"

    def ready(self) -> None:
        from alerts import receivers
        from catalog.signals import asset_merging, asset_panels

        asset_merging.connect(receivers.follow_merge)
        asset_panels.connect(receivers.show_on_asset_page)
