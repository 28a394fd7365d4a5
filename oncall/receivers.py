"""What pages by hand hear: they have no other app that would tell their watchers."""

from collections.abc import Collection
from datetime import datetime
from typing import Any

from core.live import publish
from oncall.services.escalations import escalate_now, stop_escalation
from oncall.services.paging import SUBJECT_PREFIX
from oncall.signals import Progress


def hear_exhausted(*, subject: str, **_: Any) -> None:
    if subject.startswith(SUBJECT_PREFIX):
        publish("oncall")


def hear_resolved(*, subject: str, at: datetime, **_: Any) -> None:
    if subject.startswith(SUBJECT_PREFIX):
        stop_escalation(subject=subject, at=at)


def hear_escalated(*, subject: str, at: datetime, **_: Any) -> None:
    if subject.startswith(SUBJECT_PREFIX):
        escalate_now(subject=subject, at=at, is_by_hand=True)


def hear_progress(*, notes: Collection[Progress], **_: Any) -> None:
    if any(note.subject.startswith(SUBJECT_PREFIX) for note in notes):
        publish("oncall")
