"""A person's own calendar: a row for each schedule they are on call in."""

from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from accounts.models import User
from oncall.models import Vacation
from oncall.resolver import Resolution, Shift
from oncall.services.absences import away_in, vacations_between
from oncall.services.calendar_frame import (
    Bar,
    Calendar,
    Entry,
    Frame,
    Row,
    days_of,
    midnight,
)
from oncall.services.feeds import final_between


def personal_calendar(
    person: User,
    *,
    first_day: date,
    days: int,
    zone: ZoneInfo,
    reader: User,
    at: datetime,
) -> Calendar:
    """Draw when `person` is on call and away, over all schedules. Seven queries."""
    last = first_day + timedelta(days=days)
    start, end = midnight(first_day, zone), midnight(last, zone)
    key = str(person.pk)
    away = {key: vacations_between(start, end).get(key, [])}
    rows = []
    entries = []
    for schedule, final in final_between(start=start, end=end):
        own = tuple(shift for shift in final.shifts if key in shift.users)
        if not own:
            continue
        clashes = away_in(schedule, Resolution(own, ()), away)
        frame = Frame(
            schedule, start, end, zone, reader, at, {key: person}, tuple(clashes)
        )
        alone = [Shift(one.start, one.end, (key,)) for one in own]
        bars = tuple(map(frame.shift, alone))
        url = schedule.get_absolute_url()
        rows.append(Row(schedule.name, "layer", bars, url=url))
        entries += [_entry(one, frame, person) for one in alone]
    # Absences belong to no schedule; the frame of any window places them.
    placed = Frame(None, start, end, zone, reader, at, {})
    if away[key]:
        bars = tuple(_absence(one, placed) for one in away[key])
        rows.append(Row("Away", "away", bars))
    return Calendar(
        zone=zone.key,
        label=f"{person}, {days} days from {first_day:%d %B %Y}",
        now=placed.share(at) if start <= at < end else None,
        days=tuple(days_of(first_day, days, placed)),
        rows=tuple(rows),
        entries=tuple(sorted(entries, key=lambda one: one.start)),
        start=start,
        end=end,
    )


def _entry(shift: Shift, frame: Frame, person: User) -> Entry:
    assert frame.schedule is not None
    return Entry(
        start=shift.start,
        end=shift.end,
        name=frame.schedule.name,
        mine=frame.reader == person,
        is_now=shift.start <= frame.at < shift.end,
        url=frame.override_url(shift.start, shift.end, shift.users),
        begun=shift.start == frame.start,
        open=shift.end == frame.end,
        away=str(person) if frame.away_in(shift) else "",
    )


def _absence(one: Vacation, frame: Frame) -> Bar:
    url = f"#away-{one.pk}"
    note = one.note or "Away"
    return frame.bar(one.start_at, one.end_at, note, url=url, kind="away")
