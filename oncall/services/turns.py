"""Whose turn it is where a step pages a rotation by turns.

The order is kept as a row for each schedule, so that every new escalation takes the
next person, in whichever process it starts. Whoever was paged longest ago is next, and
who never was, in the order of the rotations, before all others.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence

from core.bulk import update_all
from oncall.models import RoundRobin, Schedule


class Turns:
    """Turns taken in memory; a `keeper` holds the rows and writes them with `save`.

    A keeper locks a schedule's row until the transaction ends, so that two at once wait
    for each other and never page the same person.
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

    def hold(self, schedule_ids: Collection[int]) -> None:
        """Lock these schedules' rows in one order, so that two that take turns of
        several never wait for each other in a ring. Three queries, none for nothing
        new."""
        new = set(schedule_ids) - self._rows.keys()
        if not new or not self.is_keeper:
            return
        known = Schedule.objects.filter(pk__in=new).order_by("pk")
        RoundRobin.objects.bulk_create(
            (RoundRobin(schedule=one) for one in known.only("pk")),
            ignore_conflicts=True,
        )
        rows = RoundRobin.objects.filter(schedule__in=new).order_by("schedule_id")
        for row in rows.select_for_update(no_key=True):
            self._rows[row.schedule_id] = row

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
        self.hold([schedule_id])
        if schedule_id not in self._rows:
            self._rows[schedule_id] = self._find(schedule_id)
        return self._rows[schedule_id]

    def _find(self, schedule_id: int) -> RoundRobin:
        found = RoundRobin.objects.filter(schedule=schedule_id).first()
        return found or RoundRobin(schedule_id=schedule_id)


def next_of(people: Sequence[int], *, taken: Sequence[int]) -> int:
    """Whose turn it is: pure. `people` is not empty."""
    last = {one: place for place, one in enumerate(taken)}
    return min(people, key=lambda one: last.get(one, -1))
