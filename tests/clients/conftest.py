"""One installation for all real senders: real processes and what its API tells."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import httpx
import pytest

from tests.processes import App
from tests.waiting import holds_within, wait_until

ORDERS = {
    "namespace": "postgres://warehouse:5432",
    "name": "shop.public.orders",
    "type": "dataset",
}


@dataclass(frozen=True, slots=True)
class Headwater:
    """A running installation, seen through its API."""

    url: str
    client: httpx.Client
    ids: dict[str, int] = field(default_factory=dict)

    @property
    def token(self) -> str:
        return str(self.client.headers["Authorization"]).removeprefix("Bearer ")

    def know_orders(self) -> None:
        """Let it know the table that docs/health.md asks after."""
        answer = self.client.post(
            "/api/v1/catalog/import/", json={"assets": [ORDERS], "edges": []}
        )
        assert answer.status_code == 200, answer.text

    def orders_are_good(self) -> bool:
        named = {name: ORDERS[name] for name in ("namespace", "name")}
        return bool(self.get("assets/health/", **named)["healthy"])

    @contextmanager
    def broken_orders(self) -> Iterator[None]:
        """While an incident about that table is open."""
        named = {name: ORDERS[name] for name in ("namespace", "name")}
        declared = self.client.post(
            "/api/v1/incidents/",
            json={"title": "orders is empty", "assets": [named], "page": []},
        )
        assert declared.status_code == 201, declared.text
        wait_until(lambda: not self.orders_are_good(), what="orders to be bad")
        yield
        self.client.post(f"/api/v1/incidents/{declared.json()['id']}/resolve/")
        wait_until(self.orders_are_good, what="orders to be good again")

    def get(self, path: str, **query: str) -> Any:
        answer = self.client.get(f"/api/v1/{path}", params=query)
        assert answer.status_code == 200, answer.text
        return answer.json()

    def make_integration(self, format_: str) -> str:
        """Make an integration; return its key."""
        answer = self.client.post(
            "/api/v1/integrations/", json={"name": format_, "format": format_}
        )
        assert answer.status_code == 201, answer.text
        made = answer.json()
        self.ids[made["key"]] = made["id"]
        return str(made["key"])

    def incident_on(self, namespace: str, name: str) -> int:
        """Wait until an incident is open about the asset; return the incident's id."""
        wait_until(lambda: self._open_on(namespace, name), what=f"one on {name}")
        found = self._open_on(namespace, name)
        assert len(found) == 1, found
        return int(found[0]["id"])

    def _open_on(self, namespace: str, name: str) -> list[Any]:
        listed = self.get("incidents/", status="open")["results"]
        return [one for one in listed if (namespace, name) in self._assets_of(one)]

    def _assets_of(self, incident: Any) -> set[tuple[str, str]]:
        alerts = self.alerts(incident["id"])
        about = [one["asset"] for one in alerts if one["asset"]]
        return {(asset["namespace"], asset["name"]) for asset in about}

    def alerts(self, incident: int) -> list[Any]:
        return list(self.get(f"incidents/{incident}/alerts/")["results"])

    def statuses(self, incident: int) -> list[str]:
        """The status of each alert of the incident, sorted."""
        return sorted(one["status"] for one in self.alerts(incident))

    def firing(self, key: str) -> int:
        """How many alerts of the integration with that key are firing."""
        mine = str(self.ids[key])
        return len(self.get("alerts/", status="firing", integration=mine)["results"])

    def titles(self) -> set[str]:
        """The titles of all alerts there are."""
        listed = self.get("alerts/", limit="200")["results"]
        return {str(one["title"]) for one in listed}

    def count(self, incident: int, title: str) -> int:
        """How often the alert of that title was told; 0 if it is not there."""
        found = [one for one in self.alerts(incident) if one["title"] == title]
        return int(found[0]["count"]) if found else 0

    def wait_for_end(self, incident: int) -> None:
        """Wait until every alert of the incident has resolved."""
        wait_until(
            lambda: self.has_ended(incident),
            what=lambda: str([one["title"] for one in self.alerts(incident)]),
        )

    def ends(self, incident: int, *, seconds: float) -> bool:
        """Whether every alert of the incident resolves within `seconds`."""
        return holds_within(lambda: self.has_ended(incident), seconds=seconds)

    def has_ended(self, incident: int) -> bool:
        return set(self.statuses(incident)) == {"resolved"}

    def status(self, incident: int) -> str:
        return str(self.get(f"incidents/{incident}/")["status"])


@pytest.fixture(scope="package")
def headwater(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Headwater]:
    app = App(tmp_path_factory.mktemp("clients"))
    try:
        app.start()
        with app.client(app.make_admin()) as client:
            yield Headwater(app.url, client)
    finally:
        app.stop()
