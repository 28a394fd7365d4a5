"""A person's word on what broke."""

from datetime import datetime

from django.db import transaction

from accounts.models import User
from accounts.services import record_audit
from catalog.models import Asset
from core.live import publish
from incidents.models import CauseVerdict, Incident, TimelineEntry
from incidents.services.assessing import assess
from incidents.services.locking import lock_incident

Verdict = CauseVerdict.Verdict


@transaction.atomic
def judge_cause(
    *, incident_id: int, asset: Asset, verdict: str, by: User, at: datetime
) -> Incident:
    """Confirm or reject a suspected cause; kept, and respected from then on.

    A confirmation replaces an earlier one of another asset. The same word twice is
    fine. Raises Incident.DoesNotExist.
    """
    incident = lock_incident(incident_id)
    if incident.verdicts.filter(asset=asset, verdict=verdict).exists():
        return incident
    if verdict == Verdict.CONFIRMED:
        incident.verdicts.filter(verdict=Verdict.CONFIRMED).delete()
    ranks = {c["asset"]: rank for rank, c in enumerate(incident.causes, start=1)}
    CauseVerdict.objects.update_or_create(
        incident=incident,
        asset=asset,
        defaults={
            "verdict": verdict,
            "rank": ranks.get(asset.pk),
            "by": by,
            "at": at,
        },
    )
    said = "is the cause" if verdict == Verdict.CONFIRMED else "is not the cause"
    incident.record(TimelineEntry.Kind.CAUSE, f"{asset} {said}.", at=at, by=by)
    assess(incident, at=at)
    record_audit(
        actor=by,
        action=f"incident.cause_{verdict}",
        target=incident,
        changes={"asset": asset.pk},
        at=at,
    )
    publish("incidents", incident.subject)
    return incident


@transaction.atomic
def withdraw_verdict(
    *, incident_id: int, asset: Asset, by: User, at: datetime
) -> Incident:
    """Take back what was said about a suspect; it is ranked again like any other.

    Nothing where nothing was said. Raises Incident.DoesNotExist.
    """
    incident = lock_incident(incident_id)
    removed, _ = incident.verdicts.filter(asset=asset).delete()
    if not removed:
        return incident
    incident.record(
        TimelineEntry.Kind.CAUSE, f"{asset}: the verdict was taken back.", at=at, by=by
    )
    assess(incident, at=at)
    record_audit(
        actor=by,
        action="incident.cause_verdict_withdrawn",
        target=incident,
        changes={"asset": asset.pk},
        at=at,
    )
    publish("incidents", incident.subject)
    return incident
