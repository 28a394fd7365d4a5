"""A part of the asset page that another app provides."""

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Panel:
    """A template and what it needs. `order`: small numbers come first."""

    template: str
    context: Mapping[str, object] = field(default_factory=dict)
    order: int = 100
