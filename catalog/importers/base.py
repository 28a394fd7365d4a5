"""What an importer reads out of a file or message. Plain values; no Django.

Assets are identified by (namespace, name) as OpenLineage names them:
https://openlineage.io/docs/spec/naming
"""

from dataclasses import dataclass
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


@dataclass(frozen=True, slots=True)
class FoundLineage:
    """Assets, and edges from upstream to downstream. Each edge's ends are in `assets`.

    Neither holds doubles. Edges may form cycles.
    """

    assets: tuple[FoundAsset, ...] = ()
    edges: tuple[tuple[AssetKey, AssetKey], ...] = ()
