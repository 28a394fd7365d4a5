"""How bad an incident is, and the arithmetic in words.

The alerts say how bad their own asset is. What hangs from it may matter more: an
asset of tier 1 among what fails or is affected raises the severity by one step.
"""

from __future__ import annotations

from dataclasses import dataclass

LEVELS = ("SEV1", "SEV2", "SEV3", "SEV4")
TOP_TIER = 1


@dataclass(frozen=True, slots=True)
class Weighed:
    severity: str
    reason: str


def weigh(*, alerts: str, top_tier_asset: str | None) -> Weighed:
    """Return the severity for the worst of the alerts' own, or a declared one.

    `top_tier_asset` names an asset of tier 1 among the failing and affected ones.
    """
    if top_tier_asset is None:
        return Weighed(alerts, f"{alerts}: nothing of tier {TOP_TIER} is affected.")
    if alerts == LEVELS[0]:
        return Weighed(alerts, f"{alerts} by itself, and {top_tier_asset} is affected.")
    raised = LEVELS[LEVELS.index(alerts) - 1]
    return Weighed(
        raised,
        f"{alerts} by itself, one step up to {raised}: "
        f"{top_tier_asset} is tier {TOP_TIER} and affected.",
    )


def is_worse(severity: str, than: str) -> bool:
    return LEVELS.index(severity) < LEVELS.index(than)
