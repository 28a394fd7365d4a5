from django.apps import AppConfig


class PostmortemsConfig(AppConfig):
    name = "postmortems"

    def ready(self) -> None:
        from incidents.signals import home_items, search_results
        from postmortems import receivers

        home_items.connect(receivers.add_home_items)
        search_results.connect(receivers.find)
