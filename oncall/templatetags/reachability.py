"""Marking people who cannot be reached, wherever they are shown."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any
from weakref import WeakKeyDictionary

from django import template
from django.http import HttpRequest

from accounts.models import User
from oncall.services.reachability import unreachable_ids

register = template.Library()

_asked: WeakKeyDictionary[HttpRequest, frozenset[int]] = WeakKeyDictionary()


@register.inclusion_tag("components/unreachable.html", takes_context=True)
def unreachable(context: Any, people: object) -> dict[str, int]:
    """Mark `people`, one or several, of whom nobody or not everybody can be reached.

    A person, an id, or a list of these; a mere name is not known. One query a page.
    """
    ids = set(_ids(people))
    return {"lost": len(ids & _lost(context)) if ids else 0, "all": len(ids)}


@register.simple_tag(takes_context=True)
def lost_of(context: Any, people: object) -> int:
    """How many of `people` cannot be reached."""
    ids = set(_ids(people))
    return len(ids & _lost(context)) if ids else 0


def _lost(context: Any) -> frozenset[int]:
    request: HttpRequest | None = getattr(context, "request", None)
    if request is None:
        return frozenset()
    if request not in _asked:
        _asked[request] = unreachable_ids()
    return _asked[request]


def _ids(people: object) -> Iterable[int]:
    if isinstance(people, User):
        yield people.pk
    elif isinstance(people, int):
        yield people
    elif isinstance(people, str):
        if people.isascii() and people.isdecimal():
            yield int(people)
    elif isinstance(people, Iterable):
        for one in people:
            yield from _ids(one)
