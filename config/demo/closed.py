"""An incident of three days ago, from its first alert to its published postmortem."""

from datetime import datetime, timedelta

from accounts.models import User
from alerts.models import Severity
from catalog.models import Asset
from config.demo import world
from incidents import services as incidents
from incidents.models import Incident, RoleAssignment, StatusUpdate

SITUATION = """**Known**: payments stopped arriving at 05:40. The provider answers 503.

**Doing**: retries are paused, the last good load is being kept.

**Need**: nothing from others for now.
"""
SUMMARY = (
    "The payment provider limited the number of requests a minute. The ingestion "
    "retried at once and without pause, so each retry was limited as well."
)
FACTORS = """Retries had no backoff.
The provider's notice about the new limit went to a mailbox nobody reads.
The freshness check on RAW.PAYMENTS ran once an hour only.
"""


def tell_closed_incident(people: dict[str, User], *, at: datetime) -> Incident:
    """Declare, work on and resolve an incident in the past."""
    ingrid, dana = people["ingrid.inlet@example.com"], people[world.DANA]
    payments = Asset.objects.named(world.WAREHOUSE, "RAW.PAYMENTS").get()
    pipeline = Asset.objects.named(world.AIRFLOW, "ingest_payments").get()
    began = at - timedelta(days=3, hours=2)

    def after(minutes: int) -> datetime:
        return began + timedelta(minutes=minutes)

    incident = incidents.declare_incident(
        title="Payments stopped arriving",
        by=ingrid,
        at=after(22),
        severity=Severity.SEV2,
        assets=[pipeline, payments],
        detected_by=Incident.DetectedBy.MONITOR,
        impact_started_at=began,
    )
    pk = incident.pk
    incidents.acknowledge_incident(incident_id=pk, by=ingrid, at=after(25))
    for role, user in (
        (RoleAssignment.Role.COMMANDER, ingrid),
        (RoleAssignment.Role.COMMUNICATIONS, dana),
    ):
        incidents.assign_role(
            incident_id=pk, role=role, user=user, by=ingrid, at=after(27)
        )
    incidents.set_situation(
        incident_id=pk, situation=SITUATION, by=ingrid, at=after(31)
    )
    incidents.add_note(
        incident_id=pk,
        text="The provider's status page shows a new limit of 100 requests a minute.",
        by=ingrid,
        at=after(38),
    )
    incidents.change_status(
        incident_id=pk, status=Incident.Status.IDENTIFIED, by=ingrid, at=after(41)
    )
    incidents.judge_cause(
        incident_id=pk, asset=pipeline, verdict="confirmed", by=ingrid, at=after(42)
    )
    incidents.post_update(
        incident_id=pk,
        text="Payments of today are missing in the revenue dashboards. "
        "The load runs again with a pause between requests; next word in an hour.",
        audience=StatusUpdate.Audience.STAKEHOLDERS,
        by=dana,
        at=after(45),
    )
    incidents.change_status(
        incident_id=pk, status=Incident.Status.MONITORING, by=ingrid, at=after(88)
    )
    incidents.set_times(
        incident_id=pk, times={"mitigated_at": after(84)}, by=ingrid, at=after(90)
    )
    incidents.record_root_cause(
        incident_id=pk,
        category=Incident.CauseCategory.VENDOR,
        asset=pipeline,
        summary=SUMMARY,
        contributing_factors=FACTORS,
        by=ingrid,
        at=after(118),
    )
    return incidents.resolve_incident(incident_id=pk, by=ingrid, at=after(120))
