"""Which assets a list shows: the filters that the page and the API share."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, fields, replace
from functools import reduce
from operator import or_
from typing import Any, TypedDict

from django.db.models import Count, Q
from django.db.models.functions import Lower
from django.http import QueryDict

from accounts.models import Team
from catalog.models import Asset, AssetQuerySet
from core.errors import InvalidInputError
from core.text import clean, one_line

NO_TEAM = "none"
# Filters with few values, and the column of each.
FACETS = {"health": "health", "type": "type", "tier": "tier", "team": "team__slug"}
Q_LENGTH = 200
_ID = re.compile(r"[0-9]{1,18}")


@dataclass(frozen=True, slots=True)
class AssetFilter:
    """Values of one field are alternatives; fields narrow each other."""

    q: str = ""
    namespace: str = ""
    name: str = ""
    type: tuple[str, ...] = ()
    team: tuple[str, ...] = ()
    tier: tuple[str, ...] = ()
    health: tuple[str, ...] = ()

    @classmethod
    def read(cls, query: QueryDict) -> AssetFilter:
        """Read an address. Raises InvalidInputError for values that cannot be."""
        found = cls(
            q=one_line(query.get("q", ""), Q_LENGTH),
            namespace=clean(query.get("namespace", ""), 255),
            name=clean(query.get("name", ""), 400),
            type=_chosen(query, "type"),
            team=tuple(clean(team, 80) for team in _chosen(query, "team")),
            tier=_chosen(query, "tier"),
            health=_chosen(query, "health"),
        )
        closed = {
            "type": Asset.Type.values,
            "tier": ["1", "2", "3", "4"],
            "health": Asset.Health.values,
        }
        errors = {
            field: [f"Must be one of {', '.join(allowed)}."]
            for field, allowed in closed.items()
            if not set(getattr(found, field)) <= set(allowed)
        }
        if errors:
            raise InvalidInputError(errors)
        return found

    def __bool__(self) -> bool:
        return any(getattr(self, field.name) for field in fields(self))

    def apply(self, assets: AssetQuerySet) -> AssetQuerySet:
        if self.q:
            assets = assets.matching(self.q)
        if self.namespace and self.name:
            assets = assets.named(self.namespace, self.name)
        elif self.name:
            assets = assets.alias(folded=Lower("name")).filter(folded=self.name.lower())
        elif self.namespace:
            prefix = Asset.make_identity(self.namespace, "")
            assets = assets.filter(identity__startswith=prefix)
        for field in ("type", "tier", "health"):
            if getattr(self, field):
                assets = assets.filter(**{f"{field}__in": getattr(self, field)})
        return assets.filter(_of_teams(self.team)) if self.team else assets

    def counts(self) -> dict[str, Counter[str]]:
        """Return {field: {value: how many there would be if it were chosen}}.

        Team is counted by slug; those without one under NO_TEAM. The fields in which
        nothing is chosen share one query, as each is a walk over all that fit.
        """
        chosen = [field for field in FACETS if getattr(self, field)]
        found = self._count([field for field in FACETS if field not in chosen])
        for field in chosen:
            nothing: Any = ()
            found |= replace(self, **{field: nothing})._count([field])
        return found

    def _count(self, counted: list[str]) -> dict[str, Counter[str]]:
        columns = [FACETS[field] for field in counted]
        rows = (
            self.apply(Asset.objects.all())
            .order_by()
            .values_list(*columns)
            .annotate(Count("pk"))
        )
        found: dict[str, Counter[str]] = {field: Counter() for field in counted}
        for *values, number in rows:
            for field, value in zip(counted, values, strict=True):
                found[field][NO_TEAM if value is None else str(value)] += number
        return found


class Relative(TypedDict):
    asset: Asset
    distance: int


class Relatives(TypedDict):
    """`total` counts those of the wanted type, `by_type` those of any."""

    total: int
    by_type: dict[str, int]
    results: list[Relative]


def relatives(distances: Mapping[int, int], *, type: str, limit: int) -> Relatives:
    """Return the assets at these distances, nearest first, at most `limit` of them."""
    types = dict(Asset.objects.filter(pk__in=distances).values_list("pk", "type"))
    nearest = [
        pk for pk in distances if pk in types and (not type or types[pk] == type)
    ]
    assets = Asset.objects.for_list().in_bulk(nearest[:limit])
    results: list[Relative] = [
        {"asset": assets[pk], "distance": distances[pk]}
        for pk in nearest[:limit]
        if pk in assets
    ]
    results.sort(key=lambda one: (one["distance"], one["asset"].name.lower()))
    return {
        "total": len(nearest),
        "by_type": dict(Counter(types.values()).most_common()),
        "results": results,
    }


def _chosen(query: QueryDict, field: str) -> tuple[str, ...]:
    return tuple(value for value in query.getlist(field) if value)


def _of_teams(names: Iterable[str]) -> Q:
    """Teams by slug, name or id."""
    wanted = [name.lower() for name in names]
    found = Team.objects.alias(folded=Lower("name")).filter(
        Q(slug__in=wanted)
        | Q(folded__in=wanted)
        | Q(pk__in=[int(name) for name in wanted if _ID.fullmatch(name)])
    )
    conditions = [Q(team__in=found)]
    if NO_TEAM in wanted:
        conditions.append(Q(team=None))
    return reduce(or_, conditions)
