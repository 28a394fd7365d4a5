"""Messages that come late change nothing that a newer one has settled."""

from datetime import UTC, datetime, timedelta

import pytest

from alerts.formats.base import Status
from alerts.models import Alert, Integration
from tests.alerts.receiving import incoming, receive
from tests.factories import make_integration

pytestmark = pytest.mark.django_db

TEN = datetime(2026, 1, 10, 10, tzinfo=UTC)


@pytest.fixture
def integration() -> Integration:
    return make_integration()


def tell(
    integration: Integration, *words: tuple[Status, int | None], hours: int = 1
) -> list[str]:
    """Send "fires" or "is over" told for so many minutes past ten (None: not told),
    some hours later; return the statuses of all alerts, oldest first."""
    for status, minutes in words:
        told = None if minutes is None else TEN + timedelta(minutes=minutes)
        receive(
            integration,
            incoming(status=status, occurred_at=told, has_event_time=True),
            at=TEN + timedelta(hours=hours),
        )
    return list(Alert.objects.order_by("pk").values_list("status", flat=True))


def test_an_older_failure_that_comes_late_does_not_reopen(
    integration: Integration,
) -> None:
    assert tell(integration, ("firing", 0), ("resolved", 5), ("firing", 3)) == [
        "resolved"
    ]


def test_a_failure_older_than_a_success_that_had_nothing_to_end_opens_nothing(
    integration: Integration,
) -> None:
    assert tell(integration, ("resolved", 5), ("firing", 3)) == []


def test_an_older_success_that_comes_late_does_not_resolve(
    integration: Integration,
) -> None:
    assert tell(integration, ("firing", 5), ("resolved", 3)) == ["firing"]


def test_a_newer_failure_opens_again(integration: Integration) -> None:
    words: list[tuple[Status, int | None]] = [
        ("firing", 0),
        ("resolved", 5),
        ("firing", 6),
    ]
    assert tell(integration, *words) == ["resolved", "firing"]


def test_what_says_no_time_counts_as_it_comes(integration: Integration) -> None:
    words: list[tuple[Status, int | None]] = [
        ("resolved", 5),
        ("firing", None),
        ("resolved", None),
    ]
    assert tell(integration, *words) == ["resolved"]


def test_a_clock_that_is_ahead_does_not_silence_what_is_still_to_come(
    integration: Integration,
) -> None:
    tell(integration, ("resolved", 60 * 24 * 365), hours=1)

    assert tell(integration, ("firing", 121), hours=3) == ["firing"]


def test_what_still_fires_since_before_a_false_end_fires_again(
    integration: Integration,
) -> None:
    """As Alertmanager tells it after Prometheus could not be heard for a while."""
    for status, minutes in (("firing", 0), ("resolved", 5), ("firing", 0)):
        at = TEN + timedelta(minutes=minutes)
        receive(integration, incoming(status=status, occurred_at=at))

    assert list(Alert.objects.order_by("pk").values_list("status", flat=True)) == [
        "resolved",
        "firing",
    ]


def test_order_is_kept_within_one_message(integration: Integration) -> None:
    receive(
        integration,
        incoming(
            status="firing",
            occurred_at=TEN + timedelta(minutes=5),
            has_event_time=True,
        ),
        incoming(status="resolved", occurred_at=TEN, has_event_time=True),
        at=TEN + timedelta(hours=1),
    )

    assert Alert.objects.get().status == "firing"


def test_each_key_has_an_order_of_its_own(integration: Integration) -> None:
    tell(integration, ("resolved", 5))
    receive(
        integration,
        incoming(dedup_key="another", occurred_at=TEN, has_event_time=True),
        at=TEN + timedelta(hours=1),
    )

    assert Alert.objects.get().dedup_key == "another"


def test_a_repeat_without_severity_keeps_the_alerts_own(
    integration: Integration,
) -> None:
    receive(integration, incoming(severity=None))
    assert Alert.objects.get().severity == "SEV3"
    receive(integration, incoming(severity="critical"), severity="SEV1")
    receive(integration, incoming(severity=None))

    assert Alert.objects.get().severity == "SEV1"


def test_a_repeat_in_the_same_message_keeps_the_severity_too(
    integration: Integration,
) -> None:
    receive(
        integration,
        incoming(severity="critical"),
        incoming(severity=None),
        severity=("SEV1", "SEV3"),
    )

    assert Alert.objects.get().severity == "SEV1"
