"""Waiting for a condition, with a bound. Tests never sleep for a fixed time."""

import time
from collections.abc import Callable

import pytest

BOUND_SECONDS = 120.0  # wide: the machine may be doing much else


def wait_until(
    condition: Callable[[], object],
    *,
    seconds: float = BOUND_SECONDS,
    what: str | Callable[[], str] = "",
) -> None:
    """Return when `condition()` is truthy; fail the test after `seconds`, saying what
    was waited for."""
    if not holds_within(condition, seconds=seconds):
        wanted = what() if callable(what) else what
        pytest.fail(f"waited {seconds} s for {wanted or condition}")


def holds_within(condition: Callable[[], object], *, seconds: float) -> bool:
    """Whether `condition()` becomes truthy within `seconds`."""
    deadline = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > deadline:
            return False
        time.sleep(0.02)
    return True
