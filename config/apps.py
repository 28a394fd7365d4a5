from django.apps import AppConfig


class HeadwaterConfig(AppConfig):
    """Holds the commands that start the program."""

    name = "config"
    label = "headwater"
