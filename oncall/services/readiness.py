"""Whether a person is ready for their next shift."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from accounts.models import User
from oncall.models import Notification
from oncall.services.absences import needing_cover
from oncall.services.feeds import PersonalShift, personal_shifts
from oncall.services.methods import tests_of

TESTED_WITHIN = timedelta(days=30)
LOOK_AHEAD = timedelta(days=62)


@dataclass(frozen=True, slots=True)
class Check:
    """One thing that a shift needs; `is_ok` with `text` that says what is so."""

    is_ok: bool
    text: str


def readiness(
    user: User, *, at: datetime, shifts: list[PersonalShift] | None = None
) -> list[Check]:
    """Return what was looked at before the person's next shift. `shifts` are those
    ahead, None to look them up."""
    if shifts is None:
        shifts = personal_shifts(user, start=at, end=at + LOOK_AHEAD)
    return [_methods(user), _tested(user, at), *_clashes(user, shifts, at)]


def _methods(user: User) -> Check:
    count = user.contact_methods.exclude(verified_at=None).count()
    if not count:
        return Check(False, "No verified way to reach you but the address you sign in")
    if count == 1:
        return Check(True, "One verified way to reach you; a second one is safer")
    return Check(True, f"{count} verified ways to reach you")


def _tested(user: User, at: datetime) -> Check:
    last = tests_of(user).filter(state=Notification.State.SENT).first()
    if last is None:
        return Check(False, "No test page has reached you yet")
    days = (at - last.created_at).days
    ago = "today" if not days else f"{days} day{'' if days == 1 else 's'} ago"
    return Check(last.created_at > at - TESTED_WITHIN, f"Last test page: {ago}")


def _clashes(user: User, shifts: list[PersonalShift], at: datetime) -> list[Check]:
    checks = []
    away = needing_cover(start=at, end=at + LOOK_AHEAD, user=user)
    if away:
        names = sorted({str(one.schedule) for one in away})
        checks.append(Check(False, f"You are away during shifts: {', '.join(names)}"))
    else:
        checks.append(Check(True, "You are away in none of your shifts"))
    ordered = sorted(shifts, key=lambda one: one.shift.start)
    double = {
        f"{one.schedule} and {other.schedule}"
        for one, other in zip(ordered, ordered[1:], strict=False)
        if other.shift.start < one.shift.end and one.schedule != other.schedule
    }
    if double:
        told = "; ".join(sorted(double))
        checks.append(Check(True, f"On call in two schedules at once: {told}"))
    return checks
