"""The pages of inlets: what is shown, allowed and done."""

import html
import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from itertools import takewhile

import httpx
import pytest
from django.conf import settings
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from accounts.models import AuditEntry, User
from alerts.formats.registry import FORMATS
from alerts.models import Alert, Event, Integration, RefusedCount
from alerts.services import send_test_event
from tests.alerts.receiving import incoming, receive, text_of
from tests.factories import (
    NOON,
    make_integration,
    make_policy,
    make_team,
    make_user,
)

SignIn = Callable[..., Client]
VALUES = {
    "name": "Loads of the warehouse",
    "format": "generic",
    "default_severity": "SEV2",
    "rate_limit": "600",
}


@pytest.mark.django_db
def test_an_empty_list_says_what_to_do_first(sign_in: SignIn) -> None:
    responder = sign_in(role="responder").get("/integrations/").content.decode()
    viewer = sign_in(role="viewer").get("/integrations/").content.decode()
    assert 'href="/integrations/new/"' in responder
    assert 'href="/integrations/new/"' not in viewer
    assert "Nothing can send alerts yet" in viewer


@pytest.mark.django_db
def test_the_list_says_in_a_sentence_how_each_inlet_does(signed_in: Client) -> None:
    busy, quiet = make_integration(rate_limit=5), make_integration()
    now = timezone.now()
    receive(busy, incoming(), at=now - timedelta(hours=30))
    receive(busy, incoming(), at=now - timedelta(minutes=5))
    for reason, count in (("unparsed", 2), ("rate", 1234)):
        RefusedCount.objects.create(
            integration=busy, minute=now, reason=reason, count=count
        )
    text = text_of(signed_in.get("/integrations/"))
    assert (
        "Last event 5 min ago ; in 24 hours 1 event, 2 not understood, "
        "1,234 refused past the limit of 5 a minute." in text
    )
    assert "No event has come yet." in text
    assert quiet.name in text


@pytest.mark.django_db
def test_the_query_count_of_pages_does_not_grow(signed_in: Client) -> None:
    counts: dict[str, list[int]] = {"list": [], "one": [], "event": [], "alert": []}
    inlet = make_integration()
    signed_in.get("/integrations/")  # the first page of a session asks for more
    for size in (1, 6):
        for number in range(size):
            make_integration(team=make_team())
            event = receive(inlet, incoming(dedup_key=f"k{number}"), incoming())
        paths = {
            "list": "/integrations/",
            "one": f"/integrations/{inlet.pk}/",
            "event": f"/events/{event.pk}/",
            "alert": f"/alerts/{Alert.objects.latest('pk').pk}/",
        }
        for name, path in paths.items():
            with CaptureQueriesContext(connection) as queries:
                assert signed_in.get(path).status_code == 200
            counts[name].append(len(queries))
    assert all(first == last for first, last in counts.values()), counts


@pytest.mark.django_db
def test_each_format_is_offered_with_a_line_about_it(signed_in: Client) -> None:
    page = signed_in.get("/integrations/new/?format=dbt")
    text = text_of(page)
    for format_ in FORMATS.values():
        assert format_.LABEL in text
        assert format_.ABOUT in text
    assert re.search(r'value="dbt"[^>]* checked', page.content.decode())


@pytest.mark.django_db
def test_a_made_integration_shows_its_key_and_snippet_once(
    signed_in: Client, user: User
) -> None:
    team, policy = make_team(), make_policy()
    answer = signed_in.post(
        "/integrations/new/",
        {**VALUES, "team": team.pk, "escalation_policy": policy.pk},
        follow=True,
    )
    made = Integration.objects.get()
    found = re.search(r'id="new-key">([0-9a-f]{32})<', answer.content.decode())
    assert found
    key = found[1]
    assert text_of(answer).count(f"{settings.PUBLIC_URL}/in/{key}") == 4
    assert (made.team, made.escalation_policy, made.created_by) == (team, policy, user)
    assert (made.default_severity, made.rate_limit) == ("SEV2", 600)
    again = signed_in.get(f"/integrations/{made.pk}/").content.decode()
    assert key not in again
    assert "/in/&lt;the key&gt;" in again


@pytest.mark.django_db
def test_the_key_waits_sealed_between_the_two_pages(signed_in: Client) -> None:
    signed_in.post("/integrations/new/", VALUES)
    (kept,) = (v for k, v in signed_in.session.items() if k.startswith("new_key_"))
    assert not re.fullmatch(r"[0-9a-f]{32}", kept)


@pytest.mark.django_db
def test_somebody_else_does_not_see_the_new_key(sign_in: SignIn) -> None:
    sign_in(role="responder").post("/integrations/new/", VALUES)
    pk = Integration.objects.get().pk
    other = sign_in(role="admin").get(f"/integrations/{pk}/").content.decode()
    assert 'id="new-key"' not in other


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("field", "value", "words"),
    [
        ("name", "", "This field is required."),
        ("format", "smoke", "Select a valid choice."),
        ("rate_limit", "-1", "greater than or equal to 0"),
        ("team", "999", "Select a valid choice."),
        ("default_severity", "SEV9", "Select a valid choice."),
    ],
)
def test_a_wrong_value_is_said_beside_its_field(
    signed_in: Client, field: str, value: str, words: str
) -> None:
    answer = signed_in.post("/integrations/new/", {**VALUES, field: value})
    assert answer.status_code == 400
    assert words in text_of(answer)
    assert not Integration.objects.exists()


@pytest.mark.django_db
def test_editing_changes_what_was_changed_and_keeps_the_key(signed_in: Client) -> None:
    inlet = make_integration(team=make_team())
    form = text_of(signed_in.get(f"/integrations/{inlet.pk}/edit/"))
    assert f"Edit {inlet.name}" in form
    answer = signed_in.post(f"/integrations/{inlet.pk}/edit/", VALUES)
    assert answer.status_code == 302
    key_hash = inlet.key_hash
    inlet.refresh_from_db()
    assert (inlet.name, inlet.team, inlet.key_hash) == (VALUES["name"], None, key_hash)
    assert AuditEntry.objects.get().action == "integration.change"


@pytest.mark.django_db
def test_a_new_key_is_shown_once_and_replaces_the_old(signed_in: Client) -> None:
    inlet = make_integration()
    old = inlet.key_hash
    path = f"/integrations/{inlet.pk}/rotate/"
    page = signed_in.post(path, follow=True).content.decode()
    inlet.refresh_from_db()
    assert inlet.key_hash != old
    assert 'id="new-key"' in page
    assert (
        'id="new-key"' not in signed_in.get(inlet.get_absolute_url()).content.decode()
    )


@pytest.mark.django_db
def test_disabling_offers_undo(signed_in: Client) -> None:
    inlet = make_integration()
    path = inlet.get_absolute_url()
    page = signed_in.post(f"{path}disable/", follow=True)
    inlet.refresh_from_db()
    assert inlet.disabled_at
    assert f'action="{path}enable/"' in page.content.decode()
    assert "Disabled just now : nothing more is taken." in text_of(page)
    signed_in.post(f"{path}enable/")
    inlet.refresh_from_db()
    assert inlet.disabled_at is None


@pytest.mark.django_db
@pytest.mark.parametrize(
    "act", ["edit", "test", "rotate", "disable", "enable", "../new"]
)
def test_viewers_look_and_change_nothing(sign_in: SignIn, act: str) -> None:
    inlet, viewer = make_integration(), sign_in(role="viewer")
    path = inlet.get_absolute_url()
    page = viewer.get(path)
    assert page.status_code == 200
    assert f"{path}rotate/" not in page.content.decode()
    act_path = "/integrations/new/" if act == "../new" else f"{path}{act}/"
    assert viewer.post(act_path, VALUES).status_code == 403
    assert Integration.objects.count() == 1
    assert not Event.objects.exists()


@pytest.mark.django_db
def test_waiting_turns_into_the_event(signed_in: Client) -> None:
    inlet = make_integration()
    path = f"{inlet.get_absolute_url()}events/"
    assert "Waiting for the first event…" in text_of(signed_in.get(path))
    receive(inlet, incoming())
    part = signed_in.get(path, headers={"HX-Request": "true"}).content.decode()
    assert part.lstrip().startswith('<div id="integration-events"')
    assert "orders failed" in part
    assert "Waiting" not in part


@pytest.mark.django_db
def test_the_tail_says_what_each_event_became(signed_in: Client) -> None:
    inlet = make_integration()
    receive(inlet, incoming(), at=NOON)
    receive(inlet, incoming(), at=NOON + timedelta(minutes=1))
    receive(inlet, incoming(status="acknowledged"), at=NOON + timedelta(minutes=2))
    receive(inlet, incoming(status="resolved"), at=NOON + timedelta(minutes=3))
    receive(inlet, incoming(status="resolved"), at=NOON + timedelta(minutes=4))
    receive(inlet, problem="title: This field is required.")
    receive(inlet, path="/api/v1/lineage")
    receive(inlet, incoming(), incoming("Stock failed", dedup_key="stock"))
    page = signed_in.get(inlet.get_absolute_url()).content.decode()
    rows = re.findall(r'<li class="row" id="event.*?</li>', page, re.DOTALL)
    plain = [re.sub(r"\s+", " ", re.sub("<[^>]+>", " ", row)) for row in rows]
    wanted = [
        "opened 2 alerts: orders failed",
        "kept Runs, lineage or a change for the catalog",
        "not understood title: This field is required.",
        "kept Nothing was open that it could resolve or acknowledge",
        "resolved orders failed",
        "acknowledged orders failed",
        "repeated orders failed",
        "opened orders failed",
    ]
    assert len(plain) == len(wanted)
    for row, words in zip(plain, wanted, strict=True):
        assert words in row
    alert = Alert.objects.earliest("pk")
    assert f'href="{alert.get_absolute_url()}"' in rows[-1]


@pytest.mark.django_db
def test_an_alert_closed_by_a_person_was_not_resolved_by_its_last_event(
    signed_in: Client,
) -> None:
    inlet = make_integration()
    receive(inlet, incoming(), at=NOON)
    receive(inlet, incoming(), at=NOON + timedelta(minutes=1))
    Alert.objects.update(status="resolved", resolved_at=NOON + timedelta(hours=1))
    page = text_of(signed_in.get(f"{inlet.get_absolute_url()}events/"))
    assert "repeated orders failed" in page


@pytest.mark.django_db
def test_the_tail_is_paged_and_narrowed_by_address(signed_in: Client) -> None:
    inlet, at = make_integration(), NOON
    for number in range(60):
        receive(inlet, problem=f"problem {number}." if number % 2 else "", at=at)
    path = inlet.get_absolute_url()
    first = signed_in.get(path).content.decode()
    older = re.search(r'rel="next" href="([^"]+)"', first)
    assert older
    second = signed_in.get(html.unescape(older[1])).content.decode()
    assert first.count('<li class="row" id="event') == 50
    assert second.count('<li class="row" id="event') == 10
    assert "sse:changed" not in second.split('id="integration-events"')[1]
    problems = signed_in.get(f"{path}?show=problems").content.decode()
    assert problems.count('<li class="row" id="event') == 30


@pytest.mark.django_db
@pytest.mark.parametrize("before", ["x", "0", "9" * 30, "-1", "١"])
def test_a_strange_page_of_the_tail_is_not_found(
    signed_in: Client, before: str
) -> None:
    path = make_integration().get_absolute_url()
    assert signed_in.get(f"{path}?before={before}").status_code == 404


@pytest.mark.django_db
def test_the_strip_shows_24_hours_and_counts_to_a_bound(signed_in: Client) -> None:
    inlet, now = make_integration(), timezone.now()
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO alerts_event (integration_id, received_at, path, body, "
            "problem, alert_ids, has_catalog_facts) "
            "SELECT %s, %s, '', '', '', '{}', false FROM generate_series(1, 10500)",
            [inlet.pk, now],
        )
    RefusedCount.objects.create(
        integration=inlet, minute=now, reason="unparsed", count=3
    )
    part = signed_in.get(f"{inlet.get_absolute_url()}state/")
    assert part.content.decode().count('class="cell"') == 24
    assert "in 24 hours more than 10,000 events, 3 not understood." in text_of(part)
    assert "more than 1,000 events, 3 not understood" in text_of(part)


@pytest.mark.django_db
@pytest.mark.parametrize("format_", FORMATS)
def test_a_test_event_is_read_and_leaves_nothing_firing(
    signed_in: Client, format_: str
) -> None:
    inlet = make_integration(format=format_)
    answer = signed_in.post(f"{inlet.get_absolute_url()}test/")
    assert answer.status_code == 302
    event, alert = Event.objects.get(), Alert.objects.get()
    assert event.alert_ids == [alert.pk]
    assert not event.has_catalog_facts
    assert (alert.status, alert.pages, alert.asset_name) == ("resolved", False, "")
    page = signed_in.get(event.get_absolute_url())
    assert "opened, resolved" in text_of(page)


@pytest.mark.django_db
def test_with_htmx_a_test_event_shows_itself(signed_in: Client) -> None:
    inlet = make_integration()
    path = f"{inlet.get_absolute_url()}test/"
    answer = signed_in.post(path, headers={"HX-Request": "true"})
    assert answer.status_code == 204
    assert Event.objects.exists()


@pytest.mark.django_db
@pytest.mark.parametrize(
    "path",
    ["integrations/9/", "integrations/9/state/", "events/9/", "events/9/raw/"]
    + ["alerts/9/", "integrations/9/events/", "integrations/9/edit/"],
)
def test_what_is_not_there_is_404(signed_in: Client, path: str) -> None:
    assert signed_in.get(f"/{path}").status_code == 404


@contextmanager
def listening(server: httpx.Client, *inlets: Integration) -> Iterator[Iterator[str]]:
    """The lines an open page of the inlets hears."""
    client = Client()
    client.force_login(make_user(role="viewer"))
    cookie = f"sessionid={client.cookies['sessionid'].value}"
    topics = "&".join(f"topic=integration:{one.pk}" for one in inlets)
    with server.stream("GET", f"/live/?{topics}", headers={"Cookie": cookie}) as heard:
        lines = heard.iter_lines()
        assert next(lines) == ": here"
        yield (line for line in lines if line.startswith("data:"))


def test_an_event_is_announced_to_open_pages(server: httpx.Client) -> None:
    inlet = make_integration()
    with listening(server, inlet) as lines:
        send_test_event(inlet, by=make_user(), at=timezone.now())
        assert next(lines) == f"data: integration:{inlet.pk}"


def test_a_storm_does_not_announce_each_event(server: httpx.Client) -> None:
    storm, last = make_integration(), make_integration()
    with listening(server, storm, last) as lines:
        for _ in range(60):
            receive(storm, incoming())
        receive(last, incoming())
        told = list(
            takewhile(lambda line: line != f"data: integration:{last.pk}", lines)
        )
    assert 1 <= len(told) <= 30
