from django.apps import AppConfig


class CatalogConfig(AppConfig):
    name = "catalog"

    def ready(self) -> None:
        from accounts.signals import team_holds
        from catalog import receivers

        team_holds.connect(receivers.tell_holdings)
