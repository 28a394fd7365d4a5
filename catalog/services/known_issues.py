"""Notes on assets whose data is known to be off for a while."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime

from django.db import transaction

from accounts.models import User
from accounts.services import record_audit
from catalog.models import Asset, KnownIssue
from core.errors import InvalidInputError
from core.live import publish
from core.text import one_line

TEXT_LENGTH = 500


@transaction.atomic
def add_known_issue(
    *,
    asset: Asset,
    text: str,
    ends_at: datetime,
    starts_at: datetime | None = None,
    url: str = "",
    by: User,
    at: datetime,
) -> KnownIssue:
    """Show a note on the asset until `ends_at`, from `starts_at` or now on.

    Raises InvalidInputError for an empty text and an end that is past or before the
    start.
    """
    told, starts_at = one_line(text, TEXT_LENGTH), starts_at or at
    if not told:
        raise InvalidInputError({"text": ["Say what is known."]})
    if ends_at <= max(at, starts_at):
        raise InvalidInputError({"ends_at": ["Must be later, and in the future."]})
    issue = KnownIssue.objects.create(
        asset=asset,
        text=told,
        url=url,
        starts_at=starts_at,
        ends_at=ends_at,
        created_by=by,
    )
    _record("known_issue.create", issue, by=by, at=at)
    return issue


@transaction.atomic
def end_known_issue(*, issue_id: int, by: User, at: datetime) -> KnownIssue:
    """Show it no longer. Doing it twice is fine. Raises KnownIssue.DoesNotExist."""
    issue = KnownIssue.objects.select_for_update().get(pk=issue_id)
    if issue.ends_at <= at:
        return issue
    issue.ends_at = at
    issue.starts_at = min(issue.starts_at, at)
    issue.save(update_fields=["starts_at", "ends_at"])
    _record("known_issue.end", issue, by=by, at=at)
    return issue


def known_issues_of(asset_ids: Collection[int], *, at: datetime) -> list[KnownIssue]:
    """Those that hold at `at`, the first to end first. One query."""
    held = KnownIssue.objects.filter(
        asset__in=asset_ids, starts_at__lte=at, ends_at__gt=at
    )
    return list(held.select_related("asset", "created_by"))


def _record(action: str, issue: KnownIssue, *, by: User, at: datetime) -> None:
    changes = {"text": issue.text, "ends_at": issue.ends_at.isoformat()}
    record_audit(actor=by, action=action, target=issue, changes=changes, at=at)
    publish(f"asset:{issue.asset_id}", "badges")
