"""Strange values in every form and at every page: refused or taken, never a failure.

A crawl as an admin finds the pages and their forms; then each is sent what nobody
means to send. Every request is undone before the next.
"""

import re
from dataclasses import dataclass, field
from html.parser import HTMLParser
from itertools import cycle
from typing import Any
from urllib.parse import urlencode, urlsplit

import pytest
from django.db import connection, transaction
from django.test import Client
from django.urls import Resolver404, resolve

from tests.factories import make_user
from tests.failing import failures_told
from tests.test_every_route import all_routes
from tests.worlds import make_world

STRANGE = [
    "",
    "\x00",
    "\ud800",
    "-1",
    "99999999999999999999999",
    "1e999",
    "NaN",
    "٣",  # a digit to Python, not to everybody
    "²",  # a digit to str.isdigit, not to int
    "0001-01-01T00:00",
    "9999-12-31T23:59",
    "%",
    "{}[]\\'\"<",
    "(" * 300,
    "x" * 20_000,
]
URLENCODED = "application/x-www-form-urlencoded"
# Ending one's own session would end the crawl.
MOST_FIELDS = 3
LEFT_OUT = re.compile(r"^/accounts/logout/|^/static/|^/live/")


@dataclass(slots=True)
class Form:
    action: str
    method: str
    fields: dict[str, str] = field(default_factory=dict)


class Page(HTMLParser):
    """The links and forms of a page."""

    def __init__(self, path: str) -> None:
        super().__init__()
        self.path = path
        self.links: list[str] = []
        self.forms: list[Form] = []
        self._select = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        has = {name: value or "" for name, value in attrs}
        if tag == "a" and has.get("href", "").startswith("/"):
            self.links.append(has["href"])
        elif tag == "form":
            self.forms.append(
                Form(has.get("action") or self.path, has.get("method", "get").lower())
            )
        elif self.forms:
            self._take_field(tag, has)

    def _take_field(self, tag: str, has: dict[str, str]) -> None:
        fields = self.forms[-1].fields
        if tag in ("input", "textarea", "button") and has.get("name"):
            fields.setdefault(has["name"], has.get("value", ""))
        elif tag == "select":
            self._select = has.get("name", "")
        elif tag == "option" and ("selected" in has or not fields.get(self._select)):
            fields[self._select] = has.get("value", "")


def route_of(path: str) -> str | None:
    try:
        return resolve(urlsplit(path).path).view_name
    except Resolver404:
        return None


def crawl(client: Client) -> tuple[dict[str, str], dict[tuple[str, ...], Form]]:
    """A path of each route that a page links to, and each form once a route."""
    paths: dict[str, str] = {}
    forms: dict[tuple[str, ...], Form] = {}
    waiting = ["/"] + [r.path for r in all_routes() if "1" not in r.path]
    while waiting:
        path = waiting.pop(0)
        name = route_of(path)
        if not name or name in paths or LEFT_OUT.match(path) or "/api/" in path:
            continue
        paths[name] = urlsplit(path).path
        answer = client.get(path)
        if not answer.headers.get("Content-Type", "").startswith("text/html"):
            continue
        page = Page(paths[name])
        page.feed(answer.content.decode())
        waiting += page.links
        for form in page.forms:
            target = route_of(form.action)
            if target and not LEFT_OUT.match(form.action):
                key = (target, form.method, *sorted(form.fields))
                forms.setdefault(key, form)
    return paths, forms


def send(client: Client, method: str, path: str, values: dict[str, Any]) -> int:
    """The status of the answer; whatever it did is undone."""
    # A browser sends UTF-8; half a surrogate pair comes as the bytes it would have.
    sent = {
        name: value.encode("utf-8", "surrogatepass") for name, value in values.items()
    }
    where, told = urlsplit(path).path, urlencode(sent)
    with transaction.atomic():
        if method == "post":
            # Left to encode them, the client sends each byte as a value of its own.
            status = client.post(where, told, content_type=URLENCODED).status_code
        else:
            status = client.get(f"{where}?{told}").status_code
        connection.check_constraints()
        transaction.set_rollback(True)
    return status


@pytest.fixture
def admin(db: None) -> Client:
    make_world()
    client = Client(raise_request_exception=False)
    client.force_login(make_user(role="admin"))
    return client


def wrongly_answered(
    client: Client, method: str, path: str, values: dict[str, str]
) -> str:
    """What was sent and how it failed, blank when it did not."""
    with failures_told() as told:
        status = send(client, method, path, values)
    if status != 500 and not told:  # 503 is an honest answer of /readyz
        return ""
    sent = {name: value[:30] for name, value in values.items()}
    return "\n".join([f"{method} {path} {status} {sent!a}"[:1000], *told])


@pytest.mark.django_db
def test_no_form_fails_on_strange_values(admin: Client) -> None:
    """Some fields of each form in turn are strange, the others as the page has them."""
    _, forms = crawl(admin)
    assert len(forms) > 60
    failed: dict[str, str] = {}
    strange = cycle(STRANGE)
    for form in forms.values():
        for name in list(form.fields)[-MOST_FIELDS:]:
            values = {**form.fields, name: next(strange)}
            wrong = wrongly_answered(admin, form.method, form.action, values)
            if wrong:
                failed.setdefault(f"{route_of(form.action)} {name}", wrong)
    assert not failed, "\n\n".join(failed.values())


@pytest.mark.django_db
def test_no_page_fails_on_strange_fields(admin: Client) -> None:
    """All fields that any form has, everywhere, and all strange in the same way."""
    paths, forms = crawl(admin)
    names = {name for form in forms.values() for name in form.fields}
    walked = {r.name: r.path for r in all_routes() if "/api/" not in r.path}
    acts = {route_of(form.action) or "": form.action for form in forms.values()}
    failed: dict[str, str] = {}
    strange = cycle(STRANGE)
    for route, path in {**walked, **paths, **acts}.items():
        if LEFT_OUT.match(path):
            continue
        for method in ("get", "post"):
            values = dict.fromkeys(names, next(strange)[:500])
            wrong = wrongly_answered(admin, method, path, values)
            if wrong:
                failed.setdefault(route, wrong)
    assert not failed, "\n\n".join(failed.values())
