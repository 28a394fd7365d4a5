"""docs/api.md and the program agree: each path it names is routed for its method."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from io import StringIO

import pytest
import yaml
from django.conf import settings
from django.core.management import call_command
from django.test import Client
from django.urls import Resolver404, resolve

from accounts.services import create_api_token
from alerts.ingest import dialects, pings, tracking
from tests.factories import NOON, make_user
from tests.test_every_route import all_routes

ROW = re.compile(r"^\| (`.+?) \| ", re.MULTILINE)
METHOD = r"(?:GET|POST|PUT|PATCH)"
# `GET`, `GET or POST /a`, `/b/`, `…/<id>/c/?d=`: the methods and the path of a mention.
MENTION = re.compile(
    rf"({METHOD}(?:(?:/| or ){METHOD})*)? ?([/…](?:<[^>]+>|[^\s?<])*)?(?:\?\S*)?"
)
ROOTS = ("/api/", "/v2/", "/in/", "/badge/", "/calendar/")
VALUES = {
    "key": "0" * 32,
    "id": "1",
    "asset id": "1",
    "name": "x",
    "secret": "x",
    "slug": "x",
}

# Promised for a later release. A path that is there must leave this list.
LATER: set[str] = set()


@dataclass(frozen=True, slots=True)
class Promise:
    method: str
    path: str

    @property
    def is_routed(self) -> bool:
        path = re.sub(r"<([^>]+)>", lambda found: VALUES[found[1]], self.path)
        if pings.address_of(path):
            return self.method in ("GET", "POST")
        if tracking.request_of(path):
            return self.method == "GET"
        if dialects.serves(path):
            return self.method == "POST" and bool(dialects.dialect_of(path.rstrip("/")))
        try:
            view = resolve(path).func
        except Resolver404:
            return False
        kind = getattr(view, "view_class", None)
        return self.method == "GET" if kind is None else _answers(kind, self.method)


def _answers(kind: type, method: str) -> bool:
    return hasattr(kind, method.lower())


def promises() -> list[Promise]:
    """Every method and path that a table row of the contract begins with."""
    text = (settings.BASE_DIR / "docs" / "api.md").read_text()
    found: list[Promise] = []
    for row in ROW.findall(text):
        found += _of_row(row, before=found[-1].path if found else "")
    return list(dict.fromkeys(found))


def _of_row(row: str, *, before: str) -> Iterator[Promise]:
    """`before` is the path named last, which "…" and a bare "/segment/" lean on."""
    methods: list[str] = []
    is_open = False  # methods were named, and the path is still to come
    for code in re.findall(r"`([^`]+)`", row):
        mention = MENTION.fullmatch(code)
        if mention is None:
            continue
        if mention[1]:
            named = re.findall(METHOD, mention[1])
            methods = methods + named if is_open else named
        is_open = mention[2] is None
        if mention[2]:
            before = _whole(mention[2], before)
            yield from (Promise(method, before) for method in methods)


def _whole(path: str, before: str) -> str:
    collection = "/".join(before.split("/")[:4])
    if path.startswith("…/<id>"):
        return collection + path[1:]
    if path.startswith("…"):
        return f"{collection}/<id>{path[1:]}"
    if path.startswith(ROOTS):
        return path
    return before.rstrip("/").rpartition("/")[0] + path


@pytest.fixture(scope="module")
def openapi() -> dict[str, dict[str, object]]:
    """The paths of the generated document, each with its methods in lower case."""
    out = StringIO()
    call_command("spectacular", validate=True, fail_on_warn=True, stdout=out)
    document = yaml.safe_load(out.getvalue())
    paths: dict[str, dict[str, object]] = document["paths"]
    return {re.sub(r"{\w+}", "<>", path): of for path, of in paths.items()}


def test_the_contract_is_read_as_it_is_meant() -> None:
    named = {(one.method, one.path) for one in promises()}
    assert len(named) >= 55
    assert {
        ("POST", "/in/<key>"),
        ("GET", "/in/<key>/heartbeat/<name>"),
        ("POST", "/v2/alerts/<id>/acknowledge"),
        ("GET", "/api/v1/assets/<id>/upstream/"),
        ("PATCH", "/api/v1/incidents/<id>/"),
        ("POST", "/api/v1/incidents/<id>/causes/<asset id>/reject/"),
        ("PUT", "/api/v1/schedules/<id>/"),
        ("POST", "/api/v1/swaps/<id>/take/"),
        ("POST", "/api/v1/escalation-policies/<id>/simulate/"),
        ("POST", "/api/v1/postmortems/<id>/return/"),
        ("POST", "/api/v1/action-items/"),
    } <= named


def test_what_the_contract_names_is_routed() -> None:
    missing = {one for one in promises() if not one.is_routed}
    assert {one.path for one in missing} == LATER


def test_the_openapi_document_names_what_the_contract_names(
    openapi: dict[str, dict[str, object]],
) -> None:
    for one in promises():
        path = re.sub(r"<[^>]+>", "<>", one.path)
        if path.startswith("/api/v1/") and not dialects.serves(path):
            assert one.method.lower() in openapi.get(path, {}), one


@pytest.mark.django_db
def test_metrics_want_a_token() -> None:
    user, client = make_user(), Client()
    _, token = create_api_token(owner=user, name="prometheus", at=NOON)
    refused = client.get("/metrics")
    assert (refused.status_code, set(refused.json())) == (401, {"detail"})
    told = client.get("/metrics", headers={"authorization": f"Bearer {token}"})
    assert b"headwater_incidents_open" in told.content


@pytest.mark.django_db
@pytest.mark.parametrize("accepted", ["*/*", "application/json", "application/yaml"])
def test_the_openapi_document_is_served(signed_in: Client, accepted: str) -> None:
    answer = signed_in.get("/api/schema/?version=%00", headers={"accept": accepted})
    assert yaml.safe_load(answer.content)["openapi"].startswith("3.")
    assert answer["Content-Disposition"].isprintable()


def test_the_openapi_document_has_every_route_of_the_api(
    openapi: dict[str, dict[str, object]],
) -> None:
    routes = {route.path for route in all_routes() if route.path.startswith("/api/v1/")}
    described = [re.escape(path).replace("<>", "[^/]+") for path in openapi]
    assert len(routes) == len(described)
    for path in routes:
        assert any(re.fullmatch(pattern, path) for pattern in described), path
