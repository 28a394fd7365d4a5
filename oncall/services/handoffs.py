"""Hand-off notes: what is open and what is known, from who leaves to who comes."""

from datetime import datetime, timedelta
from typing import Any

from django.db import transaction

from accounts.models import User
from core.errors import InvalidInputError
from core.live import publish
from oncall.models import HandoffNote, Schedule
from oncall.resolver import Shift
from oncall.services.feeds import shifts_of
from oncall.services.informing import tell_person
from oncall.signals import Matter, handoff_matters

LOOK_AHEAD = timedelta(days=62)
NOTE_LENGTH = 10_000


@transaction.atomic
def write_handoff_note(
    *, schedule: Schedule, by: User, is_open: str, is_known: str, at: datetime
) -> HandoffNote:
    """Keep a note for the next shift; one's unsent note is replaced.

    It is sent when the writer's shift ends, at once when they are not on call. Raises
    InvalidInputError when it says nothing.
    """
    if not is_open.strip() and not is_known.strip():
        raise InvalidInputError({"is_open": ["Say what is open, or what is known."]})
    shifts = shifts_of(schedule, start=at, end=at + LOOK_AHEAD)
    note, _ = HandoffNote.objects.update_or_create(
        schedule=schedule,
        author=by,
        sent_at=None,
        defaults={
            "is_open": is_open[:NOTE_LENGTH],
            "is_known": is_known[:NOTE_LENGTH],
            "written_at": at,
            "send_at": end_of_turn(by, shifts, at=at),
        },
    )
    publish("oncall")
    return note


def end_of_turn(user: User, shifts: tuple[Shift, ...], *, at: datetime) -> datetime:
    """Return when the person is no longer on call; `at` if they are not."""
    end = at
    for shift in shifts:
        if shift.start != end or str(user.pk) not in shift.users:
            break
        end = shift.end
    return end


def deliver_handoff_notes(*, at: datetime) -> None:
    """Send the notes whose shift has ended to whoever came next."""
    due = HandoffNote.objects.filter(sent_at=None, send_at__lte=at)
    for pk in due.values_list("pk", flat=True):
        _deliver(pk, at)


@transaction.atomic
def _deliver(note_id: int, at: datetime) -> None:
    note = (
        HandoffNote.objects.select_for_update(skip_locked=True, of=["self"])
        .select_related("schedule", "author")
        .filter(pk=note_id, sent_at=None)
        .first()
    )
    if note is None:
        return
    receivers = next_people(note.schedule, note.author, at=max(note.send_at, at))
    if not receivers:
        return  # nobody comes yet; asked again at the next beat
    for person in receivers:
        tell_person(
            person,
            schedule=note.schedule,
            key=f"handoff:{note.pk}:{person.pk}",
            title=f"Hand-off from {note.author}: {note.schedule}",
            body=note_text(note),
            at=at,
        )
    note.sent_at = at
    note.save(update_fields=["sent_at"])
    note.sent_to.set(receivers)
    publish("oncall")


def next_people(schedule: Schedule, leaving: User, *, at: datetime) -> list[User]:
    """Those on call from `at` on besides `leaving`, or at the next shift after."""
    for shift in shifts_of(schedule, start=at, end=at + LOOK_AHEAD):
        keys = [int(user) for user in shift.users if user != str(leaving.pk)]
        found = list(User.objects.filter(pk__in=keys, is_active=True))
        if found:
            return found
    return []


def open_matters(schedule: Schedule, *, reader: User, at: datetime) -> list[Matter]:
    """What the apps to the right call open for this schedule's people."""
    answers: list[tuple[Any, Any]] = handoff_matters.send(
        Schedule, schedule=schedule, reader=reader, at=at
    )
    return [matter for _, matters in answers for matter in matters]


def note_text(note: HandoffNote) -> str:
    parts = [("Open", note.is_open), ("Known", note.is_known)]
    return "\n\n".join(f"{head}\n{text}" for head, text in parts if text)
