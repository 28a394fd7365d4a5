"""What an import would make, in no tool's words."""

from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any, TypeVar

import msgspec
from django.core.exceptions import ValidationError
from django.core.validators import MaxLengthValidator, validate_email

Json = dict[str, Any]
# What a step pages: ("user", e-mail address), ("schedule", name) or ("team", name).
TargetKey = tuple[str, str]
Shape = TypeVar("Shape", bound=msgspec.Struct)

MOST_NOTES = 200
validate_length = MaxLengthValidator(254)


@dataclass(frozen=True, slots=True)
class PersonDraft:
    """`time_zone` is a IANA name, or "" when the tool does not say."""

    email: str
    name: str
    time_zone: str = ""


@dataclass(frozen=True, slots=True)
class ScheduleDraft:
    """`form` is the reference form of docs/api.md; its users are e-mail addresses."""

    name: str
    form: Json
    team: str = ""


@dataclass(frozen=True, slots=True)
class StepDraft:
    """Page the targets, then wait."""

    delay: timedelta
    targets: tuple[TargetKey, ...]


@dataclass(frozen=True, slots=True)
class PolicyDraft:
    name: str
    repeats: int
    steps: tuple[StepDraft, ...]
    team: str = ""


@dataclass(slots=True)
class OnCallPlan:
    """`notes` say what is not carried over, or not quite as it was, and why."""

    people: list[PersonDraft] = field(default_factory=list)
    schedules: list[ScheduleDraft] = field(default_factory=list)
    policies: list[PolicyDraft] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)

    def note(self, text: str) -> None:
        if text not in self.notes and len(self.notes) < MOST_NOTES:
            self.notes.append(text)

    def read_items(
        self, items: Iterable[Any], shape: type[Shape], what: str
    ) -> list[Shape]:
        """Return the items that have the shape; of the others a note says why not."""
        found = []
        for item in items:
            try:
                found.append(msgspec.convert(item, shape))
            except msgspec.ValidationError as error:
                name = item.get("name") or item.get("id") or "one without a name"
                self.note(f"{what} {str(name)[:80]} is left out: {error}.")
        return found

    @contextmanager
    def within_reach(self, name: str) -> Iterator[None]:
        """Leave out, with a note, what has dates no calendar reaches."""
        try:
            yield
        except OverflowError:
            self.note(f"{name} is left out: a date in it is out of reach.")


class People:
    """The e-mail addresses behind another tool's ids."""

    def __init__(self, plan: OnCallPlan) -> None:
        self._plan = plan
        self._emails: dict[str, str] = {}

    def add(self, key: str, person: PersonDraft) -> None:
        if key in self._emails:
            return
        try:
            validate_email(person.email)
            validate_length(person.email)
        except ValidationError:
            self._plan.note(f"{person.name or key} has no e-mail address: left out.")
            return
        self._emails[key] = person.email.lower()
        self._plan.people.append(person)

    def find(self, key: str, *, name: str, where: str) -> str | None:
        """The address of the person with that id; a note when there is none."""
        if key in self._emails:
            return self._emails[key]
        self._plan.note(
            f"{where}: {name or key} is not among the people of these answers; "
            "their part is left empty."
        )
        return None

    def group(self, keys: Sequence[str], *, where: str, name: str = "") -> list[str]:
        """The addresses of several people, without those nobody knows."""
        found = [self.find(key, name=name, where=where) for key in keys]
        return list(dict.fromkeys(email for email in found if email))
