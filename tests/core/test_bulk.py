"""Many new rows at once, as `save` would have written them one by one."""

from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import pytest
from django.db import DataError, IntegrityError, connection, transaction
from django.test.utils import CaptureQueriesContext

from alerts.models import Severity
from core.bulk import array, insert_all, insert_values, update_all
from incidents.models import Incident, TimelineEntry
from oncall.models import Page
from tests.factories import NOON, make_user
from tests.oncall.ladders import start, two_step_policy

pytestmark = pytest.mark.django_db

HARD_TEXT = 'tab\t, line\n, \\N, \\., "quoted", {braces}, é'


def draft(title: str) -> Incident:
    return Incident(
        title=title,
        severity=Severity.SEV2,
        impact_started_at=NOON,
        detected_at=NOON,
        triggered_at=NOON,
        causes=[{"asset": 1, "reasons": [HARD_TEXT]}],
    )


def test_rows_are_stored_as_they_are() -> None:
    rows = [draft(HARD_TEXT), draft("plain")]
    insert_all(rows)
    stored = Incident.objects.get(pk=rows[0].pk)
    assert (stored.title, stored.severity) == (HARD_TEXT, "SEV2")
    assert stored.causes == [{"asset": 1, "reasons": [HARD_TEXT]}]
    assert (stored.triggered_at, stored.resolved_at) == (NOON, None)


def test_a_row_may_name_one_that_was_saved_after_it_was_made() -> None:
    incident = draft("orders failed")
    entry = TimelineEntry(
        incident=incident, kind=TimelineEntry.Kind.OPENED, at=NOON, recorded_at=NOON
    )
    insert_all([incident])
    insert_all([entry])
    assert incident.timeline.get() == entry
    assert not entry._state.adding


def test_rows_given_as_values_have_the_defaults_of_the_others() -> None:
    incident = draft("orders failed")
    insert_all([incident])
    names = ["incident_id", "kind", "at", "recorded_at", "text"]
    said = [HARD_TEXT, "second", "third"]
    insert_values(
        TimelineEntry, names, [(incident.pk, "alert", NOON, NOON, one) for one in said]
    )
    stored = list(incident.timeline.order_by("pk"))
    assert [one.text for one in stored] == said
    assert {(one.actor, one.pinned, one.repeats_of) for one in stored} == {
        (None, False, None)
    }


def test_a_conflict_fails_them_all() -> None:
    policy, first, _ = two_step_policy()
    escalation = start(policy)
    again = [
        Page(escalation=escalation, lap=0, step=0, user=user, created_at=NOON)
        for user in (make_user(), first)
    ]
    with pytest.raises(IntegrityError), transaction.atomic():
        insert_all(again)
    assert Page.objects.count() == 1


def test_nothing_to_insert_asks_nothing() -> None:
    with CaptureQueriesContext(connection) as asked:
        insert_all([])
    assert list(asked) == []


def test_rows_are_updated_each_with_its_own_values() -> None:
    rows = [draft("one"), draft("two")]
    insert_all(rows)
    rows[0].title, rows[0].causes = HARD_TEXT, [{"asset": 2}]
    rows[1].title, rows[1].alert_count, rows[1].resolved_at = "three", 7, NOON
    update_all(rows, ["title", "causes", "alert_count", "team"])
    first, second = Incident.objects.order_by("pk")
    assert (first.title, first.causes) == (HARD_TEXT, [{"asset": 2}])
    assert (second.title, second.alert_count) == ("three", 7)
    assert second.resolved_at is None  # not named, so not written


def test_what_is_too_long_is_refused_and_not_cut() -> None:
    row = draft("x")
    insert_all([row])
    row.title = "x" * 2000
    with pytest.raises(DataError), transaction.atomic():
        update_all([row], ["title"])


@pytest.mark.parametrize(
    ("type_", "values"),
    [
        ("bigint", [1, None, -(2**62)]),
        ("bigint", []),
        ("boolean", [True, None, False]),
        ("text", [HARD_TEXT, "", "NULL", None, 'a\\"b', "'; --", "%s {}"]),
        ("text", [None, None]),
        ("text", [Severity.SEV2, "SEV1"]),
        ("float8", [0.1, 1e300, None]),
        (
            "timestamptz",
            [
                NOON,
                None,
                datetime(1, 1, 2, tzinfo=UTC),
                datetime(9999, 12, 30, 1, 2, 3, 4, tzinfo=timezone(timedelta(hours=5))),
            ],
        ),
    ],
)
def test_an_array_comes_back_as_it_went(type_: str, values: list[Any]) -> None:
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT %s::{type_}[]", [array(values)])
        (back,) = cursor.fetchone()
    assert back == values


def test_a_text_that_postgresql_cannot_hold_is_refused() -> None:
    with pytest.raises(DataError), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SELECT %s::text[]", [array(["a\x00b"])])
