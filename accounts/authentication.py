"""API tokens: `Authorization: Bearer <token>` (docs/api.md, manners)."""

from django.utils import timezone
from rest_framework.authentication import BaseAuthentication, get_authorization_header
from rest_framework.exceptions import AuthenticationFailed
from rest_framework.request import Request

from accounts.models import ApiToken, User
from accounts.services import use_api_token


class BearerTokenAuthentication(BaseAuthentication):
    """Signs in the owner of the API token in the Authorization header."""

    def authenticate(self, request: Request) -> tuple[User, ApiToken] | None:
        scheme, _, secret = get_authorization_header(request).partition(b" ")
        if scheme.lower() != b"bearer":
            return None
        token = use_api_token(
            secret=secret.strip().decode("latin-1"), at=timezone.now()
        )
        if token is None:
            raise AuthenticationFailed("This API token is unknown or was revoked.")
        return token.user, token

    def authenticate_header(self, request: Request) -> str:
        return 'Bearer realm="api"'
