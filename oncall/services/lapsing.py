"""Acknowledgements that lapse: somebody answered, and then nothing happened.

When somebody has to look is a column of the escalation, so a look is never forgotten;
what it finds and does is one transaction. What "nothing" means, whoever knows the
subject says.
"""

from __future__ import annotations

import logging
from datetime import UTC, datetime, timedelta

from django.db import OperationalError, transaction

from oncall.models import Escalation
from oncall.services.informing import Letter, inform_all
from oncall.services.owing import ways_for
from oncall.services.reach import Reachable
from oncall.services.rules import may_run
from oncall.services.walking import locked
from oncall.signals import (
    Activity,
    Progress,
    acknowledged_activity,
    acknowledgement_lapsed,
    page_progress,
)

logger = logging.getLogger(__name__)

LOOK_BATCH = 500
WARNING_KEY = "lapse:"
LONGEST_WARNING = timedelta(minutes=5)


def warning_time(lapses_after: timedelta) -> timedelta:
    """How long before an acknowledgement lapses somebody is warned."""
    return min(LONGEST_WARNING, lapses_after / 3)


def look_at_acknowledged(*, at: datetime, limit: int = LOOK_BATCH) -> int:
    """Warn of acknowledgements that will lapse, and page again about those that have.

    Each in a transaction of its own; one that fails holds up no other. Returns how
    many were due.
    """
    due = Escalation.objects.to_look_at(at=at)
    ids = list(due.values_list("pk", flat=True)[:limit])
    for pk in ids:
        try:
            with transaction.atomic():
                _look(pk, at=at)
        except OperationalError:  # a deadlock, a lost connection: looked at again
            raise
        except Exception:
            logger.exception("the acknowledgement of %s could not be looked at", pk)
            again = at + timedelta(minutes=1)
            Escalation.objects.to_look_at(at=at).filter(pk=pk).update(look_at=again)
    return len(ids)


def _look(pk: int, *, at: datetime) -> None:
    if not may_run(at=at):
        return
    found = locked(skip_locked=True).to_look_at(at=at).filter(pk=pk).first()
    if found is None or found.lapses_after is None or found.ended_at is None:
        return
    activity = _activity(found, at=at)
    if activity is None or activity.is_over:
        _save(found, look_at=None, warned_at=found.warned_at)
        return
    last = max(found.ended_at, activity.last_at or found.ended_at)
    lapses_at, warning = last + found.lapses_after, warning_time(found.lapses_after)
    is_warned = found.warned_at is not None and found.warned_at >= last
    if at < lapses_at - warning:
        _save(found, look_at=lapses_at - warning, warned_at=None)
    elif not is_warned:
        # Whoever is warned has all of the time left, however late the warning is.
        _warn(found, last=last, lapses_at=max(lapses_at, at + warning), at=at)
    elif at < lapses_at:
        _save(found, look_at=lapses_at, warned_at=found.warned_at)
    else:
        _save(found, look_at=None, warned_at=found.warned_at)
        acknowledgement_lapsed.send(
            Escalation,
            subject=found.subject,
            by=found.acknowledged_by,
            last_at=last,
            at=at,
        )


def _activity(escalation: Escalation, *, at: datetime) -> Activity | None:
    """What has happened on the subject; None where nobody knows it, or a later
    escalation took this one's place."""
    later = Escalation.objects.filter(subject=escalation.subject, pk__gt=escalation.pk)
    if later.exists():
        return None
    asked = acknowledged_activity.send(Escalation, subject=escalation.subject, at=at)
    answers: list[object] = [answer for _, answer in asked]
    return next((one for one in answers if isinstance(one, Activity)), None)


def _save(
    escalation: Escalation, *, look_at: datetime | None, warned_at: datetime | None
) -> None:
    escalation.look_at, escalation.warned_at = look_at, warned_at
    escalation.save(update_fields=["look_at", "warned_at"])


def _warn(
    escalation: Escalation, *, last: datetime, lapses_at: datetime, at: datetime
) -> None:
    _save(escalation, look_at=lapses_at, warned_at=at)
    person = escalation.acknowledged_by
    if person is not None and person.is_active:
        method, _ = ways_for(
            Reachable(at=at).methods_of([person.pk])[person.pk],
            severity=escalation.severity,
        )[0]
        since, until = (one.astimezone(person.tz) for one in (last, lapses_at))
        letter = Letter(
            key=f"{WARNING_KEY}{escalation.pk}:{lapses_at.isoformat()}",
            channel=method.kind if method else "email",
            address=method.address if method else person.email,
            user_id=person.pk,
            method_id=method.pk if method else None,
            title=f"Still on it? {escalation.title}",
            body=f"Nothing has happened since {since:%H:%M} ({person.time_zone}). It "
            f"is paged again at {until:%H:%M}, unless you say that you are still on "
            "it, write a note or change something.",
            url=escalation.url,
            subject=escalation.subject,
        )
        inform_all([letter], at=at)
    whom = f"{person} is warned" if person else "There is nobody to warn"
    text = (
        f"Nothing has happened since {last.astimezone(UTC):%H:%M} UTC. {whom}: it is "
        f"paged again at {lapses_at.astimezone(UTC):%H:%M} UTC."
    )
    note = Progress(escalation.subject, at, text)
    page_progress.send(Escalation, notes=[note])
