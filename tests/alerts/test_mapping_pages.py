"""The page on which a mapping is written and tried."""

import json
from collections.abc import Callable

import pytest
from django.test import Client

from accounts.models import AuditEntry
from alerts.mapping_form import MappingForm
from alerts.models import Integration
from tests.alerts.receiving import receive, text_of
from tests.factories import make_integration

SignIn = Callable[..., Client]
BODY = {"checks": [{"name": "orders", "state": "red"}], "env": "prod"}
FILLED = {
    "items": "$.checks",
    "title": "Check {@.name} is {@.state}",
    "status": "@.state",
    "status_map": "green = resolved\n* = firing",
    "dedup_key": "$.env\n@.name",
    "labels": "env = $.env",
    "body": json.dumps(BODY),
}

pytestmark = pytest.mark.django_db


def page(inlet: Integration, rest: str = "") -> str:
    return f"/integrations/{inlet.pk}/mapping/{rest}"


def test_the_last_body_waits_there_to_be_tried_on(signed_in: Client) -> None:
    inlet = make_integration()
    receive(inlet, body=b'{"old": 1}')
    last = receive(inlet, body=b'{"headline": "orders failed"}')
    text = text_of(signed_in.get(page(inlet)))
    assert '"headline": "orders failed"' in text
    assert f"The body of event {last.pk}" in text
    older = text_of(signed_in.get(f"{page(inlet)}?event={last.pk - 1}"))
    assert '"old": 1' in older


def test_the_integrations_page_shows_the_last_body_and_what_it_makes(
    signed_in: Client, sign_in: SignIn
) -> None:
    inlet = make_integration(mapping={"title": "{@.headline}", "dedup_key": "$.id"})
    receive(inlet, body=b'{"headline": "older", "id": 6}')
    receive(inlet, body=b'{"headline": "orders failed", "id": 7}')
    path = inlet.get_absolute_url()
    text = text_of(signed_in.get(path))
    assert '"headline": "orders failed"' in text
    assert "{@.headline}" in text
    assert "orders failed Dedup key 7" in text
    older = inlet.events.earliest("pk")
    assert "older Dedup key 6" in text_of(signed_in.get(f"{path}?event={older.pk}"))
    assert "What it makes" not in text_of(sign_in(role="viewer").get(path))


def test_what_comes_is_offered_to_be_tried_on_while_the_page_is_open(
    signed_in: Client,
) -> None:
    inlet = make_integration()
    came = receive(inlet, body=b'{"headline": "orders failed"}')
    part = signed_in.get(f"{inlet.get_absolute_url()}events/").content.decode()
    assert 'id="mapping-tries" hx-swap-oob="true"' in part
    assert f"?event={came.pk}#mapping" in part


def test_trying_shows_what_would_come_and_keeps_nothing(signed_in: Client) -> None:
    inlet = make_integration()
    whole = signed_in.post(page(inlet, "try/"), FILLED)
    part = signed_in.post(page(inlet, "try/"), FILLED, headers={"HX-Request": "true"})
    for answer in (whole, part):
        assert answer.status_code == 200
        assert "Check orders is red Dedup key prod/orders" in text_of(answer)
        assert "env=prod" in text_of(answer)
    assert part.content.lstrip().startswith(b'<section class="panel" id="trial"')
    inlet.refresh_from_db()
    assert inlet.mapping is None


def test_a_mistake_is_told_beside_its_field_and_saves_nothing(
    signed_in: Client,
) -> None:
    inlet = make_integration()
    wrong = {**FILLED, "title": "@.[", "status_map": "green"}
    answer = signed_in.post(page(inlet), wrong)
    assert answer.status_code == 400
    text = text_of(answer)
    assert "“green” is to be a word, =, and what it means." in text
    answer = signed_in.post(page(inlet), {**FILLED, "title": "@.["})
    assert "“@.[” cannot be read" in text_of(answer)
    inlet.refresh_from_db()
    assert inlet.mapping is None


def test_saving_keeps_the_mapping_and_shows_it_again(signed_in: Client) -> None:
    inlet = make_integration()
    assert signed_in.post(page(inlet), FILLED).status_code == 302
    inlet.refresh_from_db()
    assert inlet.mapping == {
        "items": "$.checks",
        "title": "Check {@.name} is {@.state}",
        "status": "@.state",
        "status_map": {"green": "resolved", "*": "firing"},
        "dedup_key": "$.env\n@.name",
        "labels": {"env": "$.env"},
    }
    shown = MappingForm.of(inlet.mapping, body="")
    assert shown.initial["status_map"] == "green = resolved\n* = firing"
    assert AuditEntry.objects.get().action == "integration.set_mapping"
    signed_in.post(page(inlet, "remove/"))
    inlet.refresh_from_db()
    assert inlet.mapping is None


def test_an_expression_with_equals_signs_stays_whole(signed_in: Client) -> None:
    inlet = make_integration()
    owner = "@.tags[?@.key == 'owner'].value"
    signed_in.post(page(inlet), {**FILLED, "labels": f"owner = {owner}"})
    inlet.refresh_from_db()
    assert inlet.mapping is not None
    assert inlet.mapping["labels"] == {"owner": owner}


def test_a_label_may_be_named_as_a_method_is(signed_in: Client) -> None:
    filled = {**FILLED, "labels": "items = $.env\nkeys = red"}
    text = text_of(signed_in.post(page(make_integration(), "try/"), filled))
    assert "items=prod" in text
    assert "keys=red" in text


@pytest.mark.parametrize("body", ["{", "[" * 4000, "\x00", "9" * 5000, '"t"'])
def test_no_body_breaks_the_page(signed_in: Client, body: str) -> None:
    inlet = make_integration()
    answer = signed_in.post(page(inlet, "try/"), {**FILLED, "body": body})
    assert answer.status_code == 200
    assert "cannot be read" in text_of(answer)


def test_only_generic_json_has_a_mapping(signed_in: Client) -> None:
    assert signed_in.get(page(make_integration(format="airflow"))).status_code == 404


def test_viewers_write_no_mapping(sign_in: SignIn) -> None:
    viewer, inlet = sign_in(role="viewer"), make_integration()
    assert viewer.get(page(inlet)).status_code == 403
    assert viewer.post(page(inlet, "try/"), FILLED).status_code == 403
