"""Sections, what they lack, and what is put into them."""

from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from postmortems.diffing import line_diff
from postmortems.drafting import draft
from postmortems.facts import IncidentFacts, Moment
from postmortems.outline import (
    NO_ACTION_ITEMS,
    UNKNOWN,
    insert,
    missing,
    sections,
    snippets,
    with_action_items,
)
from tests.factories import NOON
from tests.postmortems.test_drafting import FULL, MADRID

TEXT = """Before.

## Impact

Much.

## Timeline

- 02:10: it began
<!-- What else? -->

## Lessons

"""


def test_sections_are_found_by_their_headings() -> None:
    assert [s.heading for s in sections(TEXT)] == ["Impact", "Timeline", "Lessons"]
    assert sections(TEXT)[0].prose == "Much."


def test_headings_in_code_are_code() -> None:
    text = "## One\n\n```\n## not a heading\n```\n\n## Two\n"
    assert [s.heading for s in sections(text)] == ["One", "Two"]


def test_empty_sections_and_open_questions_are_missing() -> None:
    found = missing(TEXT)
    assert found.gaps == ("“Lessons” is empty.",)
    assert [(q.section, q.text) for q in found.questions] == [
        ("Timeline", "What else?")
    ]


def test_a_draft_of_nothing_says_what_is_unknown() -> None:
    body = draft(IncidentFacts(1, "t", "SEV3"), tz=MADRID).body_markdown
    assert NO_ACTION_ITEMS in body
    assert set(UNKNOWN) <= set(missing(body).gaps)


def test_a_fact_goes_to_the_end_of_its_section() -> None:
    text = insert(TEXT, section="Impact", snippet="More.")
    assert sections(text)[0].prose == "Much.\n\nMore."
    assert text.startswith("Before.\n\n## Impact\n\nMuch.\n\nMore.\n\n## Timeline")


def test_a_line_joins_the_list_above_it() -> None:
    text = insert("## Timeline\n\n- a\n", section="Timeline", snippet="- b")
    assert text == "## Timeline\n\n- a\n- b\n"


def test_without_its_section_a_fact_goes_to_the_end() -> None:
    assert insert("Text", section="Impact", snippet="More.") == "Text\n\nMore.\n"
    assert insert("", section="Impact", snippet="More.") == "More.\n"


@given(st.text("ab#\n -"), st.text("ab#\n -"), st.text("ab -", min_size=1))
def test_putting_in_loses_nothing(before: str, after: str, snippet: str) -> None:
    body = f"{before}\n## Impact\n{after}"
    whole = Counter(insert(body, section="Impact", snippet=snippet))
    expected = Counter(body + snippet)
    whole["\n"] = expected["\n"] = 0
    assert whole == expected


def test_a_draft_gives_its_facts_in_pieces() -> None:
    groups = dict(snippets(draft(FULL, tz=MADRID).body_markdown))
    assert len(groups["Timeline"]) == len(FULL.timeline)
    assert all(piece.text.startswith("- ") for piece in groups["Timeline"])
    dashboards = [p.text for p in groups["Impact"] if "`Revenue`" in p.text]
    assert dashboards[0].startswith("Of these, people use 2 dashboards:\n\n- `Revenue`")
    keys = [piece.key for pieces in groups.values() for piece in pieces]
    assert len(set(keys)) == len(keys)


def test_recorded_action_items_stand_where_there_were_none() -> None:
    facts = IncidentFacts(1, "t", "SEV3", timeline=(Moment(NOON, "it began"),))
    body = draft(facts, tz=MADRID).body_markdown
    shown = with_action_items(body, ["[ ] Alert on empty loads"])
    assert "- [ ] Alert on empty loads" in shown
    assert NO_ACTION_ITEMS not in shown
    assert with_action_items(body, []) == body


@pytest.mark.parametrize(
    ("old", "new", "kinds"),
    [
        ("a\nb", "a\nb", []),
        ("a\nb", "a\nc", ["same", "del", "ins"]),
        ("", "a", ["ins"]),
    ],
)
def test_a_diff_names_each_line(old: str, new: str, kinds: list[str]) -> None:
    assert [line.kind for line in line_diff(old, new)] == kinds


@given(old=st.text("ab\n"), new=st.text("ab\n"))
def test_a_diff_holds_all_that_was_added_and_taken_away(old: str, new: str) -> None:
    lines = line_diff(old, new)
    added = [line.text for line in lines if line.kind in ("ins", "same")]
    taken = [line.text for line in lines if line.kind in ("del", "same")]
    assert set(new.splitlines()) - set(old.splitlines()) <= set(added)
    assert set(old.splitlines()) - set(new.splitlines()) <= set(taken)
