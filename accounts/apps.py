from django.apps import AppConfig
from django.db.models.signals import post_delete, post_save


class AccountsConfig(AppConfig):
    name = "accounts"

    def ready(self) -> None:
        from allauth.mfa.models import Authenticator

        import accounts.openapi  # noqa: F401  # known to drf-spectacular by this
        from accounts import receivers

        post_save.connect(receivers.note_new_second_factor, Authenticator)
        post_delete.connect(receivers.note_removed_second_factor, Authenticator)
