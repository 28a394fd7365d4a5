"""Who is told of an incident, when, how often, and what they can stop."""

import re
from collections.abc import Callable
from datetime import datetime, timedelta
from urllib.parse import urlsplit

import pytest
from django.test import Client

from accounts.models import User
from catalog.models import Asset, ColumnMap
from incidents.models import Incident, NextWord, TellingPreference
from incidents.services import (
    change_severity,
    keep_promises,
    post_update,
    reopen_incident,
    resolve_incident,
    save_preferences,
    send_summaries,
    set_private,
    subscribe,
)
from incidents.services.preferences import preference_of
from oncall.models import ContactMethod, Notification
from tests.factories import make_team, make_user
from tests.incidents.world import (
    correlate,
    fire,
    make_lineage,
    minutes,
    own,
    texts,
)

pytestmark = pytest.mark.django_db

SignIn = Callable[..., Client]
MORNING = datetime.fromisoformat("2026-03-30T09:00:00+00:00")


def letters(email: str) -> list[Notification]:
    found = Notification.objects.filter(page=None, address=email)
    return list(found.order_by("pk"))


def titles(email: str) -> list[str]:
    return [letter.title.split(":")[0] for letter in letters(email)]


def prefer(email: str, **values: object) -> None:
    chosen = preference_of(email)
    now = {name: getattr(chosen, name) for name in TellingPreference.FIELDS}
    save_preferences(email=email, values=now | values)


def break_raw(severity: str = "SEV2") -> Incident:
    fire("raw", severity=severity)
    correlate()
    return Incident.objects.get()


@pytest.fixture
def assets() -> dict[str, Asset]:
    make_user(role="admin")  # the installation is past its first run
    made = make_lineage("raw > mart > board", board="dashboard")
    own(made["board"], "ana@example.com")
    return made


def stop_link(letter: Notification) -> str:
    found = re.search(r"http\S+/told/\S+", letter.body)
    assert found
    return urlsplit(found[0]).path


def test_the_start_says_what_since_when_who_and_when_the_next_word_comes(
    assets: dict[str, Asset],
) -> None:
    break_raw()
    (letter,) = letters("ana@example.com")
    for part in (
        "- board",
        "since Sunday 29 March, 12:00 UTC",
        "Nobody has said yet that they have it",
        "The next word comes by 29 March, 13:10 UTC at the latest",
    ):
        assert part in letter.body


def test_a_follower_of_an_asset_or_a_team_is_told_once_of_all(
    assets: dict[str, Asset],
) -> None:
    team, bo = make_team(), make_user(email="bo@example.com")
    Asset.objects.filter(pk=assets["mart"].pk).update(team=team)
    subscribe(user=bo, asset=assets["board"], at=minutes(0))
    subscribe(user=bo, team=team, at=minutes(0))
    incident = break_raw()
    (letter,) = letters("bo@example.com")
    assert "affects what you subscribed to" in letter.body
    assert "- board" in letter.body
    assert "- mart" in letter.body
    told = "Told 1 subscriber of what is affected: bo@example.com."
    assert told in texts(incident)


def test_who_wants_only_their_own_hears_nothing_of_what_they_follow(
    assets: dict[str, Asset],
) -> None:
    bo = make_user(email="bo@example.com")
    subscribe(user=bo, asset=assets["board"], at=minutes(0))
    prefer("bo@example.com", scope="own")
    break_raw()
    assert letters("bo@example.com") == []


def test_a_column_that_fails_concerns_nobody_who_does_not_read_it(
    assets: dict[str, Asset],
) -> None:
    ColumnMap.objects.create(
        upstream=assets["raw"],
        downstream=assets["mart"],
        source="hand",
        columns={"total": ["amount"]},
        first_seen_at=minutes(-60),
        last_seen_at=minutes(-60),
    )
    fire("raw", labels={"column": "note"})
    correlate()
    assert letters("ana@example.com") == []


def test_sev4_comes_in_one_summary_the_next_morning(assets: dict[str, Asset]) -> None:
    break_raw("SEV4")
    assert letters("ana@example.com") == []
    assert send_summaries(at=MORNING - timedelta(hours=3)) == 0
    assert [send_summaries(at=MORNING) for _ in range(2)] == [1, 0]
    (letter,) = letters("ana@example.com")
    assert letter.title == "1 minor problem with what you own or follow"
    assert "- board" in letter.body


def test_a_minor_problem_that_gets_serious_is_told_at_once(
    assets: dict[str, Asset],
) -> None:
    incident = break_raw("SEV4")
    for at in (11, 12):
        change_severity(
            incident_id=incident.pk, severity="SEV2", by=make_user(), at=minutes(at)
        )
    assert titles("ana@example.com") == ["Do not rely on board for now"]
    assert send_summaries(at=MORNING) == 0


def test_a_person_chooses_severities_occasions_and_the_way(
    assets: dict[str, Asset],
) -> None:
    ana = make_user(email="ana@example.com")
    phone = ContactMethod.objects.create(
        user=ana, kind="sms", address="+491700000000", verified_at=minutes(0)
    )
    prefer("ana@example.com", start=False, updates=False, method=phone)
    incident = break_raw()
    update(incident, by=ana)
    resolve_incident(incident_id=incident.pk, by=ana, at=minutes(40))
    assert letters("ana@example.com") == []
    (letter,) = letters("+491700000000")
    assert letter.title == "Over: board"
    assert letter.channel == "sms"


def update(incident: Incident, *, by: User) -> None:
    post_update(
        incident_id=incident.pk,
        text="Reloading.",
        audience="stakeholders",
        by=by,
        at=minutes(20),
    )


def test_a_way_that_is_no_longer_verified_falls_back_to_e_mail(
    assets: dict[str, Asset],
) -> None:
    ana = make_user(email="ana@example.com")
    phone = ContactMethod.objects.create(user=ana, kind="sms", address="+4917")
    prefer("ana@example.com", method=phone)
    break_raw()
    assert len(letters("ana@example.com")) == 1


def test_where_nobody_gives_the_promised_word_it_is_said_that_there_is_no_news(
    assets: dict[str, Asset],
) -> None:
    incident = break_raw()
    keep_promises(at=minutes(60))
    for _ in range(2):
        keep_promises(at=minutes(71))
    assert titles("ana@example.com")[1:] == ["No news yet"]
    assert NextWord.objects.get().due_at == minutes(71) + timedelta(hours=2)
    resolve_incident(incident_id=incident.pk, by=make_user(), at=minutes(80))
    assert not NextWord.objects.exists()


def test_a_reopened_incident_is_told_anew_and_ended_anew(
    assets: dict[str, Asset],
) -> None:
    incident, by = break_raw(), make_user()
    resolve_incident(incident_id=incident.pk, by=by, at=minutes(20))
    reopen_incident(incident_id=incident.pk, by=by, at=minutes(30))
    resolve_incident(incident_id=incident.pk, by=by, at=minutes(40))
    do_not, over = "Do not rely on board for now", "Over"
    assert titles("ana@example.com") == [do_not, over, do_not, over]
    assert "We said that it was over" in letters("ana@example.com")[2].body


def test_looking_at_the_link_stops_nothing_and_its_button_does(
    assets: dict[str, Asset], client: Client
) -> None:
    incident = break_raw()
    link = stop_link(letters("ana@example.com")[0])
    assert "No more of this problem" in client.get(link).content.decode()
    assert not incident.stakeholders.exclude(muted_at=None).exists()
    client.post(link, {"act": "incident"})
    update(incident, by=make_user())
    resolve_incident(incident_id=incident.pk, by=make_user(), at=minutes(40))
    assert len(letters("ana@example.com")) == 1


def test_who_stopped_everything_hears_nothing_until_they_take_it_back(
    assets: dict[str, Asset], client: Client
) -> None:
    incident = break_raw()
    link = stop_link(letters("ana@example.com")[0])
    client.post(link, {"act": "all"})
    resolve_incident(incident_id=incident.pk, by=make_user(), at=minutes(40))
    assert len(letters("ana@example.com")) == 1
    client.post(link, {"act": "resume"})
    fire("raw", at=60, dedup_key="again", severity="SEV2")
    correlate(61)
    assert len(letters("ana@example.com")) == 2


def test_the_link_of_an_incident_that_became_private_says_nothing_of_it(
    assets: dict[str, Asset], client: Client
) -> None:
    incident = break_raw()
    link = stop_link(letters("ana@example.com")[0])
    Incident.objects.filter(pk=incident.pk).update(private=True)
    page = client.get(link).content.decode()
    assert incident.title not in page
    assert "board" not in page


def test_what_was_not_sent_when_it_became_private_never_is(
    assets: dict[str, Asset],
) -> None:
    incident, cy = break_raw(), make_user()
    set_private(incident_id=incident.pk, private=True, by=cy, at=minutes(11))
    (letter,) = letters("ana@example.com")
    assert (letter.state, letter.detail) == (
        "cancelled",
        "Not sent: it became private",
    )
    resolve_incident(incident_id=incident.pk, by=cy, at=minutes(20))
    assert len(letters("ana@example.com")) == 1


def test_what_is_shown_again_is_told_to_whom_nothing_was_sent(
    assets: dict[str, Asset],
) -> None:
    incident, cy = break_raw(), make_user()
    for private in (True, False):
        set_private(incident_id=incident.pk, private=private, by=cy, at=minutes(11))
    cancelled, owed = letters("ana@example.com")
    assert (cancelled.state, owed.state) == ("cancelled", "due")
    assert owed.title == cancelled.title == "Do not rely on board for now"


def test_who_was_told_before_it_became_private_hears_no_more_than_that_it_is_over(
    assets: dict[str, Asset],
) -> None:
    incident, cy = break_raw(), make_user()
    make_user(email="ana@example.com")
    Notification.objects.update(state="sent", sent_at=minutes(10))
    set_private(incident_id=incident.pk, private=True, by=cy, at=minutes(11))
    resolve_incident(incident_id=incident.pk, by=cy, at=minutes(20))
    start, over = letters("ana@example.com")
    assert start.state == "sent"
    assert over.body.startswith("The problem we told you about is over.\n")
    assert "- board" in over.body
    assert incident.title not in over.title + over.body
    assert over.url.endswith(stop_link(over))


def test_a_forged_link_does_nothing(client: Client) -> None:
    make_user()
    assert client.post("/told/x:y:z/", {"act": "all"}).status_code == 404
    assert not TellingPreference.objects.exists()


def test_the_buttons_subscribe_and_unsubscribe(
    assets: dict[str, Asset], sign_in: SignIn
) -> None:
    client, team = sign_in(role="viewer"), make_team()
    for url in (assets["board"].get_absolute_url(), f"/settings/teams/{team.pk}/"):
        assert "You are not told" in client.get(url).content.decode()
        client.post(f"{url}subscribe/")
        client.post(f"{url}subscribe/")
        assert "Unsubscribe" in client.get(url).content.decode()
    page = client.get("/settings/messages/").content.decode()
    assert "board" in page
    assert f"All assets of {team}" in page
    client.post(f"{url}unsubscribe/", {"from": "messages"})
    page = client.get("/settings/messages/").content.decode()
    assert f"All assets of {team}" not in page


def test_preferences_are_saved_and_a_stranger_s_way_is_refused(
    sign_in: SignIn,
) -> None:
    client = sign_in(role="viewer", email="ana@example.com")
    other = ContactMethod.objects.create(
        user=make_user(), kind="sms", address="+4917", verified_at=minutes(0)
    )
    values = {"sev1": "now", "sev2": "digest", "sev3": "off", "sev4": "off"}
    values |= {"scope": "own", "end": "on"}
    refused = client.post("/settings/messages/", values | {"method": other.pk})
    assert refused.status_code == 400
    assert client.post("/settings/messages/", values).status_code == 302
    kept = TellingPreference.objects.get(email="ana@example.com")
    assert (kept.sev2, kept.scope, kept.start, kept.end) == (
        "digest",
        "own",
        False,
        True,
    )
