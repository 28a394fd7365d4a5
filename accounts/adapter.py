from allauth.account.adapter import DefaultAccountAdapter
from django.http import HttpRequest


class AccountAdapter(DefaultAccountAdapter):  # type: ignore[misc]  # allauth is untyped
    """Nobody signs up: people come by first run or by invitation."""

    def is_open_for_signup(self, request: HttpRequest) -> bool:
        return False
