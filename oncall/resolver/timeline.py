"""Spans of time that carry a value, and walking many of them at once.

A track is a list of spans in order that do not overlap.
"""

from bisect import insort
from collections.abc import Callable, Hashable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from operator import itemgetter
from typing import TypeVar

from oncall.resolver.definitions import Users

Value = TypeVar("Value")
Key = TypeVar("Key", bound=Hashable)

Span = tuple[int, int, Value]
UserSpan = tuple[int, int, Users]

NOBODY: Users = ()

_by_time = itemgetter(0)


@dataclass(frozen=True, slots=True)
class Line:
    """A track without holes: `users[n]` from `bounds[n]` to `bounds[n + 1]`.

    Neighbours have different users. In columns, because a year may have 87,600 spans.
    """

    bounds: list[int]
    users: list[Users]

    def spans(self) -> Iterator[UserSpan]:
        return zip(self.bounds, self.bounds[1:], self.users, strict=False)


def clip(spans: Iterable[Span[Value]], start: int, end: int) -> list[Span[Value]]:
    """Return what of the spans lies in [`start`, `end`)."""
    return [
        (s if s > start else start, e if e < end else end, value)
        for s, e, value in spans
        if s < end and e > start and s < e
    ]


def stack(spans: Iterable[Span[Key]]) -> list[Span[tuple[Key, ...]]]:
    """Return a track whose values are those of all spans active at the time.

    Values come in the order in which they are given; a value twice counts once.
    """
    given = list(spans)
    ordered = sorted(given, key=_by_time)
    if all(left[1] <= right[0] for left, right in pairwise(ordered)):
        return [(start, end, (value,)) for start, end, value in ordered]
    values = list(dict.fromkeys(value for _, _, value in given))
    rank = {value: number for number, value in enumerate(values)}
    changes = [(start, 1, rank[value]) for start, _, value in given]
    changes += [(end, -1, rank[value]) for _, end, value in given]
    return [
        (start, end, tuple([values[number] for number in active]))
        for start, end, active in _walk_stack(sorted(changes), len(values))
    ]


def _walk_stack(
    changes: list[tuple[int, int, int]], count: int
) -> Iterator[Span[list[int]]]:
    """Yield which of the numbers below `count` are active, in order.

    A change is its time, 1 or -1, and the number that gains or loses a span. The list
    that is yielded is only good until the next.
    """
    active: list[int] = []
    spans = [0] * count
    previous = changes[0][0]
    for at, step, number in changes:
        if at > previous:
            if active:
                yield previous, at, active
            previous = at
        if spans[number] == 0:
            insort(active, number)
        spans[number] += step
        if spans[number] == 0:
            active.remove(number)


def together(spans: Iterable[UserSpan]) -> list[UserSpan]:
    """Return a track of everybody whose spans are active at the time."""
    return [(start, end, union(groups)) for start, end, groups in stack(spans)]


def union(groups: Sequence[Users]) -> Users:
    """Return everybody in the groups as one group."""
    if len(groups) == 1:
        return groups[0]
    return tuple(sorted({user for group in groups for user in group}))


def amend(
    track: Iterable[UserSpan],
    changes: list[Span[Value]],
    rule: Callable[[Users, Value], Users],
) -> list[UserSpan]:
    """Return the track with `rule(users, change)` in place of the users of each part
    that lies in a change. The changes are a track too."""
    if not changes:
        return list(track)
    amended: list[UserSpan] = []
    position = 0
    for start, end, users in track:
        while position < len(changes) and changes[position][1] <= start:
            position += 1
        index, cursor = position, start
        while index < len(changes) and changes[index][0] < end:
            opens, closes, change = changes[index]
            if cursor < opens:
                amended.append((cursor, opens, users))
            begins, cursor = max(start, opens), min(end, closes)
            amended.append((begins, cursor, rule(users, change)))
            index += 1
        if cursor < end:
            amended.append((cursor, end, users))
    return amended


def joined(spans: Iterable[UserSpan]) -> Line:
    """Return a track without holes as a line, neighbours with the same users as one."""
    bounds: list[int] = []
    groups: list[Users] = []
    ends = 0
    for start, end, users in spans:
        if not groups or groups[-1] != users:
            bounds.append(start)
            groups.append(users)
        ends = end
    return Line([*bounds, ends], groups)


def in_turn(lines: Iterable[Line]) -> Line:
    """Return lines, each of which begins where the one before it ends, as one."""
    filled = [line for line in lines if line.users]
    if len(filled) == 1:
        return filled[0]
    return joined(span for line in filled for span in line.spans())
