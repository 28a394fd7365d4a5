"""What will be done so that it does not happen again."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from django.db import transaction

from accounts.models import User
from accounts.services import record_audit
from core.errors import InvalidInputError
from core.live import publish
from incidents.models import Incident
from postmortems.models import ActionItem, Postmortem
from postmortems.queries import possible_owners

TITLE_LENGTH = 300
EDITABLE = ("title", "owner", "due_on", "kind", "priority")


@transaction.atomic
def add_action_item(
    *,
    incident: Incident,
    title: str,
    by: User,
    at: datetime,
    owner: User | None = None,
    due_on: date | None = None,
    kind: str = ActionItem.Kind.PREVENT,
    priority: str = ActionItem.Priority.MEDIUM,
) -> ActionItem:
    """Agree on something to do. It hangs from the incident's postmortem once there is
    one. Raises InvalidInputError for values that cannot be."""
    item = ActionItem(
        title=title.strip(),
        kind=kind,
        priority=priority,
        owner=owner,
        due_on=due_on,
        incident=incident,
        # Locked, so that a draft being written at the same time takes it along.
        postmortem=_postmortem_of(incident),
        created_by=by,
        created_at=at,
    )
    _check(item)
    item.save()
    values = {name: _shown(getattr(item, name)) for name in EDITABLE}
    _announce(item, "action_item.added", by=by, at=at, changes=values)
    return item


@transaction.atomic
def change_action_item(
    *, item_id: int, by: User, at: datetime, **values: Any
) -> ActionItem:
    """Change what is given: title, owner, due_on, kind, priority.

    Raises ActionItem.DoesNotExist and InvalidInputError.
    """
    item = _locked(item_id)
    changes: dict[str, Any] = {}
    if "title" in values:
        values["title"] = values["title"].strip()
    for name in EDITABLE:
        if name in values and values[name] != getattr(item, name):
            changes[name] = [_shown(getattr(item, name)), _shown(values[name])]
            setattr(item, name, values[name])
    if changes:
        _check(item)
        item.save(update_fields=list(changes))
        _announce(item, "action_item.changed", by=by, at=at, changes=changes)
    return item


@transaction.atomic
def finish_action_item(*, item_id: int, by: User, at: datetime) -> ActionItem:
    """Say that it is done. Safe to repeat. Raises ActionItem.DoesNotExist."""
    item = _locked(item_id)
    if item.finish(at=at):
        _announce(item, "action_item.done", by=by, at=at, changes={})
    return item


@transaction.atomic
def reopen_action_item(*, item_id: int, by: User, at: datetime) -> ActionItem:
    """Say that it is not done after all. Safe to repeat."""
    item = _locked(item_id)
    if item.reopen():
        _announce(item, "action_item.reopened", by=by, at=at, changes={})
    return item


def _postmortem_of(incident: Incident) -> Postmortem | None:
    Incident.objects.select_for_update(no_key=True).get(pk=incident.pk)
    return Postmortem.objects.filter(incident=incident).first()


def _locked(item_id: int) -> ActionItem:
    locked = ActionItem.objects.select_for_update(of=("self",), no_key=True)
    return locked.select_related("incident", "owner", "postmortem").get(pk=item_id)


def _check(item: ActionItem) -> None:
    errors: dict[str, list[str]] = {}
    if not item.title:
        errors["title"] = ["Say in a few words what will be done."]
    elif len(item.title) > TITLE_LENGTH:
        errors["title"] = [f"Must be at most {TITLE_LENGTH} characters."]
    closed = (("kind", ActionItem.Kind), ("priority", ActionItem.Priority))
    for name, choices in closed:
        if getattr(item, name) not in choices.values:
            errors[name] = [f"Must be one of {', '.join(choices.values)}."]
    if problem := _owner_problem(item):
        errors["owner"] = [problem]
    if errors:
        raise InvalidInputError(errors)


def _owner_problem(item: ActionItem) -> str:
    owner = item.owner
    if owner is None or possible_owners(item.incident).filter(pk=owner.pk).exists():
        return ""
    if owner.is_active:
        return f"{owner} may not see this private incident."
    return f"{owner} is no longer active."


def _shown(value: object) -> str | None:
    return None if value is None else str(value)


def _announce(
    item: ActionItem, action: str, *, by: User, at: datetime, changes: dict[str, Any]
) -> None:
    record_audit(actor=by, action=action, target=item, changes=changes, at=at)
    if item.postmortem is not None:
        publish(item.postmortem.topic)
