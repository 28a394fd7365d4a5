"""A run fails because a part of it has, and both are told of: one incident."""

import msgspec
import pytest

from alerts.formats.base import ParseContext
from alerts.formats.registry import FORMATS
from alerts.ingest.messages import message_of
from alerts.models import Alert, Integration
from alerts.services import store_messages
from alerts.services.catalog_facts import record_catalog_facts
from incidents.models import Incident
from oncall.models import Escalation
from tests.factories import make_integration
from tests.incidents.world import correlate, end, fire, minutes
from tests.payloads import captured

pytestmark = pytest.mark.django_db


@pytest.fixture
def integration() -> Integration:
    return make_integration(format="openlineage")


def task(name: str, integration: Integration, *, at: float = 0) -> Alert:
    return fire(
        f"etl.{name}",
        at=at,
        integration=integration,
        run_id=f"run of {name}",
        parent_run_id="run of etl",
    )


def dag(integration: Integration, *, at: float = 0, **values: object) -> Alert:
    told = {"run_id": "run of etl", "repeats_parts": True, **values}
    return fire("etl", at=at, integration=integration, **told)


def incidents() -> list[set[str]]:
    return [
        {member.alert.asset_name for member in incident.members.all()}
        for incident in Incident.objects.order_by("pk")
    ]


def test_a_dag_that_fails_after_its_task_joins_the_tasks_incident(
    integration: Integration,
) -> None:
    task("load", integration)
    correlate(1)
    dag(integration, at=2)
    correlate(3)

    assert incidents() == [{"etl.load", "etl"}]
    assert Escalation.objects.count() == 1


def test_a_dag_that_is_told_first_is_joined_by_its_task(
    integration: Integration,
) -> None:
    dag(integration)
    correlate(1)
    task("load", integration, at=2)
    correlate(3)

    assert incidents() == [{"etl.load", "etl"}]
    assert Escalation.objects.count() == 1


def test_both_in_one_batch_are_one_incident_about_the_task(
    integration: Integration,
) -> None:
    dag(integration)
    task("load", integration, at=0.1)
    correlate(1)

    incident = Incident.objects.get()
    assert incidents() == [{"etl.load", "etl"}]
    assert incident.title == "etl.load failed"


def test_a_dag_whose_task_told_of_nothing_pages(integration: Integration) -> None:
    dag(integration)
    correlate(1)

    assert incidents() == [{"etl"}]
    assert Escalation.objects.count() == 1


def test_a_dag_that_ends_after_its_tasks_incident_does_not_page_again(
    integration: Integration,
) -> None:
    failed = task("load", integration)
    correlate(1)
    end(failed, at=30)
    correlate(31)
    Incident.objects.get().resolve(by=None, at=minutes(32), why="")
    dag(integration, at=120)
    correlate(121)

    assert incidents() == [{"etl.load"}]


def test_two_tasks_without_a_path_stay_two_incidents(integration: Integration) -> None:
    task("load", integration)
    task("export", integration, at=0.1)
    dag(integration, at=0.2)
    correlate(1)

    assert sum("etl" in names for names in incidents()) == 1
    assert sum("etl.load" in names for names in incidents()) == 1
    assert {"etl.load", "etl.export"} not in [names - {"etl"} for names in incidents()]


def test_another_run_of_the_dag_has_nothing_to_do_with_it(
    integration: Integration,
) -> None:
    task("load", integration)
    dag(integration, at=1, run_id="another run")
    correlate(2)

    assert len(incidents()) == 2


def test_a_failed_try_with_tries_left_explains_no_failed_dag(
    integration: Integration,
) -> None:
    tried = task("load", integration)
    Alert.objects.filter(pk=tried.pk).update(pages=False)
    dag(integration, at=1)
    correlate(2)

    assert Escalation.objects.count() == 1


def test_tasks_told_by_the_run_of_their_dag_are_not_wholes_of_each_other(
    integration: Integration,
) -> None:
    for name in ("load", "export"):
        alert = task(name, integration)
        Alert.objects.filter(pk=alert.pk).update(run_id="run of etl")
    correlate(1)

    assert len(incidents()) == 2


@pytest.mark.parametrize("order", [("04", "05"), ("05", "04")])
def test_as_airflow_really_tells_it_it_is_one_incident(order: tuple[str, str]) -> None:
    inlet = make_integration(format="openlineage")
    for number in order:
        payload = captured(f"airflow-openlineage/{number}").body
        parsed = FORMATS["openlineage"].parse(payload, ParseContext(minutes(0)))
        message = message_of(
            parsed,
            integration_id=inlet.pk,
            default_severity="SEV3",
            received_at=minutes(0),
            path="/api/v1/lineage",
            body=msgspec.json.encode(payload),
        )
        store_messages([message])
        correlate()
        record_catalog_facts(at=minutes(0))

    assert incidents() == [{"orders_etl.load_fct_orders", "orders_etl"}]
    assert Escalation.objects.count() == 1
