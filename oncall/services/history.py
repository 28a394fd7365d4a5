"""Who was on call, recorded as it happens.

Until `recorded_until` the rows are the truth. Whatever changes who is on call first
records up to that moment, so that no edit can rewrite what was; between the edits a
beat keeps the record fresh.
"""

from datetime import datetime

from django.db import transaction

from accounts.models import User
from core.errors import InvalidInputError
from core.live import publish
from oncall.models import RecordedShift, Schedule
from oncall.resolver import MAX_WINDOW, Shift
from oncall.services.schedules import exceptions_between, final_schedule

# A person by key, and from when to when.
PersonalSpan = tuple[str, datetime, datetime]


@transaction.atomic
def keep_record(*, schedule_id: int, at: datetime) -> None:
    """Record a schedule up to `at`, unless somebody else is at it right now."""
    schedule = (
        Schedule.objects.select_for_update(skip_locked=True)
        .filter(pk=schedule_id)
        .first()
    )
    if schedule is not None:
        record_until(schedule, at=at)


def record_until(schedule: Schedule, *, at: datetime) -> None:
    """Record up to `at`, and put a planned change in force that is due by then.

    The caller has locked the schedule's row. Safe to repeat.
    """
    if schedule.recorded_until is None:
        schedule.recorded_from = schedule.recorded_until = at
        schedule.save(update_fields=["recorded_from"])
        _record(schedule, _spans(schedule, at, at), at)
    while schedule.recorded_until < at:
        # A definition may be unreadable for a time; then it pages nobody.
        end = min(at, schedule.recorded_until + MAX_WINDOW / 3)
        _record(schedule, _spans(schedule, schedule.recorded_until, end), end)
    _apply_planned_change(schedule, at=at)


def _spans(schedule: Schedule, start: datetime, end: datetime) -> list[PersonalSpan]:
    """Each person's time on call from `start` to just after `end`, without seams."""
    end += datetime.resolution
    # Another instance: what is read here must not be kept on the caller's.
    fresh = Schedule.objects.prefetch_related(
        *exceptions_between(start, end, with_past=False)
    ).get(pk=schedule.pk)
    try:
        shifts = final_schedule(fresh, start=start, end=end).shifts
    except InvalidInputError:
        return []
    return personal_spans(shifts)


def personal_spans(shifts: tuple[Shift, ...]) -> list[PersonalSpan]:
    """Return each person's time on call, whole across changes of who is beside them."""
    spans: dict[str, list[PersonalSpan]] = {}
    for shift in shifts:
        for user in shift.users:
            own = spans.setdefault(user, [])
            if own and own[-1][2] == shift.start:
                own[-1] = (user, own[-1][1], shift.end)
            else:
                own.append((user, shift.start, shift.end))
    return [span for user in sorted(spans) for span in spans[user]]


def _record(schedule: Schedule, spans: list[PersonalSpan], end: datetime) -> None:
    """Add what happened between `recorded_until` and `end`."""
    start = schedule.recorded_until
    assert start is not None
    running = {
        str(row.user_id): row
        for row in RecordedShift.objects.filter(schedule=schedule, end_at=None)
    }
    known = set(
        User.objects.filter(pk__in={int(user) for user, _, _ in spans}).values_list(
            "pk", flat=True
        )
    )
    new = []
    ended = []
    going_on = set()
    for user, begins, ends in spans:
        end_at = ends if ends <= end else None
        if begins == start and user in running:
            going_on.add(user)
            if end_at is not None:
                running[user].end_at = end_at
                ended.append(running[user])
        elif int(user) in known:
            new.append(
                RecordedShift(
                    schedule=schedule, user_id=int(user), start_at=begins, end_at=end_at
                )
            )
    over = [row for user, row in running.items() if user not in going_on]
    for row in over:
        row.end_at = start
    # One that began at `start` had not begun for anybody to see.
    RecordedShift.objects.filter(
        pk__in=[row.pk for row in over if row.start_at == start]
    ).delete()
    ended += [row for row in over if row.start_at < start]
    RecordedShift.objects.bulk_update(ended, ["end_at"])
    RecordedShift.objects.bulk_create(new)
    schedule.recorded_until = end
    schedule.save(update_fields=["recorded_until"])


def _apply_planned_change(schedule: Schedule, *, at: datetime) -> None:
    change = getattr(schedule, "planned_change", None)
    if change is None or change.effective_at > at:
        return
    schedule.layers = change.layers
    schedule.timezone = change.timezone
    schedule.version += 1
    schedule.save(update_fields=["layers", "timezone", "version", "updated_at"])
    change.delete()
    schedule.refresh_from_db()
    publish("oncall")
