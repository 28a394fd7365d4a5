"""What the page of an incident says, and what it costs to say it."""

from datetime import timedelta

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from accounts.models import User
from incidents.models import Incident, TimelineEntry
from incidents.services import resolve_incident, set_situation
from tests.factories import NOON, make_edge, make_incident, make_user
from tests.incidents.test_pages_access import PARTS
from tests.incidents.world import correlate, fire, make_lineage, minutes, own

pytestmark = pytest.mark.django_db
Kind = TimelineEntry.Kind


def text_of(client: Client, address: str) -> str:
    response = client.get(address)
    assert response.status_code == 200, address
    return response.content.decode()


def queries_of(client: Client, address: str) -> int:
    client.get(address)  # warms what a process keeps: the lineage, content types
    with CaptureQueriesContext(
        connection,
    ) as captured:
        assert client.get(address).status_code == 200
    return len(captured)


@pytest.fixture
def broken(db: None) -> Incident:
    """raw and mart fail; a dashboard with an owner hangs from them."""
    make_user(role="admin", email="admin@example.com", name="Ada Admin")
    assets = make_lineage("raw > mart > board", board="dashboard")
    own(assets["board"], "ana@example.com")
    fire("raw", url="https://airflow.example.com/raw"), fire("mart", at=1)
    correlate()
    return Incident.objects.get()


def test_the_page_answers_what_how_bad_who_and_what_next(
    signed_in: Client, broken: Incident
) -> None:
    page = text_of(signed_in, f"/incidents/{broken.pk}/")
    for said in (
        "raw failed",
        'data-severity="sev3"',
        'data-status="triggered"',
        "nobody yet",
        "Acknowledge</button>",
        "the other failing asset is downstream of it",
        "1 person told",
        "2 steps from raw, the last mart",
        "Ada Admin",
        "https://airflow.example.com/raw",
    ):
        assert said in page, said


@pytest.mark.parametrize(
    "status", ["triggered", "investigating", "identified", "monitoring"]
)
def test_there_is_exactly_one_primary_button(signed_in: Client, status: str) -> None:
    incident = make_incident(status=status)
    page = text_of(signed_in, f"/incidents/{incident.pk}/")
    assert page.count("btn--primary") == 1
    for name in ("severity", "merge", "times"):
        page = text_of(signed_in, f"/incidents/{incident.pk}/edit/{name}/")
        assert page.count("btn--primary") == 1


def test_acts_that_leave_the_house_say_whom_they_reach(
    signed_in: Client, broken: Incident
) -> None:
    strip = text_of(signed_in, f"/incidents/{broken.pk}/parts/strip/")
    assert "Escalate: page Ada Admin now" in strip
    assert "Resolve and tell 1 owner" in strip
    updates = text_of(signed_in, f"/incidents/{broken.pk}/?tab=updates")
    assert "an e-mail to ana@example.com" in updates


@pytest.mark.parametrize("name", PARTS)
def test_each_part_is_the_same_by_itself_as_on_the_page(
    signed_in: Client, broken: Incident, name: str
) -> None:
    tab = name if name in ("alerts", "updates") else "timeline"
    part = text_of(signed_in, f"/incidents/{broken.pk}/parts/{name}/")
    page = text_of(signed_in, f"/incidents/{broken.pk}/?tab={tab}")
    assert f"/incidents/{broken.pk}/parts/{name}/" in part
    lines = [line.strip() for line in part.splitlines()]
    words = [one for one in lines if "csrf" not in one and "data-since" not in one]
    missing = [line for line in words if line and line not in page]
    assert not missing, missing[:3]


def test_the_picture_is_drawn_once_with_links_and_states(
    signed_in: Client, broken: Incident
) -> None:
    small = text_of(signed_in, f"/incidents/{broken.pk}/parts/picture/")
    assert 'data-health="cause"' in small
    assert 'data-health="failing"' in small
    assert 'data-health="stale"' in small
    large = text_of(signed_in, f"/incidents/{broken.pk}/picture/")
    assert "owned by ana@example.com" in large
    assert "raw → mart → here" in " ".join(large.split())


def test_a_cycle_in_the_lineage_is_drawn_too(signed_in: Client) -> None:
    assets = make_lineage("a > b > c > board", board="dashboard")
    make_edge(assets["c"], assets["a"])
    fire("a"), fire("c", at=1)
    correlate()
    for incident in Incident.objects.all():
        for address in ("", "picture/", "parts/picture/"):
            page = text_of(signed_in, f"/incidents/{incident.pk}/{address}")
            assert "<svg" in page


def test_without_assets_there_is_a_sentence_instead_of_a_picture(
    signed_in: Client,
) -> None:
    fire(title="Something odd")
    correlate()
    incident = Incident.objects.get()
    page = text_of(signed_in, f"/incidents/{incident.pk}/")
    assert "there is no lineage to draw" in page
    assert "No suspect" in page
    assert "No dashboard or data product is known downstream" in page
    assert "Nothing known" in text_of(signed_in, f"/incidents/{incident.pk}/picture/")


def test_a_small_picture_leaves_out_what_lies_between(signed_in: Client) -> None:
    make_lineage("raw > one > two > three > board", board="dashboard")
    fire("raw")
    correlate()
    base = f"/incidents/{Incident.objects.get().pk}"
    small = text_of(signed_in, f"{base}/parts/picture/")
    large = text_of(signed_in, f"{base}/parts/picture/?large")
    assert small.count('class="node"') == 2
    assert small.count('class="edge"') == 1
    assert large.count('class="node"') == 5


def test_hostile_text_is_shown_as_text(signed_in: Client) -> None:
    hostile = "<script>alert(1)</script>"
    make_lineage(f"{hostile} > board{hostile}", **{f"board{hostile}": "dashboard"})
    fire(hostile, title=hostile, url="javascript:alert(1)")
    correlate()
    incident = Incident.objects.get()
    incident.record(Kind.NOTE, f"{hostile} [x](javascript:alert(1))", at=NOON)
    for address in ("", "?tab=alerts", "picture/", "edit/merge/"):
        page = text_of(signed_in, f"/incidents/{incident.pk}/{address}")
        assert "<script>alert" not in page
        assert 'href="javascript:' not in page


def test_a_long_timeline_shows_its_end_and_offers_the_rest(
    signed_in: Client, user: User
) -> None:
    incident = make_incident()
    for number in range(230):
        incident.record(Kind.NOTE, f"note {number}.", at=minutes(number), by=user)
    base = f"/incidents/{incident.pk}/"
    short, whole = text_of(signed_in, base), text_of(signed_in, f"{base}?all")
    assert "The last 200 of 230 entries" in short
    assert "note 229." in short
    assert "note 29." not in short
    assert "note 0." in whole
    assert "The last" not in whole
    assert f"{base}parts/timeline/?all" in whole


def test_many_alerts_in_a_row_are_one_entry_that_opens(signed_in: Client) -> None:
    incident = make_incident()
    for number in range(6):
        incident.record(Kind.ALERT, f"alert {number} fired", at=minutes(number))
    timeline = text_of(signed_in, f"/incidents/{incident.pk}/parts/timeline/")
    assert "6 entries about alerts" in timeline
    assert timeline.count('class="timeline__entry"') == 1


def test_the_timeline_says_nothing_twice_and_no_markdown(
    signed_in: Client, user: User
) -> None:
    incident = make_incident()
    incident.acknowledge(by=user, at=NOON)
    set_situation(
        incident_id=incident.pk, situation="**Known**: no rows", by=user, at=NOON
    )
    resolve_incident(incident_id=incident.pk, by=user, at=NOON)
    page = text_of(signed_in, incident.get_absolute_url())
    assert f"<b>{user}</b> acknowledged</p>" in page
    assert f"<b>{user}</b> resolved it</p>" in page
    assert f"<b>{user}</b> edited: Situation</p>" in page
    assert "**Known**" not in page


def test_what_was_similar_before_is_named(signed_in: Client, user: User) -> None:
    make_lineage("raw > board", board="dashboard")
    fire("raw", title="The first time")
    correlate()
    first = Incident.objects.get()
    resolve_incident(incident_id=first.pk, by=user, at=minutes(20))
    fire("raw", at=30)
    correlate(31)
    again = Incident.objects.open().get()
    facts = text_of(signed_in, f"/incidents/{again.pk}/parts/facts/")
    assert f'<a href="/incidents/{first.pk}/"' in facts
    assert "The first time" in facts


def test_the_page_of_an_asset_tells_its_incidents(
    signed_in: Client, user: User
) -> None:
    assets = make_lineage("raw > mart > board")
    fire("mart", title="The mart failed before")
    correlate()
    past = Incident.objects.get()
    resolve_incident(incident_id=past.pk, by=user, at=minutes(11))
    fire("raw", at=12, title="Raw fails now")
    correlate(13)
    mart = text_of(signed_in, assets["mart"].get_absolute_url())
    raw = text_of(signed_in, assets["raw"].get_absolute_url())
    board = text_of(signed_in, assets["board"].get_absolute_url())
    assert "The mart failed before" in mart
    assert "upstream of this asset" in mart
    assert "about this asset" in raw
    assert "Raw fails now" in board
    assert "The mart failed before" not in board


def test_neighbours_are_those_of_the_list(signed_in: Client) -> None:
    ids = [make_incident(at=NOON + timedelta(minutes=m)).pk for m in (0, 0, 5)]
    make_incident(status="resolved", resolved_at=minutes(3), at=minutes(1))
    make_incident(private=True, at=minutes(2))
    strip = text_of(signed_in, f"/incidents/{ids[1]}/parts/strip/")
    assert f'rel="prev" href="/incidents/{ids[2]}/"' in strip
    assert f'rel="next" href="/incidents/{ids[0]}/"' in strip
    first = text_of(signed_in, f"/incidents/{ids[2]}/parts/strip/")
    assert 'rel="prev"' not in first


def break_more(number: int) -> None:
    chains = [f"raw > mart{n} > board{n}" for n in range(number)]
    types = {f"board{n}": "dashboard" for n in range(number)}
    for name, asset in make_lineage(*chains, **types).items():
        if name.startswith("board"):
            own(asset, f"{name}@example.com")
    fire("raw")
    for n in range(number):
        fire(f"mart{n}", at=1)
    correlate()


@pytest.mark.parametrize(
    "address", ["", "?tab=alerts", "?tab=updates", "picture/", "edit/merge/"]
)
def test_the_page_costs_the_same_for_one_and_for_six(
    signed_in: Client, user: User, address: str
) -> None:
    make_user(role="admin", email="admin@example.com")
    break_more(1)
    one = Incident.objects.get()
    few = queries_of(signed_in, f"/incidents/{one.pk}/{address}")
    resolve_incident(incident_id=one.pk, by=user, at=minutes(11))
    Incident.objects.all().delete()
    User.objects.filter(email="admin@example.com").delete()
    make_user(role="admin", email="admin@example.com")
    for asset in list(one.failing_assets.all()):
        asset.delete()
    break_six()
    six = Incident.objects.open().get()
    for number in range(6):
        six.record(Kind.NOTE, f"{number}", at=minutes(number), by=user)
        make_incident(title=f"another {number}")
    assert queries_of(signed_in, f"/incidents/{six.pk}/{address}") <= few + 2
    assert few <= 45


def break_six() -> None:
    chains = [f"source > table{n} > chart{n}" for n in range(6)]
    types = {f"chart{n}": "dashboard" for n in range(6)}
    for name, asset in make_lineage(*chains, **types).items():
        if name.startswith("chart"):
            own(asset, f"{name}@example.com")
    fire("source", at=30)
    for n in range(6):
        fire(f"table{n}", at=31)
    correlate(32)
