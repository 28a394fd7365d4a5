"""Reading a JSON object field by field, with every mistake named at its place."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, time
from enum import StrEnum
from typing import TypeGuard, TypeVar

from oncall.resolver.wall_clock import FIRST_YEAR, LAST_YEAR

Errors = dict[str, list[str]]
Choice = TypeVar("Choice", bound=StrEnum)

WEEKDAYS = ("MO", "TU", "WE", "TH", "FR", "SA", "SU")
MAX_USER_LENGTH = 200

# Stands for a value that could not be read; its error keeps it from being used.
_UNREADABLE = datetime(2000, 1, 1, tzinfo=UTC)

_OUT_OF_BOUNDS = f"Must be after the year {FIRST_YEAR} and before {LAST_YEAR}."


class Reader:
    """One object of the payload. A value that is missing or wrong adds an error under
    its path, such as `layers[0].rotation.unit`, and reads as a harmless stand-in."""

    def __init__(self, value: object, path: str, errors: Errors) -> None:
        self._path = path
        self._errors = errors
        self._fields: dict[object, object] = {}
        if isinstance(value, dict):
            self._fields = value
        else:
            self._add(path or "schedule", f"{_shown(value)} is not an object.")
            self._errors = {}  # what is missing in it goes without saying

    def error(self, field: str, message: str) -> None:
        self._add(self._at(field), message)

    def has(self, field: str) -> bool:
        return self._fields.get(field) is not None

    def text(self, field: str, *, longest: int, default: str = "") -> str:
        value = self._fields.get(field)
        if value is None:
            return default
        if not isinstance(value, str) or len(value) > longest:
            self.error(
                field, f"{_shown(value)} is not a text of at most {longest} characters."
            )
            return default
        return value

    def integer(
        self, field: str, *, least: int, most: int, default: int | None = None
    ) -> int:
        value = self._fields.get(field)
        if value is None and default is not None:
            return default
        wanted = f"a whole number from {least} to {most}"
        if value is None:
            self.error(field, f"Is missing; wanted is {wanted}.")
        elif (
            isinstance(value, bool)
            or not isinstance(value, int)
            or not least <= value <= most
        ):
            self.error(field, f"{_shown(value)} is not {wanted}.")
        else:
            return value
        return least

    def flag(self, field: str, *, default: bool) -> bool:
        value = self._fields.get(field, default)
        if not isinstance(value, bool):
            self.error(field, f"{_shown(value)} is not true or false.")
            return default
        return value

    def choice(self, field: str, kinds: type[Choice]) -> Choice:
        value = self._fields.get(field)
        for kind in kinds:
            if value == kind.value:
                return kind
        wanted = ", ".join(kind.value for kind in kinds)
        self.error(field, f"{_shown(value)} is not one of {wanted}.")
        return next(iter(kinds))

    def user(self, field: str) -> str:
        return self._user(self._fields.get(field), self._at(field))

    def users(self, field: str, *, most: int, may_be_empty: bool) -> tuple[str, ...]:
        return self._users(self._fields.get(field), self._at(field), most, may_be_empty)

    def groups(self, field: str, *, most: int, largest: int) -> list[tuple[str, ...]]:
        """Read groups that take turns; an empty group is a turn nobody takes."""
        groups = self._list(field, most=most)
        if not groups:
            self.error(field, 'Is empty; wanted is groups, as [["u1"], ["u2"]].')
        return [
            self._users(group, f"{self._at(field)}[{index}]", largest, True)
            for index, group in enumerate(groups)
        ]

    def weekday(self, field: str, *, default: int) -> int:
        value = self._fields.get(field)
        return default if value is None else self._weekday(value, self._at(field))

    def weekdays(self, field: str) -> frozenset[int]:
        days = self._list(field, most=7)
        return frozenset(
            self._weekday(day, f"{self._at(field)}[{index}]")
            for index, day in enumerate(days)
        )

    def monthdays(self, field: str) -> frozenset[int]:
        days = self._list(field, most=62)
        for index, day in enumerate(days):
            if not _is_whole(day) or not 1 <= abs(day) <= 31:
                self._add(
                    f"{self._at(field)}[{index}]",
                    f"{_shown(day)} is not a day from 1 to 31, or from -1 (the last) "
                    "to -31.",
                )
        return frozenset(day for day in days if _is_whole(day))

    def clock(self, field: str) -> time:
        value = self._fields.get(field, "00:00")
        try:
            if not isinstance(value, str) or len(value) not in (5, 8):
                raise ValueError
            return time.fromisoformat(value)
        except ValueError:
            self.error(
                field, f"{_shown(value)} is not a time from 00:00 to 23:59, as HH:MM."
            )
            return time(0)

    def instant(self, field: str) -> datetime:
        try:
            return parse_instant(self._fields.get(field))
        except ValueError as error:
            self.error(field, str(error))
            return _UNREADABLE

    def year_bound_instant(self, field: str) -> datetime:
        """Read an instant from which hand-offs are counted."""
        moment = self.instant(field)
        if _is_in_bounds(moment):
            return moment
        self.error(field, _OUT_OF_BOUNDS)
        return _UNREADABLE

    def span(self) -> tuple[datetime, datetime]:
        """Read `start` and `end`, which must come after it."""
        start, end = self.instant("start"), self.instant("end")
        if end <= start and not self._has_error("start", "end"):
            self.error("end", "Is not after the start.")
        return start, end

    def local(self, field: str) -> datetime:
        value = self._fields.get(field)
        wanted = "a local time without an offset, as 2026-01-05T09:00"
        try:
            if not isinstance(value, str) or "T" not in value:
                raise ValueError
            local = datetime.fromisoformat(value)
        except ValueError:
            self.error(field, f"{_shown(value)} is not {wanted}.")
        else:
            if local.tzinfo is not None:
                self.error(field, f"{_shown(value)} is not {wanted}.")
            elif not _is_in_bounds(local):
                self.error(field, _OUT_OF_BOUNDS)
            else:
                return local
        return _UNREADABLE.replace(tzinfo=None)

    def part(self, field: str) -> Reader:
        """Return a reader of the object in a field."""
        return Reader(self._fields.get(field), self._at(field), self._errors)

    def parts(self, field: str, *, most: int) -> Iterator[Reader]:
        """Yield a reader of each object in a list; a missing list is an empty one."""
        for index, value in enumerate(self._list(field, most=most)):
            yield Reader(value, f"{self._at(field)}[{index}]", self._errors)

    def _list(self, field: str, *, most: int) -> list[object]:
        value = self._fields.get(field)
        return [] if value is None else self._listed(value, self._at(field), most)

    def _listed(self, value: object, path: str, most: int) -> list[object]:
        if isinstance(value, list) and len(value) <= most:
            return value
        if isinstance(value, list):
            self._add(path, f"Has {len(value)} entries; at most {most} are possible.")
        else:
            self._add(path, f"{_shown(value)} is not a list.")
        return []

    def _users(
        self, value: object, path: str, most: int, may_be_empty: bool
    ) -> tuple[str, ...]:
        listed = self._listed(value, path, most)
        if listed == value == [] and not may_be_empty:
            self._add(path, 'Is empty; wanted is users, as ["u1"].')
        users = {self._user(user, f"{path}[{i}]") for i, user in enumerate(listed)}
        return tuple(sorted(users))

    def _user(self, value: object, path: str) -> str:
        if _is_whole(value):
            return str(value)
        if isinstance(value, str) and 0 < len(value) <= MAX_USER_LENGTH:
            return value
        self._add(path, f"{_shown(value)} is not a user's id.")
        return "?"

    def _weekday(self, value: object, path: str) -> int:
        if isinstance(value, str) and value in WEEKDAYS:
            return WEEKDAYS.index(value)
        self._add(path, f"{_shown(value)} is not one of {', '.join(WEEKDAYS)}.")
        return 0

    def _has_error(self, *fields: str) -> bool:
        return any(self._at(field) in self._errors for field in fields)

    def _at(self, field: str) -> str:
        return f"{self._path}.{field}" if self._path else field

    def _add(self, path: str, message: str) -> None:
        self._errors.setdefault(path, []).append(message)


def parse_instant(value: object) -> datetime:
    """Return an ISO 8601 time with an offset as a datetime in UTC.

    Raises ValueError with a message fit to show.
    """
    try:
        if not isinstance(value, str):
            raise ValueError
        moment = datetime.fromisoformat(value)
        if moment.tzinfo is None:
            raise ValueError
        return moment.astimezone(UTC)
    except (ValueError, OverflowError):
        raise ValueError(
            f"{_shown(value)} is not a time with an offset, as 2026-01-05T08:00:00Z."
        ) from None


def _is_in_bounds(moment: datetime) -> bool:
    return FIRST_YEAR < moment.year < LAST_YEAR


def _is_whole(value: object) -> TypeGuard[int]:
    return isinstance(value, int) and not isinstance(value, bool)


def _shown(value: object) -> str:
    if value is None:
        return "Nothing"
    text = repr(value)
    return text if len(text) <= 60 else text[:57] + "..."
