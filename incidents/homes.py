"""Which incident each fault is: as few alerts as can be change theirs. Pure."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence

from incidents.plan import Merge, Move

Assets = frozenset[int]


def find_homes(
    faults: Sequence[Assets], *, home: Mapping[int, int], anchors: Mapping[int, int]
) -> list[int | None]:
    """Return the incident of each fault; None where one has to be opened.

    `home` {asset: incident so far}, `anchors` {asset: incident it cannot leave}. An
    incident goes to the fault that holds its anchors, else to the one that holds most
    of its assets; of equals to the first.
    """
    found: list[int | None] = [
        next((anchors[a] for a in sorted(fault) if a in anchors), None)
        for fault in faults
    ]
    taken = {incident for incident in found if incident is not None}
    claims = sorted(
        (-count, incident, place)
        for place, fault in enumerate(faults)
        if found[place] is None
        for incident, count in Counter(home[a] for a in fault if a in home).items()
    )
    for _, incident, place in claims:
        if found[place] is None and incident not in taken:
            found[place] = incident
            taken.add(incident)
    return found


def merges_of(
    moves: Iterable[Move], failing: Mapping[int, Collection[int]]
) -> tuple[list[Move], list[Merge]]:
    """An incident that loses all its assets is merged into the one that takes most of
    them. Return the moves that are left, and the merges. `failing` {incident: assets}.
    """
    lost: dict[int, list[Move]] = defaultdict(list)
    for move in moves:
        lost[move.source].append(move)
    left: list[Move] = []
    merges: list[Merge] = []
    for source, gone in sorted(lost.items()):
        targets = Counter(move.target for move in gone if move.target > 0)
        if len(gone) < len(failing[source]) or not targets:
            left += gone
            continue
        kept = min(targets, key=lambda target: (-targets[target], target))
        last = next(move for move in gone if move.target == kept)
        merges.append(Merge(kept, source, last.root, is_offer=False))
        left += [move for move in gone if move.target != kept]
    return left, _followed(merges)


def _followed(merges: list[Merge]) -> list[Merge]:
    """None of them into an incident that is itself merged away."""
    into = {merge.gone: merge.kept for merge in merges}
    settled = []
    for merge in merges:
        kept, seen = merge.kept, {merge.gone}
        while kept in into and kept not in seen:
            seen.add(kept)
            kept = into[kept]
        if kept != merge.gone:
            settled.append(Merge(kept, merge.gone, merge.asset_id, is_offer=False))
    return settled
