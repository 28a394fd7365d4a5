"""Past incidents like this one, why they are alike, and how they were solved."""

from __future__ import annotations

from dataclasses import dataclass

from django.db.models import Prefetch, Q

from accounts.models import User
from incidents.models import FailingAsset, Incident, IncidentAlert
from incidents.queries import failing_of
from incidents.trigrams import likeness, trigrams

MOST_SHOWN = 3
MOST_LOOKED_AT = 150
ALIKE = 0.45
SAME_SUSPECT, SAME_ASSET = 1.0, 0.6


@dataclass(frozen=True, slots=True)
class Precedent:
    """`why` in words; `solved` is the recorded root cause, or what was written last."""

    incident: Incident
    why: tuple[str, ...]
    solved: str


def precedents_of(incident: Incident, *, user: User) -> list[Precedent]:
    """The most alike of the resolved incidents that `user` may see. At most six
    queries.

    Alike are those with the same suspect, the same failing assets or much the same
    error text. The last ones of the same assets and the last of all are looked at.
    """
    failing = {one.asset_id for one in failing_of(incident)}
    suspect = incident.root_cause_asset_id or incident.suspected_asset_id
    past = Incident.objects.visible_to(user).resolved().filter(merged_into=None)
    past = past.exclude(pk=incident.pk).order_by("-resolved_at", "-pk")
    related = past.filter(
        Q(pk__in=FailingAsset.objects.filter(asset__in=failing).values("incident"))
        | Q(suspected_asset=suspect, suspected_asset__isnull=False)
        | Q(root_cause_asset=suspect, root_cause_asset__isnull=False)
    )
    some, others = (
        rows.values_list("pk", flat=True)[:MOST_LOOKED_AT] for rows in (related, past)
    )
    ids = set(some.union(others))
    first = incident.members.select_related("alert").order_by("added_at", "pk").first()
    text = trigrams(_text_of(incident, first))
    found = [
        (score, one.resolved_at, Precedent(one, tuple(why), _solved(one)))
        for one in _loaded(ids)
        for score, why in [_compared(one, failing, suspect, text)]
        if why
    ]
    found.sort(key=lambda row: row[:2], reverse=True)
    return [precedent for _, _, precedent in found[:MOST_SHOWN]]


def _loaded(ids: set[int]) -> list[Incident]:
    members = IncidentAlert.objects.select_related("alert").order_by("added_at", "pk")
    return list(
        Incident.objects.filter(pk__in=ids)
        .select_related("root_cause_asset", "suspected_asset")
        .prefetch_related("failing_assets", Prefetch("members", queryset=members))
    )


def _compared(
    past: Incident, failing: set[int], suspect: int | None, text: frozenset[str]
) -> tuple[float, list[str]]:
    score, why = 0.0, []
    if suspect and suspect in (past.root_cause_asset_id, past.suspected_asset_id):
        score += SAME_SUSPECT
        known = past.root_cause_asset_id == suspect
        why.append("same cause" if known else "same suspect")
    same = failing & {one.asset_id for one in past.failing_assets.all()}
    if same:
        score += SAME_ASSET * len(same) / len(failing)
        why.append(f"{len(same)} of {len(failing)} failing assets")
    alike = likeness(
        text, trigrams(_text_of(past, next(iter(past.members.all()), None)))
    )
    if alike >= ALIKE:
        score += alike
        why.append(f"error text {round(alike * 100)} % alike")
    return score, why


def _text_of(incident: Incident, first: IncidentAlert | None) -> str:
    return f"{first.alert.title} {first.alert.description}" if first else incident.title


def _solved(past: Incident) -> str:
    if past.root_cause_summary:
        return past.root_cause_summary
    last = past.timeline.filter(kind__in=("note", "update")).order_by("-at").first()
    return last.text if last else ""
