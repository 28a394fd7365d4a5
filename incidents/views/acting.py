"""How an act on an incident is received and answered.

With JavaScript the answer is empty: the page's live parts fetch themselves and a toast
says what was done. Without it the browser goes back to the page, which says the same.
What is refused leaves what was typed in its form, beside what is wrong with it.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from functools import wraps
from typing import Any

from django import forms
from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect
from django.utils import timezone
from django.views.decorators.http import require_POST

from accounts.http import SignedInRequest, responder_required
from core.errors import DomainError, InvalidInputError
from incidents.models import Incident
from incidents.views.detail import detail_page, visible_incident

CHANGED = "changed"
CLOCK = re.compile(r"(?P<name>\w+)_at \((?P<at>\d{4}-\d\d-\d\dT[\d:]+Z)\)")
REFUSED = 422

View = Callable[..., HttpResponse]
Refusal = Callable[[SignedInRequest, Incident, forms.Form, int], HttpResponse]


@dataclass(frozen=True, slots=True)
class Done:
    """What an act has done, in words. `undo` is the address that takes it back, where
    there is one; `incident` is where to go on, if it is another."""

    text: str
    undo: str = ""
    incident: Incident | None = None


def by(request: SignedInRequest, incident: Incident) -> dict[str, Any]:
    """The arguments every service of incidents takes."""
    return {"incident_id": incident.pk, "by": request.user, "at": timezone.now()}


def act(do: Callable[..., Done]) -> View:
    """Make a view of a function that changes one visible incident.

    It gets the request, the incident and whatever else the address holds.
    """

    @require_POST
    @responder_required
    @wraps(do)
    def view(request: SignedInRequest, pk: int, **rest: Any) -> HttpResponse:
        incident = visible_incident(request, pk)
        try:
            done = do(request, incident, **rest)
        except (DomainError, InvalidInputError) as error:
            return _not_done(request, pk, str(error), error.status)
        return _answer(request, incident, done)

    return view


def form_act(
    make: Callable[[SignedInRequest, Incident], forms.Form], refuse: Refusal
) -> Callable[[Callable[..., Done]], View]:
    """Like `act`, for a function that takes a valid form; a refused one is shown again
    by `refuse`."""

    def decorate(do: Callable[..., Done]) -> View:
        @require_POST
        @responder_required
        @wraps(do)
        def view(request: SignedInRequest, pk: int) -> HttpResponse:
            incident = visible_incident(request, pk)
            form = make(request, incident)
            status = REFUSED
            if form.is_valid():
                try:
                    return _answer(request, incident, do(request, incident, form))
                except InvalidInputError as error:
                    take_errors(form, error)
                except DomainError as error:
                    form.add_error(None, str(error))
                    status = error.status
            if request.htmx:
                return _plain(_in_words(form), status)
            # As it is now: the refused act may have changed the object in memory.
            return refuse(request, visible_incident(request, pk), form, status)

        return view

    return decorate


def take_errors(form: forms.Form, error: InvalidInputError) -> None:
    """Put what a service refused beside the fields it names."""
    for name, problems in error.errors.items():
        field = name if name in form.fields else None
        for problem in problems:
            form.add_error(field, CLOCK.sub(_clock_in_words, problem))


def _clock_in_words(match: re.Match[str]) -> str:
    """Services name a clock as the API does; people know its label and their zone."""
    at = timezone.localtime(datetime.fromisoformat(match["at"]))
    return f"“{match['name'].replace('_', ' ')}” ({at:%d %b %H:%M})"


def _answer(request: SignedInRequest, incident: Incident, done: Done) -> HttpResponse:
    if request.htmx:
        toast = {"text": done.text, "undo": done.undo, "level": "success"}
        trigger = json.dumps({CHANGED: None, "toast": toast})
        return HttpResponse(status=204, headers={"HX-Trigger": trigger})
    tags = f"undo={done.undo}" if done.undo else ""
    messages.success(request, done.text, extra_tags=tags)
    return redirect(done.incident or incident)


def _not_done(
    request: SignedInRequest, pk: int, text: str, status: int
) -> HttpResponse:
    if request.htmx:
        return _plain(text, status)
    messages.error(request, text)
    return detail_page(request, visible_incident(request, pk), status=status)


def _plain(text: str, status: int) -> HttpResponse:
    """As a toast; 422 would be swapped into the page."""
    status = 400 if status == REFUSED else status
    return HttpResponse(text, status=status, content_type="text/plain; charset=utf-8")


def _in_words(form: forms.Form) -> str:
    said = []
    for name, problems in form.errors.items():
        label = f"{form.fields[name].label or name}: " if name in form.fields else ""
        said.append(label + " ".join(str(problem) for problem in problems))
    return " ".join(said)
