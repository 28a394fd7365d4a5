"""Telling people that a shift comes, begins or ends, as each of them wants."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta

from accounts.models import User
from oncall.models import Notification, Schedule, ShiftNotices
from oncall.queries import people
from oncall.services.feeds import final_between
from oncall.services.history import personal_spans
from oncall.services.informing import span_told, tell_person

LONGEST_BEFORE = timedelta(days=7)
# A notice that is later than this helps nobody: the engine was down.
LATEST = timedelta(hours=1)


@dataclass(frozen=True, slots=True)
class _Notice:
    schedule: Schedule
    user: str
    what: str
    start: datetime
    end: datetime

    @property
    def key(self) -> str:
        moment = f"{self.start if self.what != 'end' else self.end:%Y%m%dT%H%M%S}"
        return f"shift:{self.schedule.pk}:{self.user}:{self.what}:{moment}"


def owe_shift_notices(*, at: datetime) -> None:
    """Write the notices that are due at `at`, each once."""
    spans = list(_spans(at))
    users = people(user for _, user, _, _ in spans)
    wants = {str(one.user_id): one for one in ShiftNotices.objects.all()}
    usual = ShiftNotices()
    due = [
        notice
        for schedule, user, start, end in spans
        if user in users
        for notice in _due(schedule, user, start, end, wants.get(user, usual), at)
    ]
    keys = {notice.key for notice in due}
    owed = set(
        Notification.objects.filter(idempotency_key__in=keys).values_list(
            "idempotency_key", flat=True
        )
    )
    for notice in due:
        if notice.key not in owed:
            _tell(notice, users[notice.user], at=at)


def _spans(at: datetime) -> Iterator[tuple[Schedule, str, datetime, datetime]]:
    """Everybody's whole time on call around `at`. What begins or ends with the window
    is not known to begin or end there."""
    start, end = at - 2 * LATEST, at + LONGEST_BEFORE + timedelta(days=14)
    for schedule, final in final_between(start=start, end=end):
        for user, begins, ends in personal_spans(final.shifts):
            yield schedule, user, begins, ends


def _due(
    schedule: Schedule,
    user: str,
    start: datetime,
    end: datetime,
    wanted: ShiftNotices,
    at: datetime,
) -> Iterator[_Notice]:
    if wanted.before and start - wanted.before <= at < start:
        yield _Notice(schedule, user, "before", start, end)
    if wanted.at_start and start <= at < start + LATEST:
        yield _Notice(schedule, user, "start", start, end)
    if wanted.at_end and end <= at < end + LATEST:
        yield _Notice(schedule, user, "end", start, end)


def _tell(notice: _Notice, person: User, *, at: datetime) -> None:
    words = {
        "before": "You will be on call",
        "start": "You are on call now",
        "end": "Your shift is over",
    }
    tell_person(
        person,
        schedule=notice.schedule,
        key=notice.key,
        title=f"{words[notice.what]}: {notice.schedule}",
        body=span_told(notice.start, notice.end, person),
        at=at,
    )


def set_shift_notices(
    *, user: User, before: timedelta, at_start: bool, at_end: bool
) -> ShiftNotices:
    """Keep which notices a person wants. `before` zero: none ahead."""
    notices, _ = ShiftNotices.objects.update_or_create(
        user=user,
        defaults={
            "before": min(max(before, timedelta(0)), LONGEST_BEFORE),
            "at_start": at_start,
            "at_end": at_end,
        },
    )
    return notices
