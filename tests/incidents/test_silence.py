"""Which assets a fault passed through without a word from them."""

import pytest

from incidents.silence import silent_between

CHAIN = [(1, 2), (2, 3), (3, 4)]
DIAMOND = [(1, 2), (1, 3), (2, 4), (3, 4)]


@pytest.mark.parametrize(
    ("edges", "failing", "silent"),
    [
        (CHAIN, {1, 4}, {2: 1, 3: 1}),
        (CHAIN, {1, 2}, {}),
        (CHAIN, {1, 2, 4}, {3: 1}),
        (CHAIN, {3, 4}, {}),
        (CHAIN, {4}, {}),
        (DIAMOND, {1, 4}, {2: 0.5, 3: 0.5}),
        ([*DIAMOND, (3, 5)], {1, 4, 5}, {2: 0.5, 3: 1}),
        ([*CHAIN, (1, 4)], {1, 4}, {}),
        ([*CHAIN, (4, 2)], {1, 3}, {2: 1}),
        ([(1, 2), (2, 1), (1, 1)], {1}, {}),
    ],
)
def test_it_lies_on_the_way_to_what_failed(
    edges: list[tuple[int, int]], failing: set[int], silent: dict[int, float]
) -> None:
    assert silent_between(edges, failing) == pytest.approx(silent)
