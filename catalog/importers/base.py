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


class AssetKey(NamedTuple):
    namespace: str
    name: str


@dataclass(frozen=True, slots=True)
class FoundAsset:
    """An asset as one message describes it; "" and None mean: not told.

    `type` is one of ASSET_TYPES. `owners` are as the sender wrote them: e-mail
    addresses, "team:orders", "@finance". `aliases` are other names of this asset.
    """

    namespace: str
    name: str
    type: str = "dataset"
    description: str = ""
    url: str = ""
    tier: int | None = None
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
            owners=self.owners or other.owners,
            aliases=self.aliases or other.aliases,
        )


@dataclass(frozen=True, slots=True)
class FoundLineage:
    """Assets, and edges from upstream to downstream. Each edge's ends are in `assets`.

    Neither holds doubles, and no edge joins an asset to itself; longer circles occur.
    """

    assets: tuple[FoundAsset, ...] = ()
    edges: tuple[tuple[AssetKey, AssetKey], ...] = ()


def lineage(
    assets: Iterable[FoundAsset], edges: Iterable[tuple[AssetKey, AssetKey]]
) -> FoundLineage:
    """Return them without doubles. The first of assets named twice gives the type."""
    found: dict[AssetKey, FoundAsset] = {}
    for asset in assets:
        known = found.get(asset.key)
        found[asset.key] = known.completed_by(asset) if known else asset
    apart = dict.fromkeys(edge for edge in edges if edge[0] != edge[1])
    return FoundLineage(tuple(found.values()), tuple(apart))
