"""Taking hold of incidents before they change."""

from collections.abc import Iterable

from core.bulk import any_of
from incidents.models import Incident
from oncall.models import Escalation


def lock_incidents(incident_ids: Iterable[int]) -> dict[int, Incident]:
    """Lock the rows that exist and return {id: incident}. Call in a transaction.

    Always escalations before incidents and low ids before high ones, as the paging
    engine does it, so that two at once wait for each other and never deadlock. The
    lock lets others add to the timeline meanwhile.
    """
    ids = sorted(set(incident_ids))
    if not ids:
        return {}
    subjects = [f"incident:{pk}" for pk in ids]
    answerable = Escalation.objects.answerable().filter(subject__in=subjects)
    locked_first = answerable.order_by("pk").select_for_update(no_key=True)
    list(locked_first.values_list("pk", flat=True))
    locked = Incident.objects.select_for_update(no_key=True).filter(pk__in=any_of(ids))
    return {incident.pk: incident for incident in locked.order_by("pk")}


def lock_incident(incident_id: int) -> Incident:
    """Lock one incident. Raises Incident.DoesNotExist."""
    try:
        return lock_incidents([incident_id])[incident_id]
    except KeyError:
        raise Incident.DoesNotExist(f"There is no incident {incident_id}.") from None
