"""The stream of changes: what open pages hear, and what they cannot miss."""

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from queue import Empty, Queue

import httpx
import pytest
from django.test import Client

from accounts.models import User
from incidents.services import add_note, resolve_incident
from tests.factories import NOON, make_incident, make_user

HEARD_SECONDS = 5.0


@contextmanager
def listening(
    server: httpx.Client, user: User, query: str, of: str = "data: "
) -> Iterator[Queue[str]]:
    """The topics that `/live/?query` announces, as they come, or their events."""
    browser = Client()
    browser.force_login(user)
    cookies = {name: morsel.value for name, morsel in browser.cookies.items()}
    heard: Queue[str] = Queue()
    client = httpx.Client(base_url=server.base_url, cookies=cookies, timeout=20)
    with client, client.stream("GET", f"/live/?{query}") as response:
        lines = response.iter_lines()
        assert next(lines) == ": here"

        def read() -> None:
            try:
                for line in lines:
                    if line.startswith(of):
                        heard.put(line.removeprefix(of))
            except httpx.HTTPError:
                return  # the test is over

        threading.Thread(target=read, daemon=True).start()
        yield heard


def test_a_change_is_announced_to_those_who_listen(
    server: httpx.Client, user: User
) -> None:
    incident, other = make_incident(), make_incident()
    with listening(server, user, f"topic={incident.subject}") as heard:
        add_note(incident_id=other.pk, text="x", by=user, at=NOON)
        add_note(incident_id=incident.pk, text="x", by=user, at=NOON)
        assert heard.get(timeout=HEARD_SECONDS) == incident.subject
        with pytest.raises(Empty):
            heard.get(timeout=0.5)


def test_the_numbers_of_the_frame_are_announced_apart_from_the_parts_of_a_page(
    server: httpx.Client, user: User
) -> None:
    incident, other = make_incident(), make_incident()
    query = f"topic={incident.subject}&count=incidents"
    with listening(server, user, query, of="event: ") as heard:
        resolve_incident(incident_id=other.pk, by=user, at=NOON)
        assert heard.get(timeout=HEARD_SECONDS) == "counted"
        with pytest.raises(Empty):
            heard.get(timeout=0.5)


def test_the_numbers_of_the_frame_are_what_this_reader_may_see(
    signed_in: Client, user: User
) -> None:
    make_incident()
    make_incident(private=True)
    assert signed_in.get("/counts/").json() == {"open_incidents": 1, "needs_you": 0}


def test_a_change_between_rendering_and_connecting_is_announced_at_once(
    server: httpx.Client, user: User
) -> None:
    incident = make_incident()
    with listening(server, user, f"topic={incident.subject}") as warm:
        rendered = time.time()
        add_note(incident_id=incident.pk, text="x", by=user, at=NOON)
        warm.get(timeout=HEARD_SECONDS)
    query = f"topic={incident.subject}&since={rendered}"
    with listening(server, user, query) as heard:
        assert heard.get(timeout=HEARD_SECONDS) == incident.subject
    query = f"topic={incident.subject}&since={time.time() + 1}"
    with listening(server, user, query) as heard, pytest.raises(Empty):
        heard.get(timeout=0.5)


@pytest.mark.parametrize("since", ["", "since=", "since=x", "since=nan"])
def test_without_a_moment_nothing_is_announced_at_first(
    server: httpx.Client, user: User, since: str
) -> None:
    query = f"topic=incidents&{since}"
    with listening(server, user, query) as heard, pytest.raises(Empty):
        heard.get(timeout=0.5)


def test_a_page_rendered_before_this_process_heard_anything_asks_for_all(
    server: httpx.Client, user: User
) -> None:
    query = "topic=incidents&topic=oncall&since=1"
    with listening(server, user, query) as heard:
        first = {heard.get(timeout=HEARD_SECONDS) for _ in range(2)}
    assert first == {"incidents", "oncall"}


def test_nobody_hears_of_what_they_may_not_see(
    server: httpx.Client, user: User
) -> None:
    hidden, other = make_incident(private=True), make_user()
    query = f"topic={hidden.subject}&topic=user:{other.pk}&since=1"
    with listening(server, user, query) as heard, pytest.raises(Empty):
        heard.get(timeout=0.5)
    assert server.get(f"/live/?topic={hidden.subject}").status_code == 401
