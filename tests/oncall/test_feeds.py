"""Calendars to subscribe to, and the local inbox."""

from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone
from icalendar import Calendar
from pytest_django import Settings

from accounts.models import User
from oncall.models import InboxMessage, PersonalFeed, Schedule
from tests.factories import make_schedule, make_user

pytestmark = pytest.mark.django_db


def handed_on(*people: User) -> Schedule:
    rotation = {
        "unit": "week",
        "start_local": "2026-01-05T09:00",
        "participants": [[str(person.pk)] for person in people],
    }
    layers = [{"name": "weekly", "kind": "rotation", "rotation": rotation}]
    return make_schedule(layers=layers, timezone="Europe/Madrid", name="orders; a, b")


def events(client: Client, secret: str) -> list[Any]:
    response = client.get(f"/calendar/{secret}.ics")
    assert response.status_code == 200
    assert response["Content-Type"].startswith("text/calendar")
    return list(Calendar.from_ical(response.content).walk("VEVENT"))


def test_a_schedule_is_read_by_whoever_has_its_address(
    client: Client, user: User
) -> None:
    bo = make_user(name="Bo Lind")
    found = events(client, handed_on(user, bo).feed_secret)
    assert len(found) >= 14
    assert {str(event["SUMMARY"]) for event in found} == {
        f"{user} on call: orders; a, b",
        "Bo Lind on call: orders; a, b",
    }
    for before, after in zip(found, found[1:], strict=False):
        assert before["DTEND"].dt == after["DTSTART"].dt
    assert len({event["UID"] for event in found}) == len(found)


def test_a_person_has_a_calendar_of_their_own_shifts(
    signed_in: Client, client: Client, user: User
) -> None:
    handed_on(user, make_user(name="Bo Lind"))
    page = signed_in.get("/on-call/me/").content.decode()
    secret = PersonalFeed.objects.get(user=user).secret
    assert f"/calendar/{secret}.ics" in page
    found = events(Client(), secret)
    assert found
    assert all("Bo Lind" not in str(event["SUMMARY"]) for event in found)


def test_a_new_address_puts_the_old_one_out_of_use(
    signed_in: Client, user: User
) -> None:
    signed_in.get("/on-call/me/")
    schedule = handed_on(user)
    old = [PersonalFeed.objects.get(user=user).secret, schedule.feed_secret]
    signed_in.post("/on-call/me/calendar/renew/")
    signed_in.post(f"{schedule.get_absolute_url()}calendar/renew/")
    for secret in old:
        assert Client().get(f"/calendar/{secret}.ics").status_code == 404
    events(Client(), PersonalFeed.objects.get(user=user).secret)


def test_the_calendar_of_somebody_who_has_left_is_gone(user: User) -> None:
    gone = make_user(is_active=False)
    PersonalFeed.objects.create(user=gone, secret="abc")
    assert Client().get("/calendar/abc.ics").status_code == 404


@pytest.mark.parametrize("secret", ["x", "x" * 500])
@pytest.mark.usefixtures("user")
def test_an_unknown_calendar_is_not_found(client: Client, secret: str) -> None:
    assert client.get(f"/calendar/{secret}.ics").status_code == 404


# --- the local inbox -------------------------------------------------------------


def make_mail(recipient: str, **values: Any) -> InboxMessage:
    defaults = {
        "message_id": f"<{InboxMessage.objects.count()}@example.com>",
        "subject": "SEV2 orders_raw arrived empty",
        "body": "Acknowledge: http://127.0.0.1:8000/p/abc:def/\n<script>x</script>",
        "received_at": timezone.now() - timedelta(minutes=1),
    }
    return InboxMessage.objects.create(recipient=recipient, **{**defaults, **values})


def test_a_kept_mail_is_read_with_its_links(sign_in: Any) -> None:
    mail = make_mail("ana@example.com")
    admin = sign_in(role="admin")
    assert mail.subject in admin.get("/inbox/").content.decode()
    text = admin.get(f"/inbox/{mail.pk}/").content.decode()
    assert '<a href="http://127.0.0.1:8000/p/abc:def/"' in text
    assert "<script>x" not in text


def test_others_than_admins_read_what_was_sent_to_them(
    signed_in: Client, user: User
) -> None:
    mine, other = make_mail(user.email), make_mail("admin@example.com", subject="Reset")
    text = signed_in.get("/inbox/").content.decode()
    assert mine.subject in text
    assert "Reset" not in text
    assert signed_in.get(f"/inbox/{other.pk}/").status_code == 404
    method = user.contact_methods.create(kind="email", address="admin@example.com")
    assert signed_in.get(f"/inbox/{other.pk}/").status_code == 404
    method.verified_at = timezone.now()
    method.save(update_fields=["verified_at"])
    assert signed_in.get(f"/inbox/{other.pk}/").status_code == 200


def test_with_a_mail_server_there_is_no_inbox(sign_in: Any, settings: Settings) -> None:
    mail = make_mail("ana@example.com")
    settings.EMAIL_URL = "smtp://mail.example.com:25"
    admin = sign_in(role="admin")
    assert admin.get("/inbox/").status_code == 404
    assert admin.get(f"/inbox/{mail.pk}/").status_code == 404


def test_an_empty_inbox_says_what_will_be_in_it(signed_in: Client) -> None:
    assert "Nothing was delivered yet" in signed_in.get("/inbox/").content.decode()
