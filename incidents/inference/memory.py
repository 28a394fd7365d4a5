"""Parts that were told apart before: what has not changed is not searched again.

The answer to a part hangs on its alarms, what lies around them, what is known of that
and what holds them together, all of which is in its mark. So the same mark has the
same answer, and a memory may be shared, lost or filled by what was never committed.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from hashlib import blake2b

import numpy as np

from incidents.inference.field import Field
from incidents.inference.neighbourhood import spans
from incidents.inference.pacing import Group
from incidents.inference.templates import FEW_ALARMS

MOST_PARTS = 5_000


@dataclass(frozen=True, slots=True)
class Answer:
    """The groups of a part, each with its likeliest roots, and which of them look like
    one fault: (incidents, root). All by asset."""

    groups: tuple[tuple[tuple[int, ...], tuple[int, ...]], ...]
    kin: tuple[tuple[tuple[int, int], int], ...]


class Memory:
    """The answers to the parts that were looked at last."""

    def __init__(self) -> None:
        self._answers: OrderedDict[bytes, Answer] = OrderedDict()

    def recall(self, mark: bytes) -> Answer | None:
        found = self._answers.get(mark)
        if found is not None:
            self._answers.move_to_end(mark)
        return found

    def keep(self, mark: bytes, answer: Answer) -> None:
        self._answers[mark] = answer
        if len(self._answers) > MOST_PARTS:
            self._answers.popitem(last=False)


def mark_of(
    field: Field,
    part: Sequence[int],
    anchors: Mapping[int, int],
    bound: Collection[Group],
) -> bytes:
    """A digest of all that bears on how the alarms of a part are told apart."""
    known = field.templates
    roots = np.flatnonzero(field.covers[:, part].any(axis=1))
    rows, size = spans(known.base[roots], known.base[roots + 1])
    edges, degree = spans(known.edge_at[rows], known.edge_at[rows + 1])
    assets, here = field.alarms.assets, np.ix_(roots, np.array(part))
    told = [
        assets[part],
        field.alarms.seconds[part],
        field.assets[roots],
        field.leaning[roots],
        field.covers[here],
        field.hops[here],
        field.lag[here],
        size,
        field.nodes[rows],
        known.rank[rows],
        known.alarm[rows] >= 0,
        known.can_say[rows],
        known.least_says[rows],
        known.overdue[rows],
        degree,
        np.repeat(rows, degree) - known.upper[edges],
    ]
    if known.passed is not None and known.seen is not None:
        told += [known.passed[edges], known.seen[edges]]
    held = sorted((int(assets[alarm]), incident) for alarm, incident in anchors.items())
    tied = sorted(sorted(assets[list(group)].tolist()) for group in bound)
    mark = blake2b(repr((known.alarms <= FEW_ALARMS, held, tied)).encode())
    for array in told:
        mark.update(f"{array.dtype}{array.shape}".encode())
        mark.update(np.ascontiguousarray(array).data)
    return mark.digest()
