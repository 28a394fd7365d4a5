"""Whose turn it is where a step pages a rotation by turns.

The order is kept as a row for each schedule, so that every new escalation takes the
next person, in whichever process it starts. Whoever was paged longest ago is next, and
who never was, in the order of the rotations, before all others.
"""

from __future__ import annotations

from collections.abc import Sequence

from core.bulk import update_all
from oncall.models import RoundRobin


class Turns:
    """Turns taken in memory; a `keeper` holds the rows and writes them with `save`.

    A keeper locks a schedule's row from its first turn until the transaction ends, so
    that two at once wait for each other and never page the same person.
    """

    def __init__(self, *, is_keeper: bool = False) -> None:
        self.is_keeper = is_keeper
        self._rows: dict[int, RoundRobin] = {}
        self._changed: set[int] = set()

    def take(self, schedule_id: int, people: Sequence[int]) -> int | None:
        """The id of whose turn it is among `people`, who then waits longest."""
        if not people:
            return None
        row = self._row(schedule_id)
        chosen = next_of(people, taken=row.taken)
        row.taken = [*(one for one in row.taken if one != chosen), chosen]
        self._changed.add(schedule_id)
        return chosen

    def save(self) -> None:
        """Write the turns that were taken. Call in the transaction that took them."""
        if self.is_keeper and self._changed:
            update_all([self._rows[pk] for pk in sorted(self._changed)], ["taken"])
            self._changed.clear()

    def forget(self) -> None:
        """After a savepoint was undone: read the rows anew."""
        self._rows.clear()
        self._changed.clear()

    def _row(self, schedule_id: int) -> RoundRobin:
        if schedule_id not in self._rows:
            self._rows[schedule_id] = self._find(schedule_id)
        return self._rows[schedule_id]

    def _find(self, schedule_id: int) -> RoundRobin:
        rows = RoundRobin.objects.filter(schedule=schedule_id)
        if not self.is_keeper:
            return rows.first() or RoundRobin(schedule_id=schedule_id)
        new = [RoundRobin(schedule_id=schedule_id)]
        RoundRobin.objects.bulk_create(new, ignore_conflicts=True)
        return rows.select_for_update(no_key=True).get()


def next_of(people: Sequence[int], *, taken: Sequence[int]) -> int:
    """Whose turn it is: pure. `people` is not empty."""
    last = {one: place for place, one in enumerate(taken)}
    return min(people, key=lambda one: last.get(one, -1))
