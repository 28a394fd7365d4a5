"""Imports that take a while: rows that a worker runs, one after the other.

All of a job's writing is one transaction that ends with the job's own row: it is done
exactly if its row says so. A worker that dies leaves nothing behind but a row that is
still "running"; its pulse stops, and the next tick says that it died.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import msgspec
from django.db import OperationalError, connection, transaction

from accounts.models import User
from accounts.services import record_audit
from catalog.models import ImportJob
from catalog.models.imports import DEAD_AFTER, PULSE
from catalog.services.imports import preview, take_over
from core.errors import DomainError, InvalidInputError, InvalidTransitionError
from core.hints import RUN_IMPORTS, wake

logger = logging.getLogger(__name__)

MOST_TRIES = 3
DOCUMENT_KEPT = timedelta(days=7)
DIED = "The worker stopped while it ran. Nothing of it was kept: start it again."
Clock = Callable[[], datetime]
State = ImportJob.State


class _StoppedError(Exception):
    """Somebody cancelled the job, or took this worker for dead."""


@transaction.atomic
def start_import(
    *,
    kind: str,
    document: bytes,
    file_name: str = "",
    is_preview: bool,
    by: User,
    at: datetime,
) -> ImportJob:
    """Keep `document` (JSON) to be taken over, or looked at, by a worker."""
    job = ImportJob.objects.create(
        kind=kind,
        document=document,
        file_name=file_name[:200],
        is_preview=is_preview,
        by=by,
        created_at=at,
    )
    wake(RUN_IMPORTS)
    return job


@transaction.atomic
def cancel_import(*, job_id: int, by: User, at: datetime) -> ImportJob:
    """Stop a job; one that runs stops at its next step. Safe to repeat.

    Raises InvalidTransitionError when it is done, ImportJob.DoesNotExist.
    """
    job = ImportJob.objects.select_for_update().get(pk=job_id)
    if job.state == State.DONE:
        raise InvalidTransitionError("The import is done.", current=job.state)
    if job.state == State.RUNNING and job.cancel_asked_at is None:
        job.cancel_asked_at = at
        job.save(update_fields=["cancel_asked_at"])
    elif job.state in (State.WAITING, State.PREVIEWED):
        job.state, job.finished_at, job.document = State.CANCELLED, at, None
        job.save(update_fields=["state", "finished_at", "document"])
    record_audit(
        actor=by, action="catalog.import_cancelled", target=job, changes={}, at=at
    )
    return job


@transaction.atomic
def run_import_again(*, job_id: int, at: datetime) -> ImportJob:
    """Take over what was looked at, or try again what failed.

    Raises InvalidTransitionError for a job in any other state or without its document,
    ImportJob.DoesNotExist.
    """
    job = ImportJob.objects.select_for_update().get(pk=job_id)
    if job.state not in (State.PREVIEWED, State.FAILED) or job.document is None:
        raise InvalidTransitionError(
            "Only what was looked at, or failed, can be started again. Send it anew.",
            current=job.state,
        )
    if job.state == State.PREVIEWED:
        job.is_preview = False
    job.state, job.problem, job.result = State.WAITING, "", {}
    job.finished_at = job.cancel_asked_at = None
    job.tries = 0
    job.save()
    wake(RUN_IMPORTS)
    return job


def run_next_import(*, clock: Clock) -> bool:
    """Run the job that has waited longest; return whether there was one.

    One at a time. A job whose worker died is marked as failed first.
    """
    fail_dead_imports(at=clock())
    job = _claim(at=clock())
    if job is None:
        return False
    with _Pulse(job, clock=clock) as pulse:
        try:
            _run(job, pulse, clock=clock)
        except _StoppedError:
            _end(job, State.CANCELLED, at=clock())
        except InvalidInputError as error:
            _end(job, State.FAILED, problem=_listed(error.errors), at=clock())
        except (OperationalError, DomainError) as error:
            # A deadlock, or another import: both pass.
            logger.warning("import %s is tried again: %s", job.pk, error)
            _put_back(job, problem=str(error), at=clock())
        except Exception:
            logger.exception("import %s failed", job.pk)
            _end(
                job,
                State.FAILED,
                problem="It failed unexpectedly, and nothing of it was kept.",
                at=clock(),
            )
    return True


def fail_dead_imports(*, at: datetime) -> int:
    """Say of jobs whose worker has not been heard of that they died."""
    return ImportJob.objects.filter(
        state=State.RUNNING, alive_at__lt=at - DEAD_AFTER
    ).update(state=State.FAILED, problem=DIED, finished_at=at)


def forget_old_documents(*, at: datetime) -> int:
    """Let go of what was sent a week ago and never taken over."""
    old = ImportJob.objects.filter(
        finished_at__lt=at - DOCUMENT_KEPT, document__isnull=False
    )
    return old.update(document=None)


@transaction.atomic
def _claim(*, at: datetime) -> ImportJob | None:
    if ImportJob.objects.filter(state=State.RUNNING).exists():
        return None
    waiting = ImportJob.objects.filter(state=State.WAITING).order_by("pk")
    job = waiting.select_for_update(skip_locked=True).first()
    if job is not None:
        job.state, job.tries = State.RUNNING, job.tries + 1
        job.started_at = job.alive_at = at
        job.step, job.steps_done, job.steps_total = "Reading", 0, 0
        job.save(
            update_fields=[
                "state",
                "tries",
                "started_at",
                "alive_at",
                "step",
                "steps_done",
                "steps_total",
            ]
        )
    return job


def _run(job: ImportJob, pulse: _Pulse, *, clock: Clock) -> None:
    try:
        document = msgspec.json.decode(bytes(job.document or b""))
    except (msgspec.DecodeError, RecursionError) as error:
        raise InvalidInputError({"file": [f"Must be JSON: {error}"]}) from error
    if job.is_preview:
        found = preview(job.kind, document, progress=pulse.tell)
        _end(job, State.PREVIEWED, result=found, at=clock())
        return
    if job.by is None:
        raise InvalidInputError({"by": ["Whoever sent it is gone: send it anew."]})
    with transaction.atomic():
        found = take_over(
            job.kind, document, by=job.by, at=clock(), progress=pulse.tell
        )
        pulse.tell("Committing", 0, 0)
        _end(job, State.DONE, result=found, at=clock())


def _end(
    job: ImportJob,
    state: str,
    *,
    result: dict[str, Any] | None = None,
    problem: str = "",
    at: datetime,
) -> None:
    """Write how it ended, unless somebody took this worker for dead meanwhile."""
    is_kept = state in (State.PREVIEWED, State.FAILED)
    ended = _mine(job).update(
        state=state,
        result=result or {},
        problem=problem,
        finished_at=at,
        **({} if is_kept else {"document": None}),
    )
    if not ended and state == State.DONE:
        raise _StoppedError


def _put_back(job: ImportJob, *, problem: str, at: datetime) -> None:
    if job.tries < MOST_TRIES:
        _mine(job).update(state=State.WAITING)
    else:
        _end(job, State.FAILED, problem=problem, at=at)


def _mine(job: ImportJob) -> Any:
    return ImportJob.objects.filter(pk=job.pk, state=State.RUNNING, tries=job.tries)


def _listed(errors: dict[str, list[str]]) -> str:
    shown = [f"{field}: {' '.join(texts)}" for field, texts in errors.items()]
    return "\n".join(shown[:20])


class _Pulse:
    """Says from a thread, and so outside the job's transaction, that the job lives and
    how far it is; hears there whether it is to stop."""

    def __init__(self, job: ImportJob, *, clock: Clock) -> None:
        self.job, self.clock = job, clock
        self.step: tuple[str, int, int] = (job.step, 0, 0)
        self.is_to_stop = False
        self.is_over = threading.Event()
        self.thread = threading.Thread(target=self._beat, daemon=True)

    def __enter__(self) -> _Pulse:
        self.thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.is_over.set()
        self.thread.join()

    def tell(self, step: str, done: int, total: int) -> None:
        """Progress of the job. Raises _StoppedError when it is to stop."""
        self.step = (step, done, total)
        if self.is_to_stop:
            raise _StoppedError

    def _beat(self) -> None:
        try:
            while not self.is_over.wait(PULSE.total_seconds()):
                try:
                    self._tell_row()
                except OperationalError as error:
                    logger.warning("no pulse of import %s: %s", self.job.pk, error)
                    connection.close()
        finally:
            connection.close()

    def _tell_row(self) -> None:
        step, done, total = self.step
        told = _mine(self.job).update(
            alive_at=self.clock(), step=step, steps_done=done, steps_total=total
        )
        asked = _mine(self.job).filter(cancel_asked_at__isnull=False).exists()
        self.is_to_stop = asked or not told
