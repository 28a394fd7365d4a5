"""Which tests begin first: those that take long, one kind in each process of a run.

Left to their names, they would come in the middle of one process's share, and the
others would wait at the end for what is left of them.
"""

import os

import pytest

LONG = ("tests/clients/", "tests/chaos/", "tests/browser/", "tests/test_hostile")


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Shares are equal in number and in the order of `items`, as xdist deals them."""
    processes = int(os.environ.get("PYTEST_XDIST_WORKER_COUNT", "1"))
    long: list[list[pytest.Item]] = [[] for _ in LONG]
    short: list[pytest.Item] = []
    for item in items:
        kinds = (n for n, name in enumerate(LONG) if item.nodeid.startswith(name))
        kind = next(kinds, None)
        (short if kind is None else long[kind]).append(item)
    whole = len(items)
    ordered: list[pytest.Item] = []
    for process in range(processes):
        first = [item for kind in long[process::processes] for item in kind]
        end = whole * (process + 1) // processes
        room = max(0, end - len(ordered) - len(first))
        ordered += first + short[:room]
        short = short[room:]
    items[:] = ordered + short
