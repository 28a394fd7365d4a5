"""Smallest valid rows. Each test names only the values that matter to it."""

from datetime import UTC, datetime, timedelta
from itertools import count
from typing import Any

from accounts.models import Team, User, hash_secret
from alerts.models import Alert, Integration, Route, Silence
from alerts.services.rulebook import change_rules
from catalog.models import Asset, Edge
from catalog.services import bump_lineage_version
from incidents.models import Incident
from oncall.models import EscalationPolicy, Schedule
from postmortems.models import ActionItem, Postmortem

NOON = datetime(2026, 3, 29, 12, 0, tzinfo=UTC)
_numbers = count(1)


def make_user(**values: Any) -> User:
    values.setdefault("email", f"person{next(_numbers)}@example.com")
    return User.objects.create_user(**values)


def make_team(**values: Any) -> Team:
    number = next(_numbers)
    return Team.objects.create(
        **{"name": f"Team {number}", "slug": f"team-{number}", **values}
    )


def make_asset(name: str = "", **values: Any) -> Asset:
    name = name or f"table_{next(_numbers)}"
    return Asset.objects.create(**{"namespace": "warehouse", "name": name, **values})


def make_edge(upstream: Asset, downstream: Asset, **values: Any) -> Edge:
    defaults = {"source": "import", "first_seen_at": NOON, "last_seen_at": NOON}
    edge = Edge.objects.create(
        upstream=upstream, downstream=downstream, **{**defaults, **values}
    )
    bump_lineage_version(at=NOON)
    return edge


def make_integration(key: str = "", **values: Any) -> Integration:
    """An inlet with a known key (32 hex characters)."""
    key = key or f"{next(_numbers):032x}"
    defaults = {
        "name": f"inlet {key[-4:]}",
        "format": "generic",
        "key_hash": hash_secret(key),
        "key_prefix": key[:4],
        "created_at": NOON,
    }
    return Integration.objects.create(**{**defaults, **values})


def make_alert(**values: Any) -> Alert:
    if "integration" not in values:
        values["integration"] = make_integration()
    at = values.pop("at", NOON)
    defaults = {
        "dedup_key": f"key-{next(_numbers)}",
        "severity": "SEV3",
        "title": "orders_daily failed",
        "occurred_at": at,
        "first_at": at,
        "last_at": at,
    }
    return Alert.objects.create(**{**defaults, **values})


def make_silence(**values: Any) -> Silence:
    """Hides everything for two hours from noon on, unless told what."""
    defaults = {
        "reason": "Warehouse migration",
        "starts_at": NOON,
        "ends_at": NOON + timedelta(hours=2),
        "created_at": NOON,
    }
    silence = Silence.objects.create(**{**defaults, **values})
    change_rules()
    return silence


def make_route(**values: Any) -> Route:
    number = next(_numbers)
    defaults = {"name": f"rule {number}", "position": number}
    route = Route.objects.create(**{**defaults, **values})
    change_rules()
    return route


def make_incident(**values: Any) -> Incident:
    at = values.pop("at", NOON)
    defaults = {
        "title": "orders_daily is stale",
        "impact_started_at": at,
        "detected_at": at,
        "triggered_at": at,
    }
    return Incident.objects.create(**{**defaults, **values})


def make_schedule(**values: Any) -> Schedule:
    number = next(_numbers)
    defaults = {"name": f"schedule {number}", "feed_secret": f"secret{number}"}
    return Schedule.objects.create(**{**defaults, **values})


def make_policy(**values: Any) -> EscalationPolicy:
    return EscalationPolicy.objects.create(
        **{"name": f"policy {next(_numbers)}", **values}
    )


def make_postmortem(*, by: User | None = None, **values: Any) -> Postmortem:
    """A postmortem with its first version, of an incident resolved after an hour."""
    values.setdefault("incident", None)
    values["incident"] = values["incident"] or make_incident(
        status="resolved", resolved_at=NOON + timedelta(hours=1)
    )
    if values.get("status") == "published":
        values.setdefault("published_at", NOON)
    defaults = {
        "title": "Orders were late",
        "body": "## Summary\n\nOrders were late.\n",
        "created_by": by,
        "created_at": NOON,
        "updated_at": NOON,
    }
    postmortem = Postmortem.objects.create(**{**defaults, **values})
    postmortem.versions.create(
        version=postmortem.version,
        title=postmortem.title,
        body=postmortem.body,
        by=by,
        at=NOON,
    )
    return postmortem


def make_action_item(postmortem: Postmortem, **values: Any) -> ActionItem:
    return ActionItem.objects.create(
        **{
            "title": "Alert on empty loads",
            "incident": postmortem.incident,
            "postmortem": postmortem,
            "created_at": NOON,
            **values,
        }
    )
