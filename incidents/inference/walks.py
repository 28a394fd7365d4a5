"""The rows of templates that a likelihood walks through, in the order of the walk.

A row is a place in the flat arrays of `templates`; here a *column* is one template
that is asked for, with a group of alarms of its own.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from itertools import pairwise
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from incidents.inference.neighbourhood import Ints, spans

Floats = NDArray[np.float64]
Flags = NDArray[np.bool_]
Marks = NDArray[np.uint64]
Ranks = NDArray[np.int16]
BITS = 64


class Layout(Protocol):
    """What is asked of the templates."""

    @property
    def base(self) -> Ints: ...
    @property
    def rank(self) -> Ranks: ...
    @property
    def edge_at(self) -> Ints: ...
    @property
    def upper(self) -> Ints: ...
    @property
    def alarm(self) -> Ints: ...
    @property
    def can_say(self) -> Floats: ...
    @property
    def overdue(self) -> Flags: ...
    @property
    def row_of(self) -> Ints: ...
    @property
    def start(self) -> Start: ...


@dataclass(frozen=True, slots=True)
class Start:
    """What templates are worth where no alarm is of their group: from here only what
    lies below a group's alarms has to be reckoned anew.

    `logs` and `holds` are by spread and row, one after the other, `totals` and
    `is_known` by spread and root. `marks` of each row: which alarms are above it or are
    its own, a bit for each; as there are more alarms than bits, it may be marked for
    others too.
    """

    logs: Floats
    holds: Floats
    marks: Marks
    totals: Floats
    is_known: Flags
    roots: int

    @classmethod
    def empty(cls, spreads: int, rows: int, roots: int) -> Start:
        """Takes memory only as it is filled."""
        return cls(
            logs=np.zeros(spreads * rows),
            holds=np.zeros(spreads * rows),
            marks=np.zeros(rows, dtype=np.uint64),
            totals=np.zeros(spreads * roots),
            is_known=np.zeros(spreads * roots, dtype=bool),
            roots=roots,
        )

    def places(self, spread: Ints, roots: Ints) -> Ints:
        return spread * self.roots + roots


@dataclass(frozen=True, slots=True)
class Walk:
    """The rows of several columns, all of the first rank before those of the second.

    `above` is the place of each edge's upper end among them, or past their end for a
    place in `fixed`: what holds a fault up where nothing changes. `edges` are their
    numbers; those into row i are edge_at[i] to edge_at[i + 1]. `mine` are the places
    of the alarms of a column's own group, `late` of what is past its deadline.
    `listens`: how well the silence of each can be trusted; not at all where another
    group alarms. `ranks` (begin, end). `order` puts the rows of a column together.
    """

    rows: Ints
    column: Ints
    edges: Ints
    above: Ints
    edge_at: Ints
    fixed: Floats
    mine: Ints
    late: Ints
    listens: Floats
    ranks: list[tuple[int, int]]
    order: Ints

    @classmethod
    def of_all(cls, known: Layout, roots: Ints, row: Ints, alarm: Ints) -> Walk:
        """Through whole templates. `row` and `alarm`: column and number of each alarm
        of the groups, which lie downstream of their root."""
        begin, end = known.base[roots], known.base[roots + 1]
        rows, size = spans(begin, end)
        shift = np.cumsum(size) - size - begin
        slots = np.argsort(known.rank[rows], kind="stable")
        mine = known.row_of[roots[row], alarm] + shift[row]
        return cls._through(known, rows, size, slots, mine, None)

    @classmethod
    def below(
        cls, known: Layout, roots: Ints, row: Ints, alarm: Ints, spread: Ints
    ) -> Walk:
        """Through what lies below the groups' alarms. `row` is sorted, and none is
        left out."""
        at = known.row_of[roots[row], alarm]
        firsts = np.flatnonzero(np.append(True, row[1:] != row[:-1]))
        begin = np.minimum.reduceat(at, firsts)
        rows, size = spans(begin, known.base[roots + 1])
        shift = np.cumsum(size) - size - begin
        wanted = np.repeat(np.bitwise_or.reduceat(_bit(alarm), firsts), size)
        slots = np.flatnonzero(known.start.marks[rows] & wanted)
        slots = slots[np.argsort(known.rank[rows[slots]], kind="stable")]
        return cls._through(known, rows, size, slots, at + shift[row], spread)

    @classmethod
    def _through(
        cls,
        known: Layout,
        rows: Ints,
        size: Ints,
        slots: Ints,
        mine: Ints,
        spread: Ints | None,
    ) -> Walk:
        """`slots` are the places in `rows` that are walked, in order, `size` how many
        rows each column has there; `mine` are places, too."""
        place = np.full(rows.size, -1, dtype=np.intp)
        place[slots] = np.arange(slots.size)
        column = np.repeat(np.arange(size.size), size)[slots]
        walked = rows[slots]
        edges, degree = spans(known.edge_at[walked], known.edge_at[walked + 1])
        # Within a column rows follow each other, so steps between them are steps here.
        above = np.repeat(slots - walked, degree) + known.upper[edges]
        fixed = np.zeros(0)
        if spread is None:
            above = place[above]
        else:
            first = np.repeat((np.cumsum(size) - size)[column], degree)
            above = np.where(above >= first, place[np.maximum(above, 0)], -1)
            stays = np.flatnonzero(above < 0)
            above[stays] = slots.size + np.arange(stays.size)
            shift = spread[np.repeat(column, degree)[stays]] * known.alarm.size
            fixed = known.start.holds[known.upper[edges[stays]] + shift]
        listens = known.can_say[walked]
        listens[known.alarm[walked] >= 0] = 0.0
        return cls(
            rows=walked,
            column=column,
            edges=edges,
            above=above,
            edge_at=np.append(0, np.cumsum(degree)),
            fixed=fixed,
            mine=np.sort(place[mine]),
            late=np.flatnonzero(known.overdue[walked]),
            listens=listens,
            ranks=list(_runs(known.rank[walked])),
            order=place[place >= 0],
        )

    def marks(self, alarm: Ints) -> Marks:
        """A bit for each alarm that is above a row, or its own."""
        own = alarm[self.rows]
        marks = np.where(own >= 0, _bit(np.maximum(own, 0)), np.uint64(0))
        for begin, end in self.ranks[1:]:
            starts = self.edge_at[begin : end + 1]
            above = marks[self.above[starts[0] : starts[-1]]]
            marks[begin:end] |= np.bitwise_or.reduceat(above, starts[:-1] - starts[0])
        return marks


def rows_of_alarms(base: Ints, alarm: Ints, alarms: int) -> Ints:
    """[root, alarm]: the row of the alarm in the template; below 0 for none."""
    rows = np.flatnonzero(alarm >= 0)
    root = np.repeat(np.arange(base.size - 1), np.diff(base))[rows]
    found = np.full((base.size - 1, alarms), -1, dtype=np.intp)
    found[root, alarm[rows]] = rows
    return found


def _bit(alarm: Ints) -> Marks:
    return np.left_shift(np.uint64(1), (alarm % BITS).astype(np.uint64))


def _runs(values: Ranks) -> Iterable[tuple[int, int]]:
    """(begin, end) of each run of equal values."""
    cuts = np.flatnonzero(values[1:] != values[:-1]) + 1
    return pairwise([0, *cuts.tolist(), values.size])
