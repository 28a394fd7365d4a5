"""An incident of three days ago, from its first alert to its published postmortem."""

from datetime import datetime, time, timedelta

from django.utils.timezone import localdate

from accounts.models import User
from alerts.models import Severity
from catalog.models import Asset
from config.demo import world
from incidents import services as incidents
from incidents.models import Incident, RoleAssignment, StatusUpdate
from incidents.queries import pages_of
from postmortems import outline
from postmortems import services as postmortems
from postmortems.models import ActionItem, Postmortem

BEGAN = time(5, 40)
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
# {section of the draft: what the people who were there added to it}
ADDED = {
    "Summary": "Readers of the revenue dashboards saw no payments of that morning. "
    "Loading again with a pause between requests brought all of them back.",
    "Impact": "Finance got the figures of the morning an hour later than usual.",
    "Trigger": "The provider's new limit came into force at 05:30 that morning.",
    "What went well": "- The last good load was kept, so nothing wrong was shown.",
    "What was hard": "- The error said 503, not 429: the limit looked like an outage.",
    "Where we got lucky": "- The provider keeps undelivered payments for a week, so "
    "that none was lost.",
    "Lessons": "A retry without a pause turns a provider's limit into an outage. The "
    "other ingestion pipelines retry in the same way.",
}


def tell_closed_incident(people: dict[str, User], *, at: datetime) -> Incident:
    """Declare, work on and resolve an incident in the past."""
    ingrid, dana = people["ingrid.inlet@example.com"], people[world.DANA]
    payments = Asset.objects.named(world.WAREHOUSE, "RAW.PAYMENTS").get()
    pipeline = Asset.objects.named(world.AIRFLOW, "ingest_payments").get()
    began = datetime.combine(
        at.astimezone(ingrid.tz) - timedelta(days=3), BEGAN, ingrid.tz
    )

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
    paged = next(page.user for page in pages_of(incident))
    incidents.acknowledge_incident(incident_id=pk, by=paged, at=after(25))
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


def publish_its_postmortem(
    incident: Incident, people: dict[str, User], *, at: datetime
) -> Postmortem:
    """Agree on action items, draft, add to the draft, review and publish."""
    ingrid, marty = people["ingrid.inlet@example.com"], people["marty.mart@example.com"]
    assert incident.resolved_at is not None
    drafted_at = incident.resolved_at + timedelta(hours=3)
    for title, owner, kind, days in (
        ("Pause between retries in ingest_payments", ingrid, "prevent", 4),
        ("Check the freshness of RAW.PAYMENTS every ten minutes", marty, "detect", 11),
    ):
        postmortems.add_action_item(
            incident=incident,
            title=title,
            owner=owner,
            kind=ActionItem.Kind(kind),
            due_on=localdate(at) + timedelta(days=days),
            by=ingrid,
            at=drafted_at,
        )
    postmortem, _ = postmortems.draft_postmortem(
        incident_id=incident.pk, by=ingrid, at=drafted_at
    )
    body = postmortem.body
    for section, text in ADDED.items():
        body = outline.insert(body, section=section, snippet=text)
    pk = postmortem.pk
    postmortems.save_text(
        postmortem_id=pk,
        version=postmortem.version,
        body=outline.finished(body),
        by=ingrid,
        at=drafted_at + timedelta(minutes=40),
    )
    postmortems.submit_postmortem(
        postmortem_id=pk, by=ingrid, at=drafted_at + timedelta(minutes=42)
    )
    reviewed_at = drafted_at + timedelta(days=1)
    postmortems.approve_postmortem(postmortem_id=pk, by=marty, at=reviewed_at)
    return postmortems.publish_postmortem(
        postmortem_id=pk, by=ingrid, at=reviewed_at + timedelta(minutes=5)
    )
