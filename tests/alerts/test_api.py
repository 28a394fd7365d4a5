"""The API of integrations and alerts, as programs use it."""

from collections.abc import Callable
from typing import Any

import httpx
import pytest
from django.conf import settings
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from accounts.models import AuditEntry, User
from accounts.services import create_api_token
from alerts.models import Integration
from tests.factories import (
    NOON,
    make_alert,
    make_asset,
    make_integration,
    make_policy,
    make_team,
    make_user,
)

SignIn = Callable[..., Client]
LIST = "/api/v1/integrations/"


def post(client: Client, path: str, **values: Any) -> Any:
    return client.post(path, values, content_type="application/json")


def patch(client: Client, path: str, **values: Any) -> Any:
    return client.patch(path, values, content_type="application/json")


@pytest.mark.django_db
def test_a_new_integration_is_answered_with_its_key_and_address(
    signed_in: Client, user: User
) -> None:
    answer = post(signed_in, LIST, name="Airflow", format="airflow")
    made = Integration.objects.get()
    body = answer.json()
    assert answer.status_code == 201
    assert body == {
        "id": made.pk,
        "name": "Airflow",
        "format": "airflow",
        "key": body["key"],
        "url": f"{settings.PUBLIC_URL}/in/{body['key']}",
    }
    assert len(body["key"]) == 32
    assert set(body["key"]) <= set("0123456789abcdef")
    assert (made.rate_limit, made.default_severity) == (10_000, "SEV3")
    assert made.created_by == user


@pytest.mark.django_db
@pytest.mark.parametrize("name_it", ["id", "slug", "name"])
def test_everything_may_be_chosen_at_once(signed_in: Client, name_it: str) -> None:
    team, policy = make_team(name="Data Platform", slug="data"), make_policy()
    post(
        signed_in,
        LIST,
        name="dbt",
        format="dbt",
        team={"id": team.pk, "slug": "data", "name": "data platform"}[name_it],
        default_severity="error",
        escalation_policy=policy.pk,
        rate_limit=0,
    )
    made = Integration.objects.get()
    assert (made.team, made.escalation_policy) == (team, policy)
    assert (made.default_severity, made.rate_limit) == ("SEV2", 0)


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("name", ""),
        ("name", "x" * 121),
        ("format", "smoke"),
        ("format", ["generic"]),
        ("team", "nobody"),
        ("team", 2**70),
        ("team", {"a": 1}),
        ("default_severity", "loud"),
        ("escalation_policy", 999),
        ("rate_limit", -1),
        ("rate_limit", 10**12),
    ],
)
def test_a_wrong_field_is_named(signed_in: Client, field: str, value: object) -> None:
    values = {"name": "n", "format": "generic", field: value}
    answer = post(signed_in, LIST, **values)
    assert answer.status_code == 400
    assert list(answer.json()) == [field]
    assert not Integration.objects.exists()


@pytest.mark.django_db
@pytest.mark.parametrize("field", ["name", "format", "team", "escalation_policy"])
@pytest.mark.parametrize("text", ["a\x00b", "\ud800"])
def test_text_that_cannot_be_stored_is_400(
    signed_in: Client, field: str, text: str
) -> None:
    answer = post(signed_in, LIST, **{"name": "n", "format": "generic", field: text})
    assert answer.status_code == 400


@pytest.mark.django_db
@pytest.mark.parametrize("body", [b"[]", b"5", b"null", b"{", b'"x"'])
def test_what_is_no_object_is_400(signed_in: Client, body: bytes) -> None:
    answer = signed_in.post(LIST, body, content_type="application/json")
    assert answer.status_code == 400


@pytest.mark.django_db
def test_keys_are_shown_once_and_never_listed(sign_in: SignIn) -> None:
    key = post(sign_in(role="responder"), LIST, name="n", format="soda").json()["key"]
    viewer = sign_in(role="viewer")
    one = viewer.get(f"{LIST}{Integration.objects.get().pk}/")
    listed = viewer.get(LIST)
    assert one.status_code == listed.status_code == 200
    for answer in (one, listed):
        assert key[:4] not in answer.content.decode()
    assert [row["name"] for row in listed.json()["results"]] == ["n"]


@pytest.mark.django_db
def test_what_is_given_is_changed_and_noted(signed_in: Client) -> None:
    inlet = make_integration(team=make_team())
    answer = patch(signed_in, f"{LIST}{inlet.pk}/", name="New name", team=None)
    inlet.refresh_from_db()
    assert answer.json()["name"] == inlet.name == "New name"
    assert inlet.team is None
    assert inlet.rate_limit == 10_000
    assert set(AuditEntry.objects.get().changes) == {"name", "team"}


@pytest.mark.django_db
def test_deleting_disables_and_keeps_what_came(signed_in: Client) -> None:
    alert = make_alert()
    path = f"{LIST}{alert.integration_id}/"
    for _ in range(2):
        assert signed_in.delete(path).status_code == 204
    assert signed_in.get(path).json()["disabled_at"]
    alert.refresh_from_db()
    patch(signed_in, path, disabled=False)
    assert signed_in.get(path).json()["disabled_at"] is None


@pytest.mark.django_db
@pytest.mark.parametrize("method", ["post", "patch", "delete"])
def test_viewers_change_nothing(sign_in: SignIn, method: str) -> None:
    inlet, viewer = make_integration(), sign_in(role="viewer")
    path = LIST if method == "post" else f"{LIST}{inlet.pk}/"
    assert getattr(viewer, method)(path).status_code == 403
    assert viewer.post(f"{LIST}{inlet.pk}/rotate/").status_code == 403
    inlet.refresh_from_db()
    assert inlet.disabled_at is None


@pytest.mark.django_db
def test_strangers_get_401_and_unknown_ids_404(signed_in: Client) -> None:
    assert Client().get(LIST).status_code == 401
    for pk in ("999", str(2**70)):
        assert signed_in.get(f"{LIST}{pk}/").status_code == 404
        assert signed_in.post(f"{LIST}{pk}/rotate/").status_code == 404


def test_the_key_works_at_once_and_after_rotating_only_the_new_one(
    server: httpx.Client,
) -> None:
    _, token = create_api_token(owner=make_user(role="admin"), name="t", at=NOON)
    server.headers["Authorization"] = f"Bearer {token}"
    made = server.post(LIST, json={"name": "n", "format": "generic"}).json()
    path = f"/in/{made['key']}"
    assert server.post(path, json={"title": "t"}).status_code == 202
    fresh = server.post(f"{LIST}{made['id']}/rotate/").json()
    assert server.post(f"/in/{fresh['key']}", json={"title": "t"}).status_code == 202
    assert server.post(path, json={"title": "t"}).status_code == 401
    server.delete(f"{LIST}{made['id']}/")
    path = f"/in/{fresh['key']}"
    assert server.post(path, json={"title": "t"}).status_code == 401


@pytest.mark.django_db
def test_alerts_are_listed_newest_first_and_narrowed(signed_in: Client) -> None:
    inlet = make_integration()
    old = make_alert(title="orders failed", integration=inlet)
    new = make_alert(title="Stock failed", dedup_key="stock", asset=make_asset())
    gone = make_alert(status="resolved", resolved_at=NOON)

    def ids(query: str) -> list[int]:
        answer = signed_in.get(f"/api/v1/alerts/?{query}").json()
        return [row["id"] for row in answer["results"]]

    assert ids("") == [gone.pk, new.pk, old.pk]
    assert ids("status=firing") == [new.pk, old.pk]
    assert ids(f"integration={inlet.pk}") == [old.pk]
    assert ids("q=sToCk") == ids("q=stock") == [new.pk]
    assert ids("limit=1") == [gone.pk]


@pytest.mark.django_db
def test_an_alert_tells_all_that_is_known(signed_in: Client) -> None:
    asset = make_asset("orders")
    alert = make_alert(asset=asset, labels={"env": "prod"}, run_id="r1")
    body = signed_in.get(f"/api/v1/alerts/{alert.pk}/").json()
    assert body["asset"]["name"] == "orders"
    assert body["labels"] == {"env": "prod"}
    assert body["first_at"] == "2026-03-29T12:00:00Z"
    assert body["page"].endswith(f"/alerts/{alert.pk}/")


@pytest.mark.django_db
@pytest.mark.parametrize(
    "query", ["status=broken", "integration=x", "integration=0", "q=%00"]
)
def test_a_wrong_filter_is_named(signed_in: Client, query: str) -> None:
    answer = signed_in.get(f"/api/v1/alerts/?{query}")
    assert answer.status_code == 400
    assert list(answer.json()) == [query.partition("=")[0]]


@pytest.mark.django_db
@pytest.mark.parametrize("path", [LIST, "/api/v1/alerts/"])
def test_the_query_count_of_lists_does_not_grow(signed_in: Client, path: str) -> None:
    counts = []
    for size in (1, 6):
        for _ in range(size):
            inlet = make_integration(team=make_team())
            make_alert(asset=make_asset(), integration=inlet)
        with CaptureQueriesContext(connection) as queries:
            assert signed_in.get(path).status_code == 200
        counts.append(len(queries))
    assert counts[0] == counts[1]
