"""Puts the demonstration world into a database, through the ordinary services."""

from datetime import datetime, timedelta
from typing import Any

from django.db import transaction
from django.db.models import F

from accounts.models import Team, User
from accounts.services import add_team_member, create_team
from catalog.importers.bulk import read_catalog
from catalog.models import Asset
from catalog.services import record_change
from catalog.services.imports import import_catalog
from config.demo import world
from config.demo.closed import publish_its_postmortem, tell_closed_incident
from oncall.models import Notification, Schedule
from oncall.services.editing import create_schedule
from oncall.services.policies import PolicyValues, StepValues, create_policy

SCHEDULE_START = "2026-01-05T09:00"


def is_loaded() -> bool:
    return User.objects.filter(email=world.PEOPLE[0].email).exists()


@transaction.atomic
def load(*, at: datetime) -> None:
    """Make people, teams, assets, schedules, a closed incident and its postmortem."""
    people = {one.email: _person(one, at=at) for one in world.PEOPLE}
    demo = people[world.PEOPLE[0].email]
    teams = _teams(people, by=demo, at=at)
    _catalog(by=demo, at=at)
    _on_call(people, teams, by=demo, at=at)
    closed = tell_closed_incident(people, at=at)
    # What was said about the past was said then: nobody is told of it now.
    Notification.objects.filter(state=Notification.State.DUE).update(
        state=Notification.State.SENT, sent_at=F("due_at"), detail="Kept in the inbox"
    )
    publish_its_postmortem(closed, people, at=at)


def _person(one: world.DemoPerson, *, at: datetime) -> User:
    user = User.objects.create_user(
        one.email,
        world.PASSWORD,
        name=one.name,
        role=one.role,
        time_zone=one.time_zone,
    )
    user.contact_methods.create(kind="email", address=one.email, verified_at=at)
    return user


def _teams(people: dict[str, User], *, by: User, at: datetime) -> dict[str, Team]:
    teams = {
        name: create_team(name=name, description=text, by=by, at=at)
        for name, text in world.TEAMS.items()
    }
    for one in world.PEOPLE:
        for name in one.teams:
            add_team_member(
                team_id=teams[name].pk,
                person_id=people[one.email].pk,
                by=by,
                at=at,
            )
    return teams


def _catalog(*, by: User, at: datetime) -> None:
    assets = [
        {
            "namespace": asset.namespace,
            "name": asset.name,
            "type": asset.type,
            "tier": asset.tier,
            "team": asset.team,
            "description": asset.description,
            "owners": list(asset.owners),
        }
        for asset in world.ASSETS
    ]
    edges = [{"upstream": _key(a), "downstream": _key(b)} for a, b in world.edges()]
    document = read_catalog({"assets": assets, "edges": edges})
    import_catalog(document=document, by=by, at=at)
    record_change(
        asset=Asset.objects.named(world.AIRFLOW, "ingest_customers").get(),
        title="Deployed ingest_customers 1.8.0",
        kind="deploy",
        url="https://ci.example.com/builds/811",
        author="ci",
        occurred_at=at - timedelta(days=2),
        at=at,
    )


def _key(asset: world.DemoAsset) -> dict[str, str]:
    return {"namespace": asset.namespace, "name": asset.name}


def _on_call(
    people: dict[str, User], teams: dict[str, Team], *, by: User, at: datetime
) -> None:
    """The demo person is on call for ingestion now, so that its page reaches them."""
    on_call = _schedule(
        "Ingestion on call",
        teams[world.INGESTION],
        [by, people["ingrid.inlet@example.com"]],
        by=by,
        at=at,
    )
    analytics = _schedule(
        "Analytics on call",
        teams[world.ANALYTICS],
        [people["marty.mart@example.com"], people[world.DANA]],
        by=by,
        at=at,
    )
    for team, schedule, is_default in (
        (teams[world.INGESTION], on_call, True),
        (teams[world.ANALYTICS], analytics, True),
        (None, on_call, True),
    ):
        name = f"{team} ladder" if team else "Everything else"
        schedule_team = team or teams[world.INGESTION]
        steps = [
            StepValues(timedelta(minutes=5), [schedule]),
            StepValues(timedelta(minutes=10), [schedule_team]),
        ]
        values = PolicyValues(name=name, steps=steps, team=team, is_default=is_default)
        create_policy(values=values, by=by, at=at)


def _schedule(
    name: str, team: Team, users: list[User], *, by: User, at: datetime
) -> Schedule:
    form: dict[str, Any] = {
        "name": name,
        "timezone": "Europe/Madrid",
        "layers": [
            {
                "name": "Weekly",
                "priority": 0,
                "kind": "rotation",
                "rotation": {
                    "unit": "week",
                    "every": 1,
                    "start_local": SCHEDULE_START,
                    "participants": [[str(user.pk)] for user in users],
                    "anchor": {"at": at.isoformat(), "index": 0},
                },
            }
        ],
    }
    return create_schedule(form=form, team=team, by=by, at=at)
