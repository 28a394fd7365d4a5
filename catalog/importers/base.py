"""What an importer reads out of a file or message. Plain values; no Django.

Assets are identified by (namespace, name) as OpenLineage names them:
https://openlineage.io/docs/spec/naming
"""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import NamedTuple

# Together under PostgreSQL's 2,704 bytes for one index entry, at 4 bytes a letter.
NAMESPACE_LENGTH = 255
NAME_LENGTH = 400
MOST_USERS = 2_000_000_000
DESCRIPTION_LENGTH = 4096
OWNER_LENGTH = 254

ASSET_TYPES = (
    "pipeline",
    "task",
    "dataset",
    "dashboard",
    "model",
    "product",
    "source",
)


def users_of(value: object) -> int | None:
    """Return a number of users, told as a number or in digits; else None."""
    if isinstance(value, str) and value.strip().isdecimal():
        value = int(value.strip()[:11])
    return value if type(value) is int and 0 <= value <= MOST_USERS else None


class AssetKey(NamedTuple):
    namespace: str
    name: str


@dataclass(frozen=True, slots=True)
class FoundAsset:
    """An asset as one message describes it; "" and None mean: not told.

    `type` is one of ASSET_TYPES. `owners` are as the sender wrote them: e-mail
    addresses, "team:orders", "@finance". `aliases` are other names of this asset.
    `users`: about how many people use it.
    """

    namespace: str
    name: str
    type: str = "dataset"
    description: str = ""
    url: str = ""
    tier: int | None = None
    users: int | None = None
    owners: tuple[str, ...] = ()
    aliases: tuple[AssetKey, ...] = ()

    @property
    def key(self) -> AssetKey:
        return AssetKey(self.namespace, self.name)

    def completed_by(self, other: "FoundAsset") -> "FoundAsset":
        """Return this asset with what only `other`, of the same key, tells."""
        return replace(
            self,
            description=self.description or other.description,
            url=self.url or other.url,
            tier=self.tier or other.tier,
            users=other.users if self.users is None else self.users,
            owners=self.owners or other.owners,
            aliases=self.aliases or other.aliases,
        )


class Column(NamedTuple):
    name: str
    type: str = ""
    description: str = ""


class FoundSchema(NamedTuple):
    """All columns of a table, in its order."""

    key: AssetKey
    columns: tuple[Column, ...]


class FoundColumns(NamedTuple):
    """Which columns of `upstream` go into which of `downstream`.

    `columns` are (downstream column, its upstream columns); `everywhere` are upstream
    columns that touch every row, in a join or a filter.
    """

    upstream: AssetKey
    downstream: AssetKey
    columns: tuple[tuple[str, tuple[str, ...]], ...]
    everywhere: tuple[str, ...] = ()


class FoundSql(NamedTuple):
    """The statement of a job, or of the model it builds."""

    key: AssetKey
    text: str
    dialect: str = ""


@dataclass(frozen=True, slots=True)
class FoundLineage:
    """Assets, and edges from upstream to downstream. Each edge's ends are in `assets`.

    Neither holds doubles, and no edge joins an asset to itself: `loops` are those that
    were told to feed themselves. Longer circles occur.
    What columns, schemas and statements are about is in `assets` too. `warnings` say
    what was left out. `origin` names the project or instance that tells; with
    `is_whole` that is all it knows.
    """

    assets: tuple[FoundAsset, ...] = ()
    edges: tuple[tuple[AssetKey, AssetKey], ...] = ()
    columns: tuple[FoundColumns, ...] = ()
    schemas: tuple[FoundSchema, ...] = ()
    statements: tuple[FoundSql, ...] = ()
    warnings: tuple[str, ...] = ()
    loops: tuple[AssetKey, ...] = ()
    origin: str = ""
    is_whole: bool = False


def lineage(
    assets: Iterable[FoundAsset], edges: Iterable[tuple[AssetKey, AssetKey]]
) -> FoundLineage:
    """Return them without doubles. The first of assets named twice gives the type."""
    found: dict[AssetKey, FoundAsset] = {}
    for asset in assets:
        known = found.get(asset.key)
        found[asset.key] = known.completed_by(asset) if known else asset
    told = dict.fromkeys(edges)
    return FoundLineage(
        tuple(found.values()),
        tuple(edge for edge in told if edge[0] != edge[1]),
        loops=tuple(up for up, down in told if up == down),
    )


def joined(parts: Iterable[FoundLineage]) -> FoundLineage:
    """Return what several messages tell as one. The last word on a table counts."""
    told = list(parts)
    whole = lineage(
        (asset for one in told for asset in one.assets),
        (edge for one in told for edge in one.edges),
    )
    columns = {(c.upstream, c.downstream): c for one in told for c in one.columns}
    return replace(
        whole,
        columns=tuple(columns.values()),
        schemas=tuple({s.key: s for one in told for s in one.schemas}.values()),
        statements=tuple({s.key: s for one in told for s in one.statements}.values()),
        warnings=tuple(text for one in told for text in one.warnings),
        loops=tuple(dict.fromkeys(key for one in told for key in one.loops)),
    )
