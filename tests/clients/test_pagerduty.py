"""PagerDuty's own Python clients: the present one, which speaks https only, and the
one before it."""

from collections.abc import Iterator

import pytest

from tests.clients.conftest import Headwater
from tests.clients.environments import Environment, environment
from tests.clients.tls import Front, tls_front
from tests.server import wait_until

pytestmark = pytest.mark.client

PAGERDUTY = """
import os, pagerduty
client = pagerduty.EventsApiV2Client(os.environ["KEY"], base_url=os.environ["URL"])
"""
PDPYRAS = """
import os, pdpyras
client = pdpyras.EventsAPISession(os.environ["KEY"])
client.url = os.environ["URL"]
"""
TRIGGER = """
print(client.trigger(
    "dbt model fct_orders failed", "dbt-prod", severity="critical",
    dedup_key=os.environ["DEDUP"],
    custom_details={"dag_id": "orders_etl", "task_id": os.environ["DEDUP"]},
))
"""
CHANGE = """
client.send_change_event(payload={"summary": "Deployed orders 1.4.2", "source": "ci"})
"""
KEYLESS = 'print(client.trigger("minimal", "cron", severity="info"))'


@pytest.fixture(scope="module")
def clients() -> Environment:
    return environment("pagerduty")


@pytest.fixture(scope="module")
def front(
    headwater: Headwater, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Front]:
    port = int(headwater.url.rpartition(":")[2])
    with tls_front(port, tmp_path_factory.mktemp("tls")) as front:
        yield front


@pytest.mark.parametrize("client", ["pagerduty", "pdpyras"])
def test_trigger_acknowledge_and_resolve_do_what_they_say(
    headwater: Headwater, clients: Environment, front: Front, client: str
) -> None:
    start, url = {
        "pagerduty": (PAGERDUTY, front.url),
        "pdpyras": (PDPYRAS, headwater.url),
    }[client]

    def send(text: str) -> str:
        return clients.script(
            start + text,
            KEY=key,
            URL=url,
            DEDUP=client,
            SSL_CERT_FILE=str(front.certificate),
        ).strip()

    key = headwater.make_integration("pagerduty")
    assert send(TRIGGER) == client
    incident = headwater.incident_on("airflow", f"orders_etl.{client}")
    assert headwater.status(incident) == "triggered"

    send(f'client.acknowledge("{client}")')
    wait_until(lambda: headwater.status(incident) == "investigating", what="the ack")

    send(f'client.resolve("{client}")')
    wait_until(lambda: headwater.statuses(incident) == ["resolved"], what="the end")


def test_a_trigger_without_a_key_is_given_one(
    headwater: Headwater, clients: Environment, front: Front
) -> None:
    key = headwater.make_integration("pagerduty")
    trusted = {"SSL_CERT_FILE": str(front.certificate)}
    made = clients.script(PAGERDUTY + KEYLESS, KEY=key, URL=front.url, **trusted)
    assert len(made.strip()) == 32


def test_the_present_client_cannot_be_given_a_plain_address(
    headwater: Headwater, clients: Environment
) -> None:
    key = headwater.make_integration("pagerduty")
    done = clients.run(
        "python",
        "-c",
        PAGERDUTY + KEYLESS,
        environ={"KEY": key, "URL": headwater.url},
    )
    assert done.returncode != 0


def test_a_change_event_is_kept(
    headwater: Headwater, clients: Environment, front: Front
) -> None:
    key = headwater.make_integration("pagerduty")
    clients.script(  # raises for any answer but 202
        PAGERDUTY + CHANGE,
        KEY=key,
        URL=front.url,
        SSL_CERT_FILE=str(front.certificate),
    )
