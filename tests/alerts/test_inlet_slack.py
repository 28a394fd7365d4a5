"""Whatever posts to a Slack incoming webhook, pointed at Headwater instead."""

import json

import httpx
import pytest

from alerts.models import Alert, Event
from tests.factories import make_integration
from tests.payloads import captured

KEY = "0123456789abcdef0123456789abcdef"
SLACK = f"/in/{KEY}/slack"


@pytest.fixture
def slack(server: httpx.Client) -> httpx.Client:
    make_integration(KEY, format="elementary")
    return server


def test_it_is_answered_as_slack_answers(slack: httpx.Client) -> None:
    request = captured("elementary-slack/01")
    headers = {"Content-Type": request.headers["Content-Type"]}
    answer = slack.post(SLACK, content=json.dumps(request.body), headers=headers)
    assert (answer.status_code, answer.text) == (200, "ok")
    assert answer.headers["content-type"].startswith("text/plain")
    assert "assert_every_order_paid" in Alert.objects.get().title


def test_slacks_form_is_taken(slack: httpx.Client) -> None:
    told = {"text": "Nightly backup failed: 100% full & more"}
    answer = slack.post(SLACK, data={"payload": json.dumps(told)})
    assert answer.status_code == 200
    assert Alert.objects.get().title == told["text"]


def test_the_form_may_have_other_fields_before_it(slack: httpx.Client) -> None:
    form = {"username": "backup", "payload": json.dumps({"text": "Backup failed"})}
    assert slack.post(SLACK, data=form).text == "ok"
    assert Alert.objects.get().title == "Backup failed"


def test_a_form_of_too_many_fields_is_refused(slack: httpx.Client) -> None:
    answer = slack.post(SLACK, content=b"payload=1" + b"&a=1" * 30)
    assert answer.status_code == 400


def test_an_integration_of_another_format_takes_it_too(slack: httpx.Client) -> None:
    make_integration("f" * 32)
    answer = slack.post(f"/in/{'f' * 32}/slack", json={"text": "Backup failed"})
    assert answer.status_code == 200
    assert Alert.objects.get().title == "Backup failed"


@pytest.mark.parametrize("body", [b"payload=", b"payload=%7B", b"{}", b"hello"])
def test_what_slack_would_refuse_is_refused_and_kept(
    slack: httpx.Client, body: bytes
) -> None:
    answer = slack.post(SLACK, content=body)
    assert answer.status_code == 400
    assert Event.objects.get().problem


def test_an_unknown_key_is_refused(slack: httpx.Client) -> None:
    assert slack.post(f"/in/{'e' * 32}/slack", json={"text": "x"}).status_code == 401
