"""What should have happened and has not is found, shown, told, and forgotten after."""

from datetime import timedelta

import pytest
from django.test import Client
from django.utils import timezone
from pytest_django import Settings

from config.watchdog import Watchdog
from oncall.models import EngineHeartbeat, Finding, Notification, RestingProvider
from oncall.services import inform
from oncall.services.findings import WATCHDOG_STARTS, standing_findings
from tests.factories import (
    NOON,
    make_incident,
    make_policy,
    make_schedule,
    make_user,
)
from tests.fakes.smtp import FakeSMTP
from tests.fakes.webhook import FakeWebhook

pytestmark = pytest.mark.django_db

MINUTE = timedelta(minutes=1)


@pytest.fixture(autouse=True)
def _engine_runs() -> None:
    EngineHeartbeat.objects.create(duty="engine", finished_at=NOON)


def found() -> list[str]:
    return Watchdog().round(at=NOON)


def owe(*, minutes_ago: int) -> None:
    inform(
        key="k",
        address="ana@example.com",
        title="t",
        body="",
        url="",
        subject="incident:1",
        at=NOON - minutes_ago * MINUTE,
    )


def test_nothing_is_wrong_with_an_engine_that_runs() -> None:
    assert found() == []


def test_rows_that_nobody_has_taken_are_found() -> None:
    owe(minutes_ago=10)
    assert found() == []
    Notification.objects.update(due_at=NOON - 16 * MINUTE)
    assert found() == ["1 x message: should have been sent 15 minutes ago."]


def test_a_message_that_carries_pages_is_late_as_soon_as_a_page_is() -> None:
    owe(minutes_ago=2)
    Notification.objects.update(urgent=True, subject="bundle:1")
    assert found() == ["1 x page: should have been sent a minute ago."]


def test_a_silent_engine_is_found() -> None:
    EngineHeartbeat.objects.update(finished_at=NOON - MINUTE)
    assert found() == ["The paging engine last ran 60 s ago."]


def test_an_incident_nobody_was_ever_paged_about_is_found() -> None:
    incident = make_incident()
    incident.triggered_at = NOON - 2 * MINUTE
    incident.save(update_fields=["triggered_at"])
    expected = f"Nobody was ever paged about incident #{incident.number}."
    assert found() == [expected]


def test_a_schedule_that_is_paged_and_empty_is_found() -> None:
    policy, schedule = make_policy(), make_schedule(layers=[])
    step = policy.steps.create(position=0)
    step.targets.create(schedule=schedule)
    assert len(found()) == 2
    step.targets.create(user=make_user())
    assert found() == [
        f"The schedule {schedule.name} is paged by a policy and has nobody for the "
        "next seven days."
    ]


def test_a_provider_that_rests_is_found_until_it_answers() -> None:
    resting = RestingProvider.objects.create(
        provider="webhook hooks.example.com",
        since=NOON - MINUTE,
        until=NOON + MINUTE,
        detail="timed out",
    )
    assert "webhook hooks.example.com does not answer" in found()[0]
    resting.delete()
    assert found() == []


def test_what_is_wrong_is_told_to_probes_and_to_people(signed_in: Client) -> None:
    now = timezone.now()
    EngineHeartbeat.objects.update(finished_at=now)
    owe(minutes_ago=1)
    Notification.objects.update(due_at=now - timedelta(hours=1))
    Watchdog().round(at=now)
    answer = signed_in.get("/readyz")
    assert answer.status_code == 503
    assert answer.json()["reasons"] == [
        "1 x message: should have been sent 15 minutes ago."
    ]
    assert signed_in.get("/readyz?without=findings").status_code == 200
    assert "should have been sent" in signed_in.get("/").content.decode()
    Notification.objects.all().delete()
    Watchdog().round(at=now)
    assert signed_in.get("/readyz").status_code == 200
    assert "Pages may not reach" not in signed_in.get("/").content.decode()


def test_each_thing_that_is_wrong_is_named_on_the_page(signed_in: Client) -> None:
    now = timezone.now()
    EngineHeartbeat.objects.update_or_create(
        duty="watchdog", defaults={"finished_at": now + timedelta(seconds=5)}
    )
    for number in range(3):
        Finding.objects.create(key=f"{number}", text=f"Trouble {number}.", since=now)
    page = signed_in.get("/on-call/").content.decode()
    assert [page.count(f"Trouble {number}.") for number in range(3)] == [1, 1, 1]
    assert "2 more" in page


def test_a_silent_watchdog_is_a_finding_too_once_it_had_time_to_start() -> None:
    began = NOON - WATCHDOG_STARTS
    assert standing_findings(at=NOON, started_at=began) == []
    late = NOON + timedelta(seconds=1)
    assert standing_findings(at=late, started_at=began) != []
    Watchdog().round(at=NOON)
    assert standing_findings(at=late, started_at=began) == []
    (told,) = standing_findings(at=NOON + 2 * MINUTE, started_at=began)
    assert told == "The watchdog last ran 120 s ago."


def test_the_fallback_contact_is_told_once_of_what_lasts_and_when_it_is_over(
    settings: Settings, smtp_server: FakeSMTP
) -> None:
    settings.FALLBACK_CONTACT = "boss@example.com"
    watchdog = Watchdog()
    for seconds in (40, 60, 100, 105, 110):
        watchdog.round(at=NOON + timedelta(seconds=seconds))
    (mail,) = smtp_server.mails
    assert mail.recipients == ("boss@example.com",)
    assert "The paging engine last ran 100 s ago." in mail.text
    EngineHeartbeat.objects.update(finished_at=NOON + 2 * MINUTE)
    watchdog.round(at=NOON + 2 * MINUTE)
    assert smtp_server.mails[1].subject == "Headwater is well again"
    assert not Finding.objects.exists()


def test_the_outside_is_pinged_once_a_minute_while_everything_passes(
    settings: Settings, webhook_server: FakeWebhook
) -> None:
    settings.WATCHDOG_PING_URL = webhook_server.url
    watchdog = Watchdog()
    for seconds in (0, 5, 25):
        watchdog.round(at=NOON + timedelta(seconds=seconds))
    assert len(webhook_server.requests) == 1
    watchdog.round(at=NOON + timedelta(seconds=65))  # the engine is silent by then
    assert len(webhook_server.requests) == 1
    EngineHeartbeat.objects.update(finished_at=NOON + 2 * MINUTE)
    watchdog.round(at=NOON + 2 * MINUTE)
    assert len(webhook_server.requests) == 2
