"""Reminding owners of what they said they would do, until it is done."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from accounts.models import User
from core.http import absolute_url
from incidents.services.audience import Person, people
from incidents.services.letters import addressed, told_url
from oncall.models import Notification
from oncall.services import Letter, inform_all
from postmortems.models import ActionItem
from postmortems.queries import possible_owners

# Before the day, on it, and every week after it.
AHEAD = timedelta(days=3)
AGAIN = timedelta(days=7)
# Of the owner's morning.
HOUR = 8
# Zones are up to 14 hours ahead of UTC: somewhere it is tomorrow already.
AHEAD_SOMEWHERE = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class _Reminder:
    item: ActionItem
    owner: User
    due_on: date
    occasion: str
    today: date

    @property
    def key(self) -> str:
        """One of each occasion. Another day or owner begins again."""
        return (
            f"action-item:{self.item.pk}:{self.owner.pk}:{self.due_on}:{self.occasion}"
        )


def remind_owners(*, at: datetime) -> int:
    """Owe the reminders that are due at `at`, each once; return how many.

    Safe to repeat. Three queries, and one more for each private incident.
    """
    due = {reminder.key: reminder for reminder in _due(at)}
    owed = Notification.objects.filter(idempotency_key__in=due)
    for key in owed.values_list("idempotency_key", flat=True):
        del due[key]
    persons = people(one.owner.email.lower() for one in due.values())
    letters = [
        _letter(one, persons[one.owner.email.lower()])
        for one in due.values()
        if _wants(persons.get(one.owner.email.lower())) and _may_see(one)
    ]
    inform_all(letters, at=at)
    return len(letters)


def _due(at: datetime) -> Iterator[_Reminder]:
    latest = at.date() + AHEAD + AHEAD_SOMEWHERE
    rows = ActionItem.objects.open().filter(due_on__lte=latest, owner__is_active=True)
    for item in rows.select_related("owner", "incident__team").order_by("pk"):
        owner, due_on = item.owner, item.due_on
        assert owner is not None and due_on is not None  # noqa: PT018  # the filter
        local = at.astimezone(owner.tz)
        is_new = item.created_at.astimezone(owner.tz).date() == local.date()
        occasion = occasion_of(due_on, today=local.date())
        if occasion and local.hour >= HOUR and not is_new:
            yield _Reminder(item, owner, due_on, occasion, local.date())


def occasion_of(due_on: date, *, today: date) -> str:
    """Which reminder holds on that day: "soon", "due", "week 1" …; "" for none.

    Each holds until the next, so that one which nobody could send on its day follows.
    """
    if today < due_on:
        return "soon" if due_on - today <= AHEAD else ""
    weeks = (today - due_on) // AGAIN
    return f"week {weeks}" if weeks else "due"


def _wants(person: Person | None) -> bool:
    if person is None:
        return False
    return person.preference.reminders and person.preference.stopped_at is None


def _may_see(reminder: _Reminder) -> bool:
    """Who left the team of a private incident hears no more of it."""
    incident = reminder.item.incident
    if not incident.private:
        return True
    return possible_owners(incident).filter(pk=reminder.owner.pk).exists()


def _letter(reminder: _Reminder, person: Person) -> Letter:
    item = reminder.item
    day = f"{reminder.due_on:%A} {reminder.due_on.day} {reminder.due_on:%B %Y}"
    return addressed(
        person,
        key=reminder.key,
        title=f"{_when(reminder)}: {item.title}",
        body=(
            f"You own this action item of {item.incident}. It is due on {day}.\n\n"
            "If it is done, say so on its page. If the day or the owner no longer "
            "fits, change them there.\n\n"
            "You can switch these reminders off in your settings: "
            f"{absolute_url('/settings/messages/')}\n"
            f"To get no more messages of this kind at all: "
            f"{told_url(person.email, None)}"
        ),
        url=absolute_url(item),
        subject=f"action-item:{item.pk}",
    )


def _when(reminder: _Reminder) -> str:
    days = (reminder.due_on - reminder.today).days
    if days < -1:
        return f"{-days} days overdue"
    words = {-1: "Due yesterday", 0: "Due today", 1: "Due tomorrow"}
    return words.get(days, f"Due in {days} days")
