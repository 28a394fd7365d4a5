"""The pages, as a browser without JavaScript uses them."""

import re
from collections.abc import Callable
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from accounts.models import User
from incidents.models import Incident
from postmortems.models import Postmortem
from tests.factories import (
    NOON,
    make_action_item,
    make_incident,
    make_postmortem,
    make_user,
)

pytestmark = pytest.mark.django_db

SignIn = Callable[..., Client]


def html(response: Any, status: int = 200) -> str:
    assert response.status_code == status, response.content.decode()[:2000]
    return str(response.content.decode())


def resolved(**values: Any) -> Incident:
    return make_incident(status="resolved", resolved_at=NOON, **values)


def text_of(postmortem: Postmortem, **values: Any) -> dict[str, Any]:
    """What the editor sends."""
    return {
        "title": postmortem.title,
        "body": postmortem.body,
        "version": postmortem.version,
        **values,
    }


def test_from_a_resolved_incident_to_a_published_document(signed_in: Client) -> None:
    incident = resolved(title="Orders were late")
    drafted = signed_in.post("/postmortems/", {"incident": incident.pk}, follow=True)
    assert "Drafted from what was recorded" in html(drafted)
    postmortem = Postmortem.objects.get()
    url = postmortem.get_absolute_url()
    body = postmortem.body + "We learned to look.\n"
    sent = text_of(postmortem, body=body.replace("\n", "\r\n"))
    assert "Saved as version 2" in html(
        signed_in.post(f"{url}edit/", sent, follow=True)
    )
    for step in ("submit", "approve", "publish"):
        html(signed_in.post(f"{url}{step}/", follow=True))
    postmortem.refresh_from_db()
    assert (postmortem.status, postmortem.version) == ("published", 2)
    assert postmortem.body == body
    shown = html(signed_in.get(url))
    assert "We learned to look." in shown
    assert "To answer:" not in shown


def test_a_second_draft_leads_to_the_first(signed_in: Client) -> None:
    postmortem = make_postmortem()
    again = signed_in.post("/postmortems/", {"incident": postmortem.incident_id})
    assert again.headers["Location"] == postmortem.get_absolute_url()
    assert Postmortem.objects.count() == 1


def test_an_open_incident_is_refused_in_words(signed_in: Client) -> None:
    refused = signed_in.post("/postmortems/", {"incident": make_incident().pk})
    assert "is not resolved yet" in html(refused, 409)


@pytest.mark.parametrize("incident", ["", "x", "0", "9" * 30])
def test_drafting_of_no_incident_is_not_found(signed_in: Client, incident: str) -> None:
    html(signed_in.post("/postmortems/", {"incident": incident}), 404)


def test_a_step_that_cannot_follow_is_refused_in_words(signed_in: Client) -> None:
    url = make_postmortem().get_absolute_url()
    assert "cannot be published" in html(signed_in.post(f"{url}publish/"), 409)


def test_a_returned_postmortem_shows_why(signed_in: Client, user: User) -> None:
    url = make_postmortem(status="in_review", by=user).get_absolute_url()
    sent = signed_in.post(f"{url}return/", {"note": "Name the trigger."}, follow=True)
    assert "Name the trigger." in html(sent)


def test_until_it_is_published_the_document_asks_its_questions(
    signed_in: Client,
) -> None:
    body = "## Summary\n\nLate.\n\n## Lessons\n\n<!-- What did we learn? -->\n"
    draft = make_postmortem(body=body)
    published = make_postmortem(body=body, status="published")
    assert "What did we learn?" in html(signed_in.get(draft.get_absolute_url()))
    shown = html(signed_in.get(published.get_absolute_url()))
    assert "What did we learn?" not in shown
    assert "<h2>Lessons</h2>" not in shown


def test_a_draft_with_questions_asks_for_answers_before_a_review(
    signed_in: Client,
) -> None:
    primary = re.compile(r'btn btn--primary"[^>]*>([^<]+)<')
    body = "## Lessons\n\n<!-- What did we learn? -->\n"
    page = html(signed_in.get(make_postmortem(body=body).get_absolute_url()))
    assert primary.findall(page) == ["Edit"]
    assert "Questions left in the text: 1." in page
    answered = make_postmortem(body="## Lessons\n\nSend it sooner.\n")
    page = html(signed_in.get(answered.get_absolute_url()))
    assert primary.findall(page) == ["Submit for review"]


def test_script_in_the_text_is_not_run(signed_in: Client) -> None:
    postmortem = make_postmortem(body="<script>alert(1)</script><b onclick=x>hi</b>")
    url = postmortem.get_absolute_url()
    for page in (url, f"{url}edit/", f"{url}versions/1/"):
        shown = html(signed_in.get(page))
        assert "<script>alert(1)" not in shown
        assert "<b onclick" not in shown


def test_the_list_is_narrowed_by_status_and_text(signed_in: Client) -> None:
    make_postmortem(title="Orders late", status="published")
    make_postmortem(title="Payments gone")
    everything = html(signed_in.get("/postmortems/"))
    assert "Orders late" in everything
    assert "Payments gone" in everything
    published = html(signed_in.get("/postmortems/?status=published"))
    assert "Payments gone" not in published
    assert "Orders late" not in html(signed_in.get("/postmortems/?q=payments"))
    assert "Nothing like that" in html(signed_in.get("/postmortems/?q=nowhere"))
    html(signed_in.get("/postmortems/?status=nonsense&page=x"))


def test_an_empty_list_says_what_to_do_first(signed_in: Client) -> None:
    assert "Go to incidents" in html(signed_in.get("/postmortems/"))


def test_resolved_incidents_without_one_are_offered(signed_in: Client) -> None:
    make_incident(title="Open still")
    Incident.objects.filter(pk=resolved(title="Late again").pk).update(
        resolved_at="2126-01-01T00:00:00Z"
    )
    shown = html(signed_in.get("/postmortems/"))
    assert "Late again" in shown
    assert "Open still" not in shown


def test_versions_are_listed_compared_and_restored(signed_in: Client) -> None:
    postmortem = make_postmortem(body="first line\n")
    url = postmortem.get_absolute_url()
    signed_in.post(f"{url}edit/", text_of(postmortem, body="second line\n"))
    assert "Version 2" in html(signed_in.get(f"{url}versions/"))
    changes = html(signed_in.get(f"{url}versions/2/"))
    assert "<del>first line</del>" in changes
    assert "<ins>second line</ins>" in changes
    signed_in.post(f"{url}versions/1/restore/")
    postmortem.refresh_from_db()
    assert (postmortem.version, postmortem.body) == (3, "first line\n")


def test_a_version_that_is_not_there_is_not_found(signed_in: Client) -> None:
    url = make_postmortem().get_absolute_url()
    for number in ("7", "99999999999999999999"):
        html(signed_in.get(f"{url}versions/{number}/"), 404)
        html(signed_in.post(f"{url}versions/{number}/restore/"), 404)
    html(signed_in.get(f"{url}versions/1/?against=5"), 404)
    html(signed_in.get(f"{url}versions/1/?against=x"))


def test_the_export_is_a_file_with_a_readable_name(signed_in: Client) -> None:
    postmortem = make_postmortem(title="Orders late: again")
    make_action_item(postmortem)
    url = f"{postmortem.get_absolute_url()}export/"
    markdown = signed_in.get(url)
    assert html(markdown).startswith("# Orders late: again\n\n## Summary")
    name = f'filename="{postmortem.incident_id}-orders-late-again.md"'
    assert markdown.headers["Content-Disposition"] == f"attachment; {name}"
    as_html = html(signed_in.get(url, {"as": "html"}))
    assert "<h1" in as_html
    assert "<h2>Summary</h2>" in as_html
    assert "not available yet" in html(signed_in.get(url, {"as": "pdf"}), 400)
    html(signed_in.get(url, {"as": "doc"}), 400)


def test_recorded_action_items_stand_in_the_document(signed_in: Client) -> None:
    body = "## Action items\n\nNone recorded yet.\n"
    postmortem = make_postmortem(body=body, status="published")
    make_action_item(postmortem, title="Alert on empty loads")
    shown = html(signed_in.get(postmortem.get_absolute_url()))
    article = re.search(r"<article.*?</article>", shown, re.DOTALL)
    assert article is not None
    assert "Alert on empty loads" in article[0]
    assert "None recorded yet" not in article[0]


PAGES = ("", "edit/", "versions/", "versions/1/", "export/", "news/")


@pytest.mark.parametrize("page", PAGES)
def test_a_private_one_is_not_there_for_others(
    sign_in: SignIn, signed_in: Client, user: User, page: str
) -> None:
    private = make_postmortem(incident=resolved(private=True), title="Secret matter")
    url = private.get_absolute_url()
    html(signed_in.get(f"{url}{page}"), 404)
    private.incident.roles.create(role="scribe", user=user, assigned_at=NOON)
    html(signed_in.get(f"{url}{page}"))
    html(sign_in(role="admin").get(f"{url}{page}"))


def test_a_private_one_is_in_no_list_count_or_search(signed_in: Client) -> None:
    private = make_postmortem(
        incident=resolved(private=True, title="Secret matter"), title="Secret matter"
    )
    make_action_item(private, title="Secret deed")
    shown = html(signed_in.get("/postmortems/"))
    assert "Secret matter" not in shown
    assert 'All <span class="tab__count">0</span>' in shown
    for page in ("/action-items/", "/search/?q=secret"):
        assert "Secret" not in html(signed_in.get(page))
    html(signed_in.post("/postmortems/", {"incident": private.incident_id}), 404)


def test_private_action_items_are_closed_to_others(signed_in: Client) -> None:
    item = make_action_item(make_postmortem(incident=resolved(private=True)))
    for path in ("", "done/", "reopen/"):
        html(signed_in.post(f"{item.get_absolute_url()}{path}"), 404)
    item.refresh_from_db()
    assert not item.is_done


def test_search_finds_postmortems_and_action_items(signed_in: Client) -> None:
    make_action_item(make_postmortem(body="a stuck sensor"), title="Free the sensor")
    found = html(signed_in.get("/search/?q=sensor"))
    assert "Orders were late" in found
    assert "Free the sensor" in found


def test_a_viewer_reads_and_changes_nothing(sign_in: SignIn) -> None:
    viewer = sign_in(role="viewer")
    postmortem = make_postmortem()
    item = make_action_item(postmortem)
    url = postmortem.get_absolute_url()
    for page in ("", "versions/", "versions/1/", "export/"):
        html(viewer.get(f"{url}{page}"))
    shown = html(viewer.get(url))
    for word in ("Submit for review", "Add an action item", f"{url}edit/"):
        assert word not in shown
    assert 'id="action-form"' not in html(viewer.get(item.get_absolute_url()))
    html(viewer.get(f"{url}edit/"), 403)
    for act in ("edit/", "submit/", "return/", "versions/1/restore/", "action-items/"):
        html(viewer.post(f"{url}{act}"), 403)
    html(viewer.post(f"{item.get_absolute_url()}done/"), 403)
    html(viewer.post("/postmortems/", {"incident": postmortem.incident_id}), 403)


# The frame asks now and then who is on call; a query for each row would be more.
ADDED_ROWS = 5


def queries_of(client: Client, url: str) -> int:
    client.get(url)  # what is asked once and then known
    with CaptureQueriesContext(connection) as captured:
        html(client.get(url))
    return len(captured)


def test_the_list_costs_the_same_for_one_row_and_for_six(signed_in: Client) -> None:
    def fill(number: int) -> None:
        for _ in range(number):
            make_action_item(make_postmortem(by=make_user()), owner=make_user())

    urls = ("/postmortems/", "/action-items/", "/api/v1/postmortems/")
    fill(1)
    before = [queries_of(signed_in, url) for url in urls]
    fill(ADDED_ROWS)
    for url, fewer in zip(urls, before, strict=True):
        assert queries_of(signed_in, url) - fewer < ADDED_ROWS, url


def test_the_page_costs_the_same_whatever_hangs_from_it(signed_in: Client) -> None:
    postmortem = make_postmortem()
    url = postmortem.get_absolute_url()

    def fill(number: int) -> None:
        for _ in range(number):
            make_action_item(postmortem, owner=make_user())
            postmortem.steps.create(act="submitted", version=1, by=make_user(), at=NOON)

    fill(1)
    before = queries_of(signed_in, url)
    fill(ADDED_ROWS)
    assert queries_of(signed_in, url) - before < ADDED_ROWS
