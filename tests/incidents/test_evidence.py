"""What speaks for and against a suspect beside the alerts, and what hangs from it."""

from datetime import timedelta
from typing import Any

import pytest

from alerts.freshness import Rhythm
from alerts.services import expect_freshness
from catalog.models import Asset, ColumnMap
from incidents.models import Incident
from tests.factories import NOON, make_user
from tests.incidents.world import correlate, fire, make_lineage, minutes

pytestmark = pytest.mark.django_db
HOURLY = Rhythm(every=timedelta(hours=1), grace=timedelta(hours=1))


def expect_hourly(asset: Asset, *, since: float) -> None:
    expect_freshness(asset=asset, rhythm=HOURLY, by=make_user(), at=minutes(since))


def suspects() -> dict[str, Any]:
    """{name: suspect} of the only incident, best first."""
    names = dict(Asset.objects.values_list("pk", "name"))
    return {names[one["asset"]]: one for one in Incident.objects.get().causes}


def reads(upstream: Asset, downstream: Asset, *columns: str) -> None:
    ColumnMap.objects.create(
        upstream=upstream,
        downstream=downstream,
        columns={column: [column] for column in columns},
        first_seen_at=NOON,
        last_seen_at=NOON,
    )


def test_of_two_silent_sources_the_one_past_its_deadline_is_suspected() -> None:
    world = make_lineage("feed > orders", "prices > orders", "feed > sums",
                         "prices > sums")  # fmt: skip
    expect_hourly(world["prices"], since=-90)  # its run was wanted half an hour ago
    fire("orders", at=0)
    fire("sums", at=1)
    correlate()
    assert next(iter(suspects())) == "prices"
    said = "it is past its deadline and has said nothing"
    assert said in suspects()["prices"]["reasons"]
    assert said not in suspects()["feed"]["reasons"]


def test_a_source_whose_deadline_is_still_to_come_is_not_late() -> None:
    world = make_lineage("feed > orders", "feed > sums")
    expect_hourly(world["feed"], since=-30)
    fire("orders", at=0)
    fire("sums", at=1)
    correlate()
    assert "no alert of its own" in suspects()["feed"]["reasons"]


def test_it_is_said_whether_a_run_or_a_test_of_the_data_failed() -> None:
    make_lineage("raw > staging > mart")
    fire("staging", at=0, labels={"test": "not_null", "column": "id"})
    fire("mart", at=0, labels={"resource_type": "model"})
    correlate()
    said = "a test of its data failed: the data may have come wrong from upstream"
    assert said in suspects()["staging"]["reasons"]
    assert "its own run failed" in suspects()["mart"]["reasons"]


def test_a_test_of_one_column_raises_severity_only_for_what_reads_it() -> None:
    world = make_lineage("raw > orders > board", board="dashboard")
    Asset.objects.filter(name="board").update(tier=1)
    reads(world["raw"], world["orders"], "amount")
    fire("raw", severity="SEV3", labels={"test": "not_null", "column": "comment"})
    correlate()
    incident = Incident.objects.get()
    assert (incident.severity, incident.affected_dashboards) == ("SEV3", 0)
    fire("raw", dedup_key="2", severity="SEV3", at=11,
         labels={"test": "not_null", "column": "amount"})  # fmt: skip
    correlate(12)
    incident.refresh_from_db()
    assert incident.severity == "SEV2"


@pytest.mark.parametrize(("users", "severity"), [(None, "SEV3"), (200, "SEV2")])
def test_what_many_use_raises_severity_sooner(users: int | None, severity: str) -> None:
    boards = {f"board{number}": "dashboard" for number in range(3)}
    make_lineage(*(f"raw > {board}" for board in boards), **boards)
    Asset.objects.filter(type="dashboard").update(tier=2, users=users)
    fire("raw", severity="SEV3")
    correlate()
    incident = Incident.objects.get()
    assert incident.severity == severity
    assert ("weighed by use" in incident.severity_reason) == bool(users)
