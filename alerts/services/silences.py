"""Making, changing and ending silences and maintenance windows.

One that has hidden something is never deleted: what it hid stays to be seen.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from django.db import transaction

from accounts.models import User
from accounts.services import record_audit
from accounts.time_zones import find_zone
from alerts.models import Handling, Silence
from alerts.services.matching import Errors, MatchValues, audited
from alerts.services.rulebook import change_rules
from alerts.windows import Window, read_rrule
from core.errors import DomainError, InvalidInputError
from core.live import publish

REASON_LENGTH = 300
RRULE_LENGTH = 200


@dataclass(frozen=True, slots=True)
class SilenceValues:
    """`starts_at` to `ends_at`; with an `rrule`, the first of many. See `Silence`."""

    reason: str
    match: MatchValues
    starts_at: datetime
    ends_at: datetime
    time_zone: str = "UTC"
    rrule: str = ""
    repeats_until: datetime | None = None

    def check(self, *, at: datetime) -> None:
        """Raise InvalidInputError with all that is wrong."""
        errors = self.match.problems()
        if self.match.is_empty:
            errors["detail"] = ["Say what is to be silenced; “.” as title is all."]
        if not self.reason.strip() or len(self.reason) > REASON_LENGTH:
            errors["reason"] = ["Say why, in up to 300 characters."]
        errors |= self._time_problems(at)
        if errors:
            raise InvalidInputError(errors)

    def _time_problems(self, at: datetime) -> Errors:
        if self.ends_at <= self.starts_at:
            return {"until": ["Must be after the start."]}
        if find_zone(self.time_zone) != self.time_zone:
            return {"time_zone": ["Must be a name such as Europe/Madrid."]}
        if self.rrule:
            try:
                read_rrule(self.rrule, self.starts_at.replace(tzinfo=None))
            except ValueError as error:
                return {"rrule": [str(error)]}
        window = self.window
        if window.occurrence_at(at) is None and window.next_after(at) is None:
            field = "rrule" if self.rrule else "until"
            return {field: ["It would be over before it began."]}
        return {}

    @property
    def window(self) -> Window:
        return Window(
            self.starts_at,
            self.ends_at,
            ZoneInfo(self.time_zone),
            self.rrule,
            self.repeats_until,
        )


@transaction.atomic
def create_silence(*, values: SilenceValues, by: User, at: datetime) -> Silence:
    """Silence from `values.starts_at` on. Raises InvalidInputError by field."""
    values.check(at=at)
    silence = Silence(created_at=at, created_by=by)
    _write(silence, values)
    _noted(silence, "created", by=by, at=at)
    return silence


def unsaved_silence(values: SilenceValues, *, at: datetime) -> Silence:
    """What `values` would make, to be tried. Raises InvalidInputError by field."""
    values.check(at=at)
    silence = Silence(created_at=at)
    _set(silence, values)
    return silence


@transaction.atomic
def change_silence(
    *, silence_id: int, values: SilenceValues, by: User, at: datetime
) -> Silence:
    """Put `values` in the place of what was; what it hides is looked at again.

    Raises Silence.DoesNotExist, DomainError when it is over, InvalidInputError.
    """
    values.check(at=at)
    silence = _locked(silence_id, at=at)
    _write(silence, values)
    _release(silence, at=at)
    _noted(silence, "changed", by=by, at=at)
    return silence


@transaction.atomic
def extend_silence(
    *, silence_id: int, until: datetime, by: User, at: datetime
) -> Silence:
    """Let it go on until then; a repeating one repeats until then.

    Raises Silence.DoesNotExist, DomainError when it is over, and InvalidInputError
    for a time that has passed.
    """
    silence = _locked(silence_id, at=at)
    if until <= max(at, silence.starts_at):
        raise InvalidInputError({"until": ["Must be in the future."]})
    if silence.rrule:
        silence.repeats_until = until
    else:
        silence.ends_at = until
    silence.save(update_fields=["ends_at", "repeats_until"])
    _release(silence, at=at)
    _noted(silence, "extended", by=by, at=at)
    return silence


@transaction.atomic
def end_silence(*, silence_id: int, by: User, at: datetime) -> Silence:
    """End it now. What still fires counts as new. Twice is fine."""
    silence = Silence.objects.select_for_update().get(pk=silence_id)
    if silence.is_over(at=at):
        return silence
    silence.ended_at, silence.ended_by = at, by
    silence.save(update_fields=["ended_at", "ended_by"])
    _release(silence, at=at)
    _noted(silence, "ended", by=by, at=at)
    return silence


def _locked(silence_id: int, *, at: datetime) -> Silence:
    silence = Silence.objects.select_for_update().get(pk=silence_id)
    if silence.is_over(at=at):
        raise DomainError("This silence is over. Make a new one.")
    return silence


def _write(silence: Silence, values: SilenceValues) -> None:
    _set(silence, values)
    silence.save()


def _set(silence: Silence, values: SilenceValues) -> None:
    values.match.write_to(silence)
    silence.reason = values.reason.strip()
    silence.starts_at, silence.ends_at = values.starts_at, values.ends_at
    silence.time_zone, silence.rrule = values.time_zone, values.rrule
    silence.repeats_until = values.repeats_until if values.rrule else None


def _release(silence: Silence, *, at: datetime) -> None:
    """Let the next tick look again at what it hides."""
    hidden = Handling.objects.filter(silence=silence, state=Handling.State.SILENCED)
    hidden.update(due_at=at)


def _noted(silence: Silence, act: str, *, by: User, at: datetime) -> None:
    change_rules()
    changes: dict[str, Any] = {
        **audited(silence),
        "from": silence.starts_at.isoformat(),
        "until": silence.ends_at.isoformat(),
        "rrule": silence.rrule,
    }
    record_audit(
        actor=by, action=f"silence.{act}", target=silence, changes=changes, at=at
    )
    publish("quiet")
