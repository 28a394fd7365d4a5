import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.text import clean, identifier, one_line


@pytest.mark.parametrize(
    ("given_text", "kept"),
    [
        ("plain", "plain"),
        ("a\x00b", "ab"),
        ("\ud800x", "\ufffdx"),
        ("café 🙂\n\tok", "café 🙂\n\tok"),
        ("\x1b[31mERROR\x1b[0m in model", "ERROR in model"),
        ("bell\x07", "bell"),
    ],
)
def test_text_that_cannot_be_stored_is_taken_out(given_text: str, kept: str) -> None:
    assert clean(given_text, 100) == kept


def test_long_text_is_cut() -> None:
    assert clean("x" * 11, 10) == "x" * 10


def test_a_title_is_one_line() -> None:
    assert one_line("  Load\r\nfailed:\t\x00 x ", 100) == "Load failed: x"


def test_long_identifiers_that_differ_at_the_end_stay_apart() -> None:
    first, second = identifier("k" * 300 + "1", 255), identifier("k" * 300 + "2", 255)

    assert first != second
    assert len(first) == len(second) == 255


@given(st.text(st.characters(exclude_categories=())), st.integers(20, 50))
def test_whatever_comes_in_fits_the_database(text: str, limit: int) -> None:
    for kept in (clean(text, limit), one_line(text, limit), identifier(text, limit)):
        assert len(kept) <= limit
        assert "\x00" not in kept
        kept.encode()
