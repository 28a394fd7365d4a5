"""Fields that several resources read and write alike."""

import re
from datetime import datetime
from typing import Any

from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers
from rest_framework.request import Request

from accounts.models import Team, User
from core.api import errors_by_path
from core.errors import InvalidInputError
from oncall.models import Schedule
from oncall.resolver import format_instant, parse_instant
from oncall.services.reference import find_people, is_key

# "+" in an address is a space to everybody but the one who wrote it.
_EATEN_PLUS = re.compile(r" (?=\d\d:?\d\d$)")


@extend_schema_field(OpenApiTypes.DATETIME)
class InstantField(serializers.Field[datetime, Any, str, Any]):
    """ISO 8601 with an offset; written in UTC with Z."""

    def to_internal_value(self, data: Any) -> datetime:
        try:
            return parse_instant(data)
        except ValueError as error:
            raise serializers.ValidationError(str(error)) from error

    def to_representation(self, value: datetime) -> str:
        return format_instant(value)


@extend_schema_field(OpenApiTypes.STR)
class PersonField(serializers.Field[User, Any, str, Any]):
    """A person by id or e-mail address; written as the id in a string."""

    def to_internal_value(self, data: Any) -> User:
        known = find_people({str(data)})
        if str(data) not in known:
            raise serializers.ValidationError(
                f"{str(data)[:80]!r} is nobody here; wanted is a person's id or "
                "e-mail address."
            )
        return known[str(data)]

    def to_representation(self, value: User) -> str:
        return str(value.pk)


@extend_schema_field(OpenApiTypes.STR)
class TeamField(serializers.Field[Team, Any, str, Any]):
    """A team by its slug, or its id; written as the slug."""

    def to_internal_value(self, data: Any) -> Team:
        key = str(data)
        team = Team.objects.filter(slug=key).first() if key.isprintable() else None
        if team is None and is_key(key):
            team = Team.objects.filter(pk=int(key)).first()
        if team is None:
            raise serializers.ValidationError(f"There is no team {key[:80]!r}.")
        return team

    def to_representation(self, value: Team) -> str:
        return value.slug


@extend_schema_field(OpenApiTypes.INT)
class ScheduleField(serializers.Field[Schedule, Any, int, Any]):
    """A schedule by its id."""

    def to_internal_value(self, data: Any) -> Schedule:
        found = find_schedule(str(data))
        if found is None:
            raise serializers.ValidationError(
                f"There is no schedule {str(data)[:80]!r}."
            )
        return found

    def to_representation(self, value: Schedule) -> int:
        return value.pk


def find_schedule(key: str) -> Schedule | None:
    return Schedule.objects.filter(pk=int(key)).first() if is_key(key) else None


def body_of(request: Request) -> dict[str, Any]:
    """The JSON object of the request. Raises InvalidInputError for anything else."""
    if not isinstance(request.data, dict):
        raise InvalidInputError({"detail": ["Wanted is a JSON object."]})
    return request.data


def instant_in(values: Any, field: str) -> datetime | None:
    """The instant in a query or body, None when it is not given.

    Raises InvalidInputError.
    """
    value = values.get(field)
    if value is None or value == "":
        return None
    if isinstance(value, str):
        value = _EATEN_PLUS.sub("+", value)
    try:
        return parse_instant(value)
    except ValueError as error:
        raise InvalidInputError({field: [str(error)]}) from error


def checked(serializer: serializers.Serializer[Any]) -> dict[str, Any]:
    """The validated input. Raises InvalidInputError by field path, as
    {"steps[0].targets[1]": ["…"]}."""
    if serializer.is_valid():
        return dict(serializer.validated_data)
    raise InvalidInputError(errors_by_path(serializer.errors))


def window_in(values: Any) -> tuple[datetime, datetime]:
    """`from` and `to` of a query or body. Raises InvalidInputError."""
    start, end = instant_in(values, "from"), instant_in(values, "to")
    missing = ["Is missing; wanted is a time with an offset, as 2026-01-05T08:00:00Z."]
    errors = {
        name: missing for name, one in (("from", start), ("to", end)) if one is None
    }
    if start is None or end is None:
        raise InvalidInputError(errors)
    return start, end


def person_of(request: Request) -> User:
    assert isinstance(request.user, User)  # a permission ran before this
    return request.user
