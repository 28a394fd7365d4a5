import pytest
from django.test import Client

from accounts.models import AuditEntry, User
from accounts.time_zones import find_zone, offered_zones

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize(
    ("typed", "zone"),
    [
        ("Europe/Madrid", "Europe/Madrid"),
        (" europe/madrid ", "Europe/Madrid"),
        ("new york", "America/New_York"),
        ("utc", "UTC"),
        ("Atlantis", None),
        ("../../etc/passwd", None),
        ("", None),
    ],
)
def test_a_zone_is_found_by_what_people_type(typed: str, zone: str | None) -> None:
    assert find_zone(typed) == zone


def test_every_offered_zone_is_known() -> None:
    assert all(find_zone(zone) == zone for zone in offered_zones())


def test_one_changes_name_and_zone(signed_in: Client, user: User) -> None:
    for _ in range(2):
        signed_in.post("/settings/", {"name": "Robin R.", "time_zone": "Tokyo"})
    user.refresh_from_db()
    assert (user.name, user.time_zone) == ("Robin R.", "Asia/Tokyo")
    assert AuditEntry.objects.get().changes == {
        "name": ["Robin Responder", "Robin R."],
        "time_zone": ["UTC", "Asia/Tokyo"],
    }


def test_a_wrong_zone_is_said_beside_the_field(signed_in: Client, user: User) -> None:
    response = signed_in.post("/settings/", {"name": "Robin", "time_zone": "Mars"})
    assert response.status_code == 400
    assert "no time zone" in response.content.decode()


@pytest.mark.parametrize("zone", ["Mars/Base", "", "../x", "a" * 64])
def test_a_stored_zone_this_machine_does_not_know_breaks_no_page(
    signed_in: Client, user: User, zone: str
) -> None:
    User.objects.filter(pk=user.pk).update(time_zone=zone)
    assert signed_in.get("/settings/").status_code == 200


def test_times_are_shown_in_the_readers_zone(signed_in: Client, user: User) -> None:
    User.objects.filter(pk=user.pk).update(time_zone="Asia/Tokyo")
    page = signed_in.post("/settings/tokens/", {"name": "deploy"}).content.decode()
    assert "JST" in page


def test_a_long_right_to_left_name_is_shown_whole(signed_in: Client) -> None:
    name = "مهندس البيانات المناوب " * 5
    signed_in.post("/settings/", {"name": name.strip(), "time_zone": "UTC"})
    assert name.strip() in signed_in.get("/settings/").content.decode()


def test_markup_in_a_name_is_only_text(signed_in: Client) -> None:
    values = {"name": "<script>x</script>", "time_zone": "UTC"}
    signed_in.post("/settings/", values)
    assert "<script>x" not in signed_in.get("/settings/").content.decode()
