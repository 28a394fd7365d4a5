"""Folding a batch changes no outcome: the rows are as if one came after the other."""

from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from alerts.formats.base import IncomingAlert, Status
from alerts.ingest.folding import Arrival, fold
from alerts.ingest.writing import Message, Stored
from alerts.models import Alert, Event, Integration
from alerts.services import store_messages
from tests.factories import NOON, make_integration


@dataclass(frozen=True)
class Said:
    """One alert of a sender, and how many minutes after noon it came."""

    key: str
    status: Status
    severity: str
    pages: bool
    title: str
    description: str = ""
    labels: tuple[tuple[str, str], ...] = ()


said = st.builds(
    Said,
    key=st.sampled_from(["a", "b", "c"]),
    status=st.sampled_from(["firing", "resolved", "acknowledged"]),
    severity=st.sampled_from(["SEV1", "SEV3"]),
    pages=st.booleans(),
    title=st.sampled_from(["one", "two"]),
    description=st.sampled_from(["", "why", "because"]),
    labels=st.sampled_from([(), (("env", "prod"),)]),
)
# Messages of a few alerts each, in batches that are committed together.
batches = st.lists(
    st.lists(st.lists(said, max_size=4), min_size=1, max_size=5), max_size=4
)


def message(integration: Integration, alerts: list[Said], minute: int) -> Message:
    return Message(
        integration_id=integration.pk,
        received_at=NOON + timedelta(minutes=minute),
        path="/in/…",
        body=b"{}",
        alerts=tuple(
            (
                IncomingAlert(
                    title=one.title,
                    dedup_key=one.key,
                    status=one.status,
                    pages=one.pages,
                    description=one.description,
                    labels=dict(one.labels),
                ),
                one.severity,
            )
            for one in alerts
        ),
    )


class PlainStore:
    """What should come of it: one alert after the other, no batch, no SQL."""

    def __init__(self) -> None:
        self.rows: list[dict[str, Any]] = []

    def take(self, one: Said, minute: int) -> int | None:
        """The number of the row that changed, None when nothing was open."""
        at = NOON + timedelta(minutes=minute)
        row = next(
            (r for r in self.rows if r["key"] == one.key and r["status"] == "firing"),
            None,
        )
        if one.status == "firing" and row is None:
            row = {"key": one.key, "status": "firing", "count": 0, "first_at": at}
            row |= {"number": len(self.rows), "pages": False}
            row |= {"resolved_at": None, "acknowledge_asked_at": None}
            row |= {"description": "", "labels": {}}
            self.rows.append(row)
        if row is None:
            return None
        if one.status == "firing":
            row |= {"severity": one.severity, "title": one.title, "last_at": at}
            row["count"] += 1
            row["pages"] = row["pages"] or one.pages
            row["description"] = one.description or row["description"]
            row["labels"] = dict(one.labels) or row["labels"]
        elif one.status == "resolved":
            row |= {"status": "resolved", "resolved_at": at, "last_at": at}
        else:
            row["acknowledge_asked_at"] = at
        return int(row["number"])


COLUMNS = (
    "status",
    "severity",
    "title",
    "description",
    "labels",
    "count",
    "pages",
    "first_at",
    "last_at",
    "resolved_at",
    "acknowledge_asked_at",
)


def store_all(
    integration: Integration, batches: list[list[list[Said]]]
) -> list[list[Stored]]:
    minute, answers = 0, []
    for batch in batches:
        messages = []
        for alerts in batch:
            messages.append(message(integration, alerts, minute))
            minute += 1
        answers += store_messages(messages)
    return answers


@pytest.mark.django_db
@settings(
    max_examples=150,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(batches=batches)
def test_a_batch_ends_as_if_one_came_after_the_other(
    batches: list[list[list[Said]]],
) -> None:
    Integration.objects.all().delete()
    answers = store_all(make_integration(), batches)
    plain, minute, expected = PlainStore(), 0, []
    for alerts in (alerts for batch in batches for alerts in batch):
        expected.append([plain.take(one, minute) for one in alerts])
        minute += 1
    stored = list(Alert.objects.order_by("first_at", "pk"))
    numbers = {row.pk: plain_number(row, plain) for row in stored}
    assert [
        {name: getattr(alert, name) for name in COLUMNS} | {"key": alert.dedup_key}
        for alert in sorted(stored, key=lambda alert: numbers[alert.pk])
    ] == [
        {name: row[name] for name in COLUMNS} | {"key": row["key"]}
        for row in plain.rows
    ]
    assert [
        [None if one.id is None else numbers[one.id] for one in answer]
        for answer in answers
    ] == expected
    assert Event.objects.count() == minute


def plain_number(alert: Alert, plain: PlainStore) -> int:
    """Which row of the plain store an alert is: alerts of one key open in pk order."""
    own = Alert.objects.filter(dedup_key=alert.dedup_key, pk__lt=alert.pk).count()
    numbers = [row["number"] for row in plain.rows if row["key"] == alert.dedup_key]
    return int(numbers[own]) if own < len(numbers) else -1


def arrival(number: int, *, pages: bool) -> Arrival:
    alert = IncomingAlert(title="t", dedup_key="k", pages=pages)
    return Arrival(1, number, NOON, alert, "SEV3")


def test_one_that_pages_in_the_middle_of_a_batch_is_enough() -> None:
    (((write,),),) = [
        fold([arrival(n, pages=pages) for n, pages in enumerate([False, True, False])])
    ]
    assert write.pages
    assert write.count == 3


@pytest.mark.django_db
def test_a_quiet_alert_pages_once_a_repeat_does() -> None:
    integration = make_integration()
    tries = [
        Said("k", "firing", "SEV3", pages=pages, title="t")
        for pages in (False, True, False)
    ]
    for number, one in enumerate(tries):
        store_messages([message(integration, [one], number)])
    alert = Alert.objects.get()
    assert alert.pages
    assert alert.has_changed
