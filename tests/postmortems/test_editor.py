"""The editor without JavaScript: nothing typed is lost, whatever is pressed."""

from typing import Any

import pytest
from django.test import Client
from django.utils.html import escape

from accounts.models import User
from postmortems.blameless import check
from postmortems.models import Postmortem
from postmortems.services import save_text
from tests.factories import NOON, make_incident, make_postmortem, make_user
from tests.postmortems.test_pages import html, text_of

pytestmark = pytest.mark.django_db

BLAMING = "## Summary\n\nRobin forgot to restart it. 😀 This was human error.\n"


@pytest.fixture
def postmortem() -> Postmortem:
    return make_postmortem(body=BLAMING)


def post(client: Client, postmortem: Postmortem, act: str, **values: Any) -> Any:
    return client.post(
        f"{postmortem.get_absolute_url()}{act}/", text_of(postmortem, **values)
    )


def test_the_editor_shows_text_preview_findings_and_what_is_missing(
    signed_in: Client, postmortem: Postmortem
) -> None:
    shown = html(signed_in.get(f"{postmortem.get_absolute_url()}edit/"))
    assert escape(BLAMING) in shown
    assert 'class="finding"' in shown
    assert "Use this wording" in shown
    assert "No action items yet" in shown
    assert "Facts on record" in shown


def test_a_stale_save_shows_both_texts_and_overwrites_nothing(
    signed_in: Client, postmortem: Postmortem
) -> None:
    save_text(
        postmortem_id=postmortem.pk,
        version=1,
        body="theirs alone\n",
        by=make_user(name="Kim Brook"),
        at=NOON,
    )
    refused = html(
        post(signed_in, postmortem, "edit", title="My title", body="mine alone\n"), 409
    )
    assert "<del>theirs alone</del>" in refused
    assert "<ins>mine alone</ins>" in refused
    assert ">\nmine alone\n</textarea>" in refused
    assert 'value="My title"' in refused
    assert "by Kim Brook" in refused
    postmortem.refresh_from_db()
    assert (postmortem.version, postmortem.body) == (2, "theirs alone\n")
    again = post(signed_in, postmortem, "edit", body="mine alone\n", version=2)
    assert again.status_code == 302
    stored = postmortem.versions.order_by("version").values_list("body", flat=True)
    assert list(stored) == [BLAMING, "theirs alone\n", "mine alone\n"]


def test_a_save_that_arrives_twice_is_saved_once(
    signed_in: Client, postmortem: Postmortem
) -> None:
    for _ in range(2):
        assert post(signed_in, postmortem, "edit", body="x").status_code == 302
    assert postmortem.versions.count() == 2


def test_a_save_after_publication_keeps_what_was_typed(signed_in: Client) -> None:
    published = make_postmortem(status="published")
    refused = html(post(signed_in, published, "edit", body="typed too late"), 409)
    assert "typed too late</textarea>" in refused
    assert "Return it to draft" in refused


@pytest.mark.parametrize("wrong", [{"title": ""}, {"version": "x"}, {"version": ""}])
def test_a_form_with_errors_comes_back_with_its_text(
    signed_in: Client, postmortem: Postmortem, wrong: dict[str, str]
) -> None:
    shown = html(post(signed_in, postmortem, "edit", **{"body": "typed", **wrong}), 422)
    assert "typed</textarea>" in shown
    assert "field__error" in shown
    assert postmortem.versions.count() == 1


def test_the_preview_saves_nothing_and_keeps_the_text(
    signed_in: Client, postmortem: Postmortem
) -> None:
    shown = html(post(signed_in, postmortem, "preview", body="**loud**\r\n"))
    assert "<strong>loud</strong>" in shown
    assert "**loud**\n</textarea>" in shown
    assert "Not saved yet" in shown
    assert postmortem.versions.count() == 1


def test_htmx_gets_the_preview_and_the_margin_alone(
    signed_in: Client, postmortem: Postmortem
) -> None:
    part = signed_in.post(
        f"{postmortem.get_absolute_url()}preview/",
        text_of(postmortem, body="This was human error."),
        headers={"HX-Request": "true"},
    )
    shown = html(part)
    assert "<textarea" not in shown
    assert shown.count("hx-swap-oob") == 3
    assert "Use this wording" in shown


def test_one_wording_is_used_at_its_place(
    signed_in: Client, postmortem: Postmortem
) -> None:
    finding = check(BLAMING)[-1]
    place = f"{finding.start}:{finding.end}"
    crlf = BLAMING.replace("\n", "\r\n")
    shown = html(post(signed_in, postmortem, "reword", body=crlf, finding=place))
    expected = BLAMING[: finding.start] + finding.suggestion + BLAMING[finding.end :]
    assert f">\n{escape(expected)}</textarea>" in shown
    assert postmortem.versions.count() == 1


def test_a_wording_for_a_text_that_changed_leaves_it_alone(
    signed_in: Client, postmortem: Postmortem
) -> None:
    shown = html(post(signed_in, postmortem, "reword", body="New.", finding="0:9"))
    assert ">\nNew.</textarea>" in shown
    assert "nothing was put in" in shown


def test_a_fact_is_put_into_its_section(signed_in: Client) -> None:
    incident = make_incident(status="resolved", resolved_at=NOON)
    incident.record(incident.timeline.model.Kind.NOTE, "Rows were missing", at=NOON)
    postmortem = make_postmortem(incident=incident)
    shown = html(
        post(
            signed_in,
            postmortem,
            "put-in",
            body="## Timeline\n\n- 10:00: before\n\n## Lessons\n",
            fact="Timeline:0",
        )
    )
    text = shown.split('<textarea class="editor__text"')[1].split("</textarea>")[0]
    assert "before\n- 12:00 UTC" in text
    assert "Rows were missing\n\n## Lessons" in text
    html(post(signed_in, postmortem, "put-in", fact="Nonsense"))


def test_somebody_elses_save_is_news_and_ones_own_is_not(
    signed_in: Client, user: User, postmortem: Postmortem
) -> None:
    url = f"{postmortem.get_absolute_url()}news/?version=1"
    save_text(postmortem_id=postmortem.pk, version=1, body="a", by=user, at=NOON)
    assert "meanwhile" not in html(signed_in.get(url))
    kim = make_user(name="Kim Brook")
    save_text(postmortem_id=postmortem.pk, version=2, body="b", by=kim, at=NOON)
    assert "Kim Brook saved version 3 meanwhile" in html(signed_in.get(url))
    html(signed_in.get(f"{postmortem.get_absolute_url()}news/?version=x"))


def test_a_published_text_is_not_opened_for_editing(signed_in: Client) -> None:
    published = make_postmortem(status="published")
    answer = signed_in.get(f"{published.get_absolute_url()}edit/")
    assert answer.headers["Location"] == published.get_absolute_url()
