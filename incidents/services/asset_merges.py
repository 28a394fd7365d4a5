"""What a merge of two assets means for the incidents they are in."""

from typing import Any

from django.db.models import Q

from catalog.models import Asset
from incidents.models import FailingAsset, Incident
from incidents.services.locking import lock_incidents


def follow_merge(*, old: Asset, into: Asset, **_: Any) -> None:
    """Take hold of the incidents that name the old asset, and let those that name both
    know of one failing asset where there were two.

    Heard before the merge locks the assets: whoever correlates holds an incident while
    it waits for an asset.
    """
    named = Q(suspected_asset=old) | Q(root_cause_asset=old)
    failing = FailingAsset.objects.filter(asset=old)
    ids = set(Incident.objects.filter(named).values_list("pk", flat=True))
    lock_incidents(ids | set(failing.values_list("incident", flat=True)))
    doubled = failing.filter(incident__failing_assets__asset=into)
    for one in doubled.order_by("incident"):
        kept = FailingAsset.objects.get(incident=one.incident_id, asset=into)
        ends = [one.until, kept.until]
        kept.since = min(one.since, kept.since)
        kept.until = None if None in ends else max(end for end in ends if end)
        kept.save(update_fields=["since", "until"])
        one.delete()
