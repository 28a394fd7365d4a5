from django.apps import AppConfig


class HeadwaterConfig(AppConfig):
    """Holds the commands that start the program."""

    name = "config"
    label = "headwater"

    def ready(self) -> None:
        from config import pulse  # noqa: F401  # hears when a worker is ready
