"""What the OpenAPI document says of sign-in. Known to it by `apps.py` importing it.

Apart from `authentication.py`, which REST framework loads while it loads itself.
"""

from drf_spectacular.extensions import OpenApiAuthenticationExtension
from drf_spectacular.openapi import AutoSchema


class BearerTokenScheme(OpenApiAuthenticationExtension):  # type: ignore[no-untyped-call]  # spectacular
    """Tells the OpenAPI document about the tokens."""

    target_class = "accounts.authentication.BearerTokenAuthentication"
    name = "apiToken"

    def get_security_definition(self, auto_schema: AutoSchema) -> dict[str, str]:
        return {
            "type": "http",
            "scheme": "bearer",
            "description": "An API token of a user, made under Settings, API tokens.",
        }
