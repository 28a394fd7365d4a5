"""A part of a storm that has not changed is not searched again."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import timedelta

from catalog.graph import LineageSnapshot
from incidents.correlation import Signal, decide
from incidents.inference.memory import Answer, Memory
from incidents.inference.observed import Knowledge
from tests.factories import NOON

# Two tables that share nothing, with three readers each.
EDGES = [(up, up + n) for up in (10, 20) for n in (1, 2, 3)]


class Diary(Memory):
    """Notes how many parts had to be searched since it was last asked."""

    def __init__(self) -> None:
        super().__init__()
        self.searched = 0

    def keep(self, mark: bytes, answer: Answer) -> None:
        self.searched += 1
        super().keep(mark, answer)

    def asked(
        self,
        failing: Iterable[int],
        *,
        edges: Iterable[tuple[int, int]] = EDGES,
        known: Knowledge | None = None,
        late: int = 0,
    ) -> int:
        self.searched = 0
        decide(
            [
                Signal(a, (1, str(a)), a, NOON + timedelta(seconds=a + late))
                for a in failing
            ],
            incidents=[],
            lineage=LineageSnapshot.build(edges),
            hops=20,
            window=timedelta(hours=6),
            know=lambda _: known or Knowledge(),
            memory=self,
        )
        return self.searched


def test_only_the_part_with_another_failure_is_searched_again() -> None:
    diary = Diary()
    assert diary.asked([11, 12, 21, 22]) == 2
    assert diary.asked([11, 12, 21, 22]) == 0
    assert diary.asked([11, 12, 21, 22, 23]) == 1


def test_new_lineage_evidence_or_times_are_searched_again() -> None:
    diary = Diary()
    diary.asked([11, 12, 21, 22])
    assert diary.asked([11, 12, 21, 22], edges=[*EDGES, (10, 14)]) == 1
    assert diary.asked([11, 12, 21, 22], known=Knowledge(sound=[23])) == 1
    assert diary.asked([11, 12, 21, 22], known=Knowledge(leaning={10: 2.0})) == 1
    assert diary.asked([11, 12, 21, 22], late=1) == 2
