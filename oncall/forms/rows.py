"""Forms with rows that people add and remove, and lists of choices, without a script.

Each row has an id of its own; the page sends the ids it has as `row`. A button that
adds or removes one sends the whole form, which comes back as it was, but for the row.
"""

from collections.abc import Sequence
from typing import Any, TypeVar

from django import forms
from django.core.exceptions import ValidationError
from django.http import QueryDict
from django.template.loader import render_to_string

MOST_ROWS = 20
FormT = TypeVar("FormT", bound=forms.Form)

# A person by key, and whether the turn is shared with the one before.
Turn = tuple[str, bool]
NOBODY = "-"

# A heading and what can be chosen under it; "" for no heading.
Group = tuple[str, list[tuple[str, str]]]


class SelectList(forms.Widget):
    """Selects below each other: what is chosen, in order, and an empty one."""

    def __init__(self, word: str) -> None:
        super().__init__()
        self.word = word
        self.groups: Sequence[Group] = ()

    def value_from_datadict(self, data: Any, files: Any, name: str) -> list[str]:
        values = data.getlist(name) if isinstance(data, QueryDict) else data.get(name)
        return [value for value in values or [] if value]

    def render(
        self, name: str, value: Any, attrs: Any = None, renderer: Any = None
    ) -> Any:
        context = {
            "name": name,
            "values": [*(value or []), ""],
            "groups": self.groups,
            "word": self.word,
            "attrs": attrs or {},
        }
        return render_to_string("oncall/_select_list.html", context)


class SelectListField(forms.Field):
    """One or more of `groups`, in order. `distinct` drops repeats."""

    def __init__(self, *, word: str, distinct: bool = False, **options: Any) -> None:
        super().__init__(widget=SelectList(word), **options)
        self.distinct = distinct

    def offer(self, groups: Sequence[Group]) -> None:
        widget = self.widget
        assert isinstance(widget, SelectList)
        widget.groups = groups
        self.known = {value for _, choices in groups for value, _ in choices}

    def clean(self, value: Any) -> list[str]:
        values: list[str] = super().clean(value)
        if any(one not in self.known for one in values):
            raise ValidationError("Choose from the list.")
        return list(dict.fromkeys(values)) if self.distinct else values


class TurnList(forms.Widget):
    """Selects below each other: a person, and whether the turn is theirs alone or
    shared with the one above. NOBODY leaves a turn free."""

    def __init__(self) -> None:
        super().__init__()
        self.people: Sequence[tuple[str, str]] = ()

    def value_from_datadict(self, data: Any, files: Any, name: str) -> list[Turn]:
        if not isinstance(data, QueryDict):
            return list(data.get(name) or [])
        people, shared = data.getlist(name), data.getlist(f"{name}-with")
        shared += [""] * len(people)
        pairs = zip(people, shared, strict=False)
        return [(person, bool(with_above)) for person, with_above in pairs if person]

    def value_omitted_from_data(self, data: Any, files: Any, name: str) -> bool:
        return name not in data

    def render(
        self, name: str, value: Any, attrs: Any = None, renderer: Any = None
    ) -> Any:
        context = {
            "name": name,
            "turns": [*(value or []), ("", False)],
            "people": self.people,
            "nobody": NOBODY,
            "attrs": attrs or {},
        }
        return render_to_string("oncall/_turn_list.html", context)


class TurnListField(forms.Field):
    """Groups of people who take turns, cleaned to tuples of keys."""

    def __init__(self, **options: Any) -> None:
        super().__init__(widget=TurnList(), **options)

    def offer(self, people: Sequence[tuple[str, str]]) -> None:
        widget = self.widget
        assert isinstance(widget, TurnList)
        widget.people = people
        self.known = {key for key, _ in people} | {NOBODY}

    def clean(self, value: Any) -> tuple[tuple[str, ...], ...]:
        turns: list[Turn] = super().clean(value) or []
        if any(person not in self.known for person, _ in turns):
            raise ValidationError("Choose from the list.")
        groups: list[list[str]] = []
        for person, with_above in turns:
            if not with_above or not groups:
                groups.append([])
            if person != NOBODY and person not in groups[-1]:
                groups[-1].append(person)
        return tuple(tuple(group) for group in groups)


def turns_of(groups: Sequence[Sequence[str]]) -> list[Turn]:
    """Groups as the widget shows them."""
    return [
        (person, number > 0)
        for group in groups
        for number, person in enumerate(group or [NOBODY])
    ]


class Rows:
    """The ids of the rows of one form, as the page sends them or as they begin."""

    def __init__(self, ids: Sequence[int]) -> None:
        self.ids = list(ids)[:MOST_ROWS]

    @classmethod
    def sent(cls, data: QueryDict) -> "Rows":
        """The rows of a request, after its `act`: "add", "remove-<id>" or another."""
        sent = [int(one) for one in data.getlist("row") if one in _IDS]
        rows = cls(list(dict.fromkeys(sent)) or [0])
        act, _, row = data.get("act", "").partition("-")
        if act == "add" and len(rows.ids) < MOST_ROWS:
            rows.ids.append(next(n for n in range(MOST_ROWS) if n not in rows.ids))
        elif act == "remove" and len(rows.ids) > 1:
            rows.ids = [one for one in rows.ids if str(one) != row]
        return rows


_IDS = {str(number) for number in range(MOST_ROWS)}


def saves(data: QueryDict) -> bool:
    """Whether the form is to be saved, not only shown with more or fewer rows."""
    return data.get("act", "save") == "save"


def version_in(data: QueryDict) -> int | None:
    """The version that was edited, as the form kept it."""
    sent = data.get("version", "")
    return int(sent) if sent.isascii() and sent.isdigit() and len(sent) < 10 else None


def as_typed(form: FormT, data: QueryDict) -> FormT:
    """An unbound form with what was typed in it, so that nothing is complained about
    before it is sent."""
    for name, field in form.fields.items():
        prefixed = form.add_prefix(name)
        if not field.widget.value_omitted_from_data(data, {}, prefixed):
            form.initial[name] = field.widget.value_from_datadict(data, {}, prefixed)
    return form
