"""The API as somebody's program speaks it."""

import json
from typing import Any

from django.test import Client

API = "/api/v1/incidents/"


class Caller:
    """Sends and reads JSON as one person."""

    def __init__(self, client: Client) -> None:
        self.client = client

    def __call__(self, method: str, url: str, body: Any = None, code: int = 200) -> Any:
        response = self.client.generic(
            method,
            url,
            data=self._encoded(body),
            content_type="application/json",
        )
        assert response.status_code == code, response.content.decode()
        return response.json()

    def _encoded(self, body: Any) -> str:
        return "" if body is None else json.dumps(body)
