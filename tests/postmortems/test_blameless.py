import gc
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from postmortems.blameless import check
from tests.postmortems.blameless_sentences import ADVICE, BLAME, CLEAN, lines

ALPHABET = """
Ana ana @ana the engineer should have been checked not failed to forgot human error by
fault Ana's blame is was careless more careful if only had why didn't because of due
root cause who that job never and , . ` ``` > - " “ ” ' ’ <!-- --> ** _ [ ]( ) ( | #
http://x a_b \ufffc
"""
PIECES = st.sampled_from([*ALPHABET.split(), "\n", "\n\n", "\x1e", "    "])
MARKDOWN = st.lists(PIECES | st.text(max_size=3), max_size=60).map(" ".join)


@pytest.mark.parametrize("sentence", lines(BLAME))
def test_blame_is_found(sentence: str) -> None:
    assert "blame" in {finding.level for finding in check(sentence)}


@pytest.mark.parametrize("sentence", lines(ADVICE))
def test_style_is_advised_upon_and_not_called_blame(sentence: str) -> None:
    assert {finding.level for finding in check(sentence)} == {"advice"}


@pytest.mark.parametrize("sentence", lines(CLEAN))
def test_harmless_sentences_are_left_alone(sentence: str) -> None:
    assert check(sentence) == []


@pytest.mark.parametrize("sentence", lines(BLAME) + lines(ADVICE))
def test_the_suggestions_are_themselves_without_blame(sentence: str) -> None:
    assert check(_reworded(sentence)) == []


@pytest.mark.parametrize(
    ("sentence", "reworded"),
    [
        (
            "The outage was caused by human error.",
            "The outage was caused by a system that made this mistake easy to make.",
        ),
        (
            "We think Ana should have checked the logs.",
            "We think checking the logs was not part of the process at that point.",
        ),
        (
            "The mistake was made by the new hire.",
            "The mistake was easy to make.",
        ),
        (
            "She failed to notice that the disk was full.",
            "Nothing showed at that point that the disk was full.",
        ),
        ("Juan ran the wrong job.", "The tooling allowed running the wrong job."),
        ("There should have been an alert.", "There was no alert."),
        ("Ana is to blame for it.", "Several conditions contributed to it."),
        ("**Ana** forgot the key.", "There was no reminder about the key."),
        ("[Ana](/u/1) forgot the key.", "There was no reminder about the key."),
        (
            "It failed because of a careless change.",
            "It failed because of a change that no check caught.",
        ),
    ],
)  # fmt: skip
def test_a_suggestion_can_stand_in_place_of_what_it_rewords(
    sentence: str, reworded: str
) -> None:
    assert _reworded(sentence) == reworded


def test_offsets_are_those_of_the_markdown_source() -> None:
    text = "# Summary\n\nIt was `x`.\n\n- Then Ana forgot the key.\n"
    (finding,) = check(text)
    assert text[finding.start : finding.end] == "Ana forgot the key"


@pytest.mark.parametrize(
    "text",
    [
        "```\nAna forgot the key.\n```",
        "~~~ text\nAna forgot the key.\n\nIt was human error.\n~~~\n",
        "```\nAna forgot the key, and the fence is never closed.",
        "Log:\n\n    Ana forgot the key.\n    It was human error.\n",
        "> Ana forgot the key\nand it was human error.",
        "She wrote “it was human\nerror” at nine.",
        "It said ``Ana `forgot` the key``.",
        "<!-- Who forgot?\n\nWas it human error? -->",
        "[the log](https://example.com/human_error 'Ana forgot the key')",
        "[log]: https://example.com/ana-forgot",
    ],
)
def test_code_quotations_and_comments_are_left_alone(text: str) -> None:
    assert check(text) == []


@pytest.mark.parametrize(
    "text",
    [
        "- a list\n\n    Ana forgot the key, in a paragraph of the list.",
        "It's 5\" wide. Ana forgot the key. It's 6 wide.",
        "The engineers' disk is full. Ana forgot the key. The engineers' job ran.",
        "``` is three ticks.\n```\nAna forgot the key.",
        "a ` b\n\nAna forgot the key. A ` tick.",
        "| who | what |\n| --- | --- |\n| on-call | Ana forgot the key |",
        "Before --> Ana forgot the key.",
    ],
)
def test_prose_beside_code_and_quotations_is_checked(text: str) -> None:
    assert [f.kind for f in check(text)] == ["omission"]


def test_quoting_marks_do_not_reach_into_the_next_paragraph() -> None:
    assert len(check('An " unclosed quote.\n\nAna forgot the key. "Done."')) == 1


@given(MARKDOWN)
def test_findings_are_true_to_the_text_sorted_and_apart(text: str) -> None:
    findings = check(text)
    assert all(f.text == text[f.start : f.end] != "" for f in findings)
    assert all(f.why and f.level in {"blame", "advice"} for f in findings)
    ends = [0, *(f.end for f in findings)]
    assert all(end <= f.start for end, f in zip(ends, findings, strict=False))


@pytest.mark.parametrize(
    "piece",
    [
        "Ana should have checked the logs. ",
        "the engineer of the team of ",
        "Ana's ",
        "(", "](", "`", "``` ", "<!-- ", '"', "“", "'", "<a ", "](a(b)", "**_", "not ",
        "should ", "had Ana ", "by the ", "Ana ", "> x\n", "    x\n", "a_b.c/", "| ",
        "the root cause ", "very ", "`a ``b ", "\n", "never ", "who ",
        "that that forgot ", "already ", "-- ", "@ana ", "Ana's code's bug ",
    ],
)  # fmt: skip
def test_time_grows_in_proportion_to_the_text(piece: str) -> None:
    small, large = (piece * (size // len(piece)) for size in (20_000, 160_000))
    check(small)
    assert _seconds(large) < 8 * 3 * max(_seconds(small), 0.005)


def _seconds(text: str) -> float:
    """Processor time of the best of three runs, without the garbage collector, which
    would count what other tests have left in memory."""
    found = []
    gc.disable()
    try:
        for _ in range(3):
            start = time.process_time()
            check(text)
            found.append(time.process_time() - start)
    finally:
        gc.enable()
    return min(found)


def _reworded(text: str) -> str:
    for finding in reversed(check(text)):
        text = text[: finding.start] + finding.suggestion + text[finding.end :]
    return text
