"""Opsgenie's own Python client, with only its address changed."""

import pytest

from tests.clients.conftest import Headwater
from tests.clients.environments import Environment, environment
from tests.server import wait_until

pytestmark = pytest.mark.client

CLIENT = """
import os, opsgenie_sdk as og
configuration = og.Configuration()
configuration.api_key["Authorization"] = os.environ["KEY"]
configuration.api_key_prefix["Authorization"] = "GenieKey"
configuration.host = os.environ["URL"]
configuration.retry_enabled = False
alerts = og.AlertApi(og.ApiClient(configuration))
"""
CREATE = """
sent = alerts.create_alert(og.CreateAlertPayload(
    message="refunds_daily failed", alias="refunds/daily", priority="P1",
    details={"dag_id": "refunds_daily"},
))
data = alerts.get_request_status(sent.request_id).data
print(data.action, data.is_success, data.status, data.alias, sep="|")
"""
CLOSE = """
sent = alerts.close_alert(
    "refunds/daily", identifier_type="alias",
    close_alert_payload=og.CloseAlertPayload(source="nightly"),
)
print(alerts.get_request_status(sent.request_id).data.status)
"""
WRONG = """
try:
    alerts.create_alert(og.CreateAlertPayload(message=""))
except og.exceptions.ConfigurationException as error:
    print(error.status, "requestId" in error.body)
"""


def test_it_creates_closes_and_asks_what_became_of_it(headwater: Headwater) -> None:
    client: Environment = environment("opsgenie")
    told = {"KEY": headwater.make_integration("opsgenie"), "URL": headwater.url}

    created = client.script(CLIENT + CREATE, **told).strip()
    assert created == "Create|True|Created alert|refunds/daily"
    incident = headwater.incident_on("airflow", "refunds_daily")
    assert headwater.statuses(incident) == ["firing"]

    assert client.script(CLIENT + CLOSE, **told).strip() == "Closed alert"
    wait_until(lambda: headwater.statuses(incident) == ["resolved"], what="the end")


def test_it_understands_a_refusal(headwater: Headwater) -> None:
    told = {"KEY": headwater.make_integration("opsgenie"), "URL": headwater.url}

    refused = environment("opsgenie").script(CLIENT + WRONG, **told).strip()

    assert refused == "422 True"
