"""The API, asked what its own OpenAPI document allows, and what it forbids.

Every request is undone before the next, so that all of them meet the same rows.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
import schemathesis
from django.core.signals import request_finished, request_started
from django.core.wsgi import get_wsgi_application
from django.db import close_old_connections, connection, transaction
from django.test import Client
from hypothesis import HealthCheck, Phase, given, seed, settings
from hypothesis import strategies as st
from schemathesis import Case, GenerationMode
from schemathesis.checks import not_a_server_error
from schemathesis.core.failures import FailureGroup
from schemathesis.schemas import APIOperation
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_schema_conformance,
)

from accounts.services import create_api_token
from tests.factories import NOON, make_user
from tests.failing import failures_told
from tests.worlds import make_world

Operation = APIOperation[Any, Any, Any, Any]
READING, WRITING = {"get"}, {"post", "put", "patch", "delete"}
CHECKS = [not_a_server_error, content_type_conformance, response_schema_conformance]
EXAMPLES = 4  # of each operation, about half of which fit its description


@pytest.fixture
def headers(db: None) -> dict[str, str]:
    make_world()
    _, token = create_api_token(owner=make_user(role="admin"), name="fuzz", at=NOON)
    return {"Authorization": f"Bearer {token}"}


@contextmanager
def undone() -> Iterator[None]:
    """Check what a commit would, then take everything back.

    The application is not to let go of the connection between its requests.
    """
    for signal in (request_started, request_finished):
        signal.disconnect(close_old_connections)
    try:
        with transaction.atomic():
            yield
            connection.check_constraints()
            transaction.set_rollback(True)
    finally:
        for signal in (request_started, request_finished):
            signal.connect(close_old_connections)


def an_id(path: str, headers: dict[str, str]) -> Any:
    """The id of something that the list above the path's first parameter shows."""
    answer = Client().get(path.partition("{")[0], headers=headers)
    told = answer.json() if answer.status_code == 200 else []
    rows = told.get("results") if isinstance(told, dict) else told
    return rows[0].get("id") if rows else None


def cases_of(operation: Operation, known_id: object) -> st.SearchStrategy[Case[Any]]:
    known = {} if known_id is None else {"id": known_id}
    fitting = operation.as_strategy(path_parameters=known)
    unfitting = operation.as_strategy(GenerationMode.NEGATIVE)
    unfitting_body = operation.as_strategy(
        GenerationMode.NEGATIVE, path_parameters=known
    )
    return fitting | (unfitting_body if operation.body else unfitting)


def wrong_answers(
    operation: Operation, cases: st.SearchStrategy[Case[Any]], headers: dict[str, str]
) -> list[str]:
    wrong: list[str] = []

    @seed(1)
    @settings(
        max_examples=EXAMPLES,
        database=None,
        deadline=None,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(case=cases)
    def ask(case: Case[Any]) -> None:
        with undone(), failures_told() as told:
            try:
                case.call_and_validate(checks=CHECKS, headers=headers)
            except FailureGroup as failures:
                # A wall time has no zone; JSON Schema has no word for one.
                if all('is not a "time"' in str(one) for one in failures.exceptions):
                    return
                wrong.append(f"{operation.label}\n{failures}\n{''.join(told)}")

    ask()
    return wrong[:1]


@pytest.mark.django_db
@pytest.mark.parametrize("methods", [READING, WRITING], ids=["reading", "writing"])
def test_the_api_keeps_to_its_document(
    methods: set[str], headers: dict[str, str]
) -> None:
    with undone():
        schema = schemathesis.openapi.from_wsgi(
            "/api/schema/", get_wsgi_application(), headers=headers
        )
    wrong: list[str] = []
    for found in schema.get_all_operations():
        operation = found.ok()  # type: ignore[union-attr]  # raises otherwise
        if operation.method not in methods:
            continue
        known_id = an_id(operation.path, headers) if "{id}" in operation.path else None
        wrong += wrong_answers(operation, cases_of(operation, known_id), headers)
    assert not wrong, "\n\n".join(wrong)
