"""What programs are told when they err (docs/api.md, manners)."""

import re
from base64 import b64encode

import pytest
from django.db import OperationalError
from django.http import HttpRequest, HttpResponse
from django.test import Client, override_settings
from django.urls import path
from rest_framework.exceptions import ValidationError

from config.urls import handler400, handler404, handler500
from core.api import errors_by_path, exception_handler
from core.errors import InvalidInputError


def fail(request: HttpRequest) -> HttpResponse:
    raise RuntimeError


def find_no_database(request: HttpRequest) -> HttpResponse:
    raise OperationalError("connection refused")


urlpatterns = [
    path("api/v1/failing/", fail),
    path("failing/", fail),
    path("api/v1/away/", find_no_database),
    path("away/", find_no_database),
]
failing = override_settings(
    ROOT_URLCONF="tests.core.test_refusals",
    MIDDLEWARE=[],
)
__all__ = ["handler400", "handler404", "handler500"]


@pytest.mark.parametrize("method", ["get", "post"])
def test_an_unknown_api_address_is_404_in_json(signed_in: Client, method: str) -> None:
    for address in ("/api/v1/nothing/", "/api/v1/incidents/x/", "/api/nothing"):
        answer = getattr(signed_in, method)(address)
        assert answer.status_code == 404
        assert set(answer.json()) == {"detail"}


def test_an_unknown_page_is_404_in_html(signed_in: Client) -> None:
    answer = signed_in.get("/nothing/")
    assert answer.status_code == 404
    assert answer["Content-Type"].startswith("text/html")


@failing
def test_a_failure_under_the_api_is_500_in_json() -> None:
    client = Client(raise_request_exception=False)
    answer = client.get("/api/v1/failing/")
    assert (answer.status_code, set(answer.json())) == (500, {"detail"})
    assert client.get("/failing/")["Content-Type"].startswith("text/html")


@failing
@override_settings(MIDDLEWARE=["django_structlog.middlewares.RequestMiddleware"])
def test_a_failure_is_found_again_in_the_log(caplog: pytest.LogCaptureFixture) -> None:
    answer = Client(raise_request_exception=False).get("/failing/")
    assert answer.status_code == 500
    told = re.search(r"<code>([0-9a-f-]{36})</code>", answer.content.decode())
    assert told is not None
    assert told[1] in caplog.text


@failing
def test_a_database_that_is_away_is_503_and_asks_to_come_back() -> None:
    client = Client(raise_request_exception=False)
    page, api = client.get("/away/"), client.get("/api/v1/away/")
    assert {page.status_code, api.status_code} == {503}
    assert {page["Retry-After"], api["Retry-After"]} == {"5"}
    assert b"The database does not answer" in page.content
    assert set(api.json()) == {"detail"}


@pytest.mark.usefixtures("user")
def test_a_form_without_its_proof_of_origin_is_told_what_to_do() -> None:
    answer = Client(enforce_csrf_checks=True).post("/accounts/login/", {})
    assert answer.status_code == 403
    assert b"load the page again" in answer.content


@failing
@override_settings(MIDDLEWARE=["django.middleware.common.CommonMiddleware"])
def test_a_malformed_request_to_a_page_is_400_in_our_words() -> None:
    answer = Client().get("/failing/", headers={"host": "elsewhere.example"})
    assert (answer.status_code, b"malformed" in answer.content) == (400, True)


@failing
@override_settings(MIDDLEWARE=["django.middleware.common.CommonMiddleware"])
def test_a_malformed_request_to_the_api_is_400_in_json() -> None:
    answer = Client().get("/api/v1/failing/", headers={"host": "elsewhere.example"})
    assert (answer.status_code, set(answer.json())) == (400, {"detail"})


@pytest.mark.parametrize(
    ("detail", "body"),
    [
        ({"title": ["a"]}, {"title": ["a"]}),
        ({"assets": {0: {"name": ["a"]}}}, {"assets[0].name": ["a"]}),
        ({"steps": [{}, {"targets": {1: ["a"]}}]}, {"steps[1].targets[1]": ["a"]}),
        ({"asset": {"non_field_errors": ["a"]}}, {"asset": ["a"]}),
        ({"non_field_errors": ["a", "b"]}, {"detail": "a b"}),
        ("a", {"detail": "a"}),
    ],
)
def test_each_wrong_field_is_named_by_its_path(detail: object, body: object) -> None:
    response = exception_handler(ValidationError(detail), {})  # type: ignore[arg-type]  # any nesting of what it takes
    assert response is not None
    assert (response.status_code, response.data) == (400, body)


def test_what_a_service_refuses_as_a_whole_is_one_text() -> None:
    response = exception_handler(InvalidInputError({"detail": ["a", "b"]}), {})
    assert response is not None
    assert response.data == {"detail": "a b"}


@pytest.mark.parametrize(
    "inside", ["p=abc", "p=1.5", "p=", "p=%00", "p=5&o=999", "r=x"]
)
@pytest.mark.parametrize("name", ["incidents", "assets", "users"])
def test_a_cursor_made_up_is_a_wrong_field(
    signed_in: Client, name: str, inside: str
) -> None:
    cursor = b64encode(inside.encode()).decode()
    answer = signed_in.get(f"/api/v1/{name}/", {"cursor": cursor})
    assert answer.status_code == 200 or set(answer.json()) == {"cursor"}
    assert answer.status_code in (200, 400)  # 200 where the list may be cut there


def test_no_errors_have_no_paths() -> None:
    assert errors_by_path({}) == {}
