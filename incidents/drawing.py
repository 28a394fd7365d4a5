"""The picture of an incident: cause, what fails, what is stale, whom it reaches."""

from __future__ import annotations

from django.urls import reverse
from django.utils.safestring import SafeString

from catalog.collapsing import State
from catalog.drawing import draw_assets
from catalog.graph import snapshot
from incidents.models import Incident
from incidents.services import impact_of

MOST_STALE = 400


def picture_of(incident: Incident) -> SafeString | None:
    """Draw the failing assets, the suspect and everything between them and the
    dashboards they reach. None when no asset is known to fail."""
    failing = set(
        incident.failing_assets.filter(until=None).values_list("asset_id", flat=True)
    ) or set(incident.failing_assets.values_list("asset_id", flat=True))
    cause = incident.suspected_asset_id
    sources = failing | ({cause} if cause else set())
    if not sources:
        return None
    reached = [one.asset.pk for one in impact_of(incident).dashboards]
    shown = _between(sources, failing, reached)
    states: dict[int, State] = dict.fromkeys(shown, "stale")
    states |= dict.fromkeys(failing, "failing")
    if cause:
        states[cause] = "cause"
    return draw_assets(
        shown,
        label=f"From the likely cause of incident {incident.number} to the dashboards",
        states=states,
        more_url=reverse("incidents:picture", args=[incident.pk]),
    )


def _between(sources: set[int], failing: set[int], reached: list[int]) -> set[int]:
    """The failing assets and all that lies on the way from them to the dashboards,
    nearest first when there is more than can be shown."""
    lineage = snapshot()
    below: dict[int, int] = {}
    for source in sources:
        for asset, distance in lineage.descendants(source).items():
            below[asset] = min(distance, below.get(asset, distance))
    above: set[int] = set()
    for target in {*reached, *failing}:
        above |= {target, *lineage.ancestors(target)}
    on_the_way = [asset for asset in below if asset in above]
    on_the_way.sort(key=lambda asset: below[asset])
    return sources | set(on_the_way[:MOST_STALE])
