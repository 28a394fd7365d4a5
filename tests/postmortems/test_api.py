"""The API of postmortems as docs/api.md promises it."""

import json
from typing import Any

import pytest
from django.test import Client

from accounts.models import User
from postmortems.access import readable_topics
from postmortems.models import ActionItem, Postmortem
from tests.factories import (
    NOON,
    make_action_item,
    make_incident,
    make_postmortem,
    make_user,
)
from tests.postmortems.test_pages import SignIn, resolved

pytestmark = pytest.mark.django_db

URL = "/api/v1/postmortems/"
ITEMS = "/api/v1/action-items/"


def call(
    client: Client, method: str, path: str, body: object = None, status: int = 200
) -> Any:
    response = client.generic(
        method,
        path,
        "" if body is None else json.dumps(body),
        content_type="application/json",
    )
    assert response.status_code == status, response.content
    return response.json()


def test_a_draft_is_made_once(signed_in: Client) -> None:
    incident = resolved()
    made = call(signed_in, "POST", URL, {"incident": incident.pk}, 201)
    assert made["incident"] == incident.pk
    assert (made["status"], made["version"]) == ("draft", 1)
    assert "## Summary" in made["body"]
    assert made["url"].endswith(f"/postmortems/{made['id']}/")
    again = call(signed_in, "POST", URL, {"incident": incident.pk}, 409)
    assert again["current"] == made
    assert again["detail"]


def test_an_open_incident_has_none_yet(signed_in: Client) -> None:
    answer = call(signed_in, "POST", URL, {"incident": make_incident().pk}, 409)
    assert "not resolved" in answer["detail"]


@pytest.mark.parametrize(
    "body", [{}, {"incident": 0}, {"incident": "x"}, {"incident": 10**30}, [], "x"]
)
def test_a_bad_request_for_a_draft_is_told_so(signed_in: Client, body: Any) -> None:
    call(signed_in, "POST", URL, body, 400)


def test_a_save_on_an_old_version_gets_the_newer_text(signed_in: Client) -> None:
    path = f"{URL}{make_postmortem().pk}/"
    saved = call(signed_in, "PATCH", path, {"body": " two ", "version": 1})
    assert (saved["version"], saved["body"]) == (2, " two ")
    stale = call(signed_in, "PATCH", path, {"body": "mine", "version": 1}, 409)
    assert (stale["current"]["version"], stale["current"]["body"]) == (2, " two ")
    assert call(signed_in, "GET", path)["body"] == " two "


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"body": "x"}, "version"),
        ({"body": "x", "version": "one"}, "version"),
        ({"body": 7.5, "version": None}, "version"),
        ({"title": "", "version": 1}, "title"),
        ({"status": "published", "version": 1}, "status"),
    ],
)
def test_a_bad_save_names_the_field(
    signed_in: Client, body: dict[str, Any], field: str
) -> None:
    path = f"{URL}{make_postmortem().pk}/"
    assert field in call(signed_in, "PATCH", path, body, 400)


def test_the_steps_lead_to_published_and_back(signed_in: Client) -> None:
    path = f"{URL}{make_postmortem().pk}/"
    for step, status in (
        ("submit", "in_review"),
        ("approve", "approved"),
        ("publish", "published"),
        ("return", "draft"),
    ):
        assert call(signed_in, "POST", f"{path}{step}/")["status"] == status
    refused = call(signed_in, "POST", f"{path}publish/", status=409)
    assert refused["current"] == "draft"


def test_a_published_text_is_refused_with_its_status(signed_in: Client) -> None:
    path = f"{URL}{make_postmortem(status='published').pk}/"
    refused = call(signed_in, "PATCH", path, {"body": "x", "version": 1}, 409)
    assert refused["current"] == "published"


def test_the_check_gives_offsets_in_characters(signed_in: Client) -> None:
    text = "😀 This was human error."
    answer = call(signed_in, "POST", f"{URL}check/", {"text": text})
    (finding,) = answer["findings"]
    assert text[finding["start"] : finding["end"]] == finding["text"] == "human error"
    assert finding["level"] == "blame"
    assert finding.keys() == {
        *("start", "end", "text", "level", "kind", "why", "suggestion")
    }
    assert call(signed_in, "POST", f"{URL}check/", {"text": ""}) == {"findings": []}
    call(signed_in, "POST", f"{URL}check/", {"text": None}, 400)


def test_the_list_is_paged_and_narrowed(signed_in: Client) -> None:
    first, second = make_postmortem(status="published"), make_postmortem(title="Other")
    listed = call(signed_in, "GET", URL)
    assert [one["id"] for one in listed["results"]] == [second.pk, first.pk]
    assert listed.keys() == {"next", "previous", "results"}

    def found(query: str) -> list[int]:
        return [one["id"] for one in call(signed_in, "GET", URL + query)["results"]]

    assert found("?status=published") == [first.pk]
    assert found("?q=other") == [second.pk]
    assert found(f"?incident={first.incident_id}") == [first.pk]
    call(signed_in, "GET", f"{URL}?status=lost", status=400)


def test_the_export_is_the_document(signed_in: Client) -> None:
    path = f"{URL}{make_postmortem(title='Late').pk}/export/"
    markdown = signed_in.get(path, {"as": "md"})
    assert markdown.content.startswith(b"# Late\n\n## Summary")
    assert markdown.headers["Content-Type"].startswith("text/markdown")
    assert b"<h2>Summary</h2>" in signed_in.get(path, {"as": "html"}).content
    assert "as" in call(signed_in, "GET", f"{path}?as=pdf", status=400)


def test_action_items_are_added_changed_and_done(signed_in: Client) -> None:
    postmortem, ana = make_postmortem(), make_user()
    made = call(
        signed_in,
        "POST",
        ITEMS,
        {
            "title": "Alert on empty loads",
            "owner": ana.email,
            "due": "2026-04-01",
            "kind": "detect",
            "priority": "high",
            "postmortem": postmortem.pk,
        },
        201,
    )
    assert made["owner"] == ana.email
    assert (made["due"], made["kind"], made["status"]) == (
        "2026-04-01",
        "detect",
        "open",
    )
    assert made["incident"] == postmortem.incident_id
    path = f"{ITEMS}{made['id']}/"
    done = call(signed_in, "PATCH", path, {"done": True, "owner": None})
    assert (done["status"], done["owner"]) == ("done", None)
    assert done["done_at"].endswith("Z")
    assert call(signed_in, "PATCH", path, {"done": False})["done_at"] is None


def test_an_action_item_may_hang_from_an_incident_alone(signed_in: Client) -> None:
    incident = make_incident()
    made = call(signed_in, "POST", ITEMS, {"title": "x", "incident": incident.pk}, 201)
    assert (made["incident"], made["postmortem"]) == (incident.pk, None)
    assert (made["kind"], made["priority"], made["due"]) == ("prevent", "medium", None)


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"title": ""}, "title"),
        ({"owner": "nobody@example.com"}, "owner"),
        ({"due": "tomorrow"}, "due"),
        ({"kind": "blame"}, "kind"),
        ({"priority": "urgent"}, "priority"),
        ({"incident": None}, "incident"),
        ({"incident": 10**12}, "incident"),
        ({"postmortem": 10**12}, "postmortem"),
        ({"owners": "x"}, "owners"),
    ],
)
def test_a_bad_action_item_names_the_field(
    signed_in: Client, change: dict[str, Any], field: str
) -> None:
    body = {"title": "x", "incident": make_incident().pk, **change}
    assert field in call(signed_in, "POST", ITEMS, body, 400)
    assert not ActionItem.objects.exists()


def test_action_items_are_narrowed(signed_in: Client) -> None:
    postmortem, ana = make_postmortem(), make_user()
    mine = make_action_item(postmortem, owner=ana, due_on=NOON.date())
    done = make_action_item(postmortem, done_at=NOON)

    def found(query: str) -> list[int]:
        return [one["id"] for one in call(signed_in, "GET", ITEMS + query)["results"]]

    assert found("") == [done.pk, mine.pk]
    assert found("?status=open") == [mine.pk]
    assert found("?status=done") == [done.pk]
    assert found(f"?owner={ana.email}") == [mine.pk]
    assert found("?due_before=2026-03-30") == [mine.pk]


def test_private_ones_are_hidden_everywhere(signed_in: Client) -> None:
    private = make_postmortem(incident=resolved(private=True))
    item = make_action_item(private)
    assert call(signed_in, "GET", URL)["results"] == []
    assert call(signed_in, "GET", ITEMS)["results"] == []
    path = f"{URL}{private.pk}/"
    for method, address in (
        ("GET", path),
        ("PATCH", path),
        ("POST", f"{path}submit/"),
        ("GET", f"{path}export/"),
        ("GET", f"{ITEMS}{item.pk}/"),
        ("PATCH", f"{ITEMS}{item.pk}/"),
    ):
        call(signed_in, method, address, {"version": 1, "body": "x"}, 404)
    for name, key in (("incident", private.incident_id), ("postmortem", private.pk)):
        call(signed_in, "POST", ITEMS, {"title": "x", name: key}, 400)
    call(signed_in, "POST", URL, {"incident": private.incident_id}, 400)


def test_a_viewer_reads_and_may_not_write(sign_in: SignIn) -> None:
    viewer = sign_in(role="viewer")
    path = f"{URL}{make_postmortem().pk}/"
    call(viewer, "GET", path)
    call(viewer, "PATCH", path, {"body": "x", "version": 1}, 403)
    call(viewer, "POST", f"{path}submit/", {}, 403)


def test_changes_of_private_ones_are_announced_to_those_who_may_see(user: User) -> None:
    shown = make_postmortem()
    hidden = make_postmortem(incident=resolved(private=True))
    topics = [f"postmortem:{one.pk}" for one in (shown, hidden)]
    asked = [*topics, "incidents", "postmortem:x", "postmortem:", "nonsense"]
    assert readable_topics(user, asked) == [topics[0], "incidents"]
    assert readable_topics(make_user(role="admin"), topics) == topics
    assert Postmortem.objects.visible_to(user).count() == 1
