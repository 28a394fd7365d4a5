"""Silences and routing rules, as people make, try and see them."""

from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from accounts.models import User
from alerts.models import InletQuiet, Route, Silence
from alerts.services import release_due_alerts
from incidents.models import Incident
from incidents.services import correlate_changed_alerts
from tests.alerts.receiving import text_of
from tests.factories import (
    make_alert,
    make_asset,
    make_integration,
    make_policy,
    make_route,
    make_silence,
    make_team,
    make_user,
)

pytestmark = pytest.mark.django_db


def lately(**values: Any) -> Any:
    return make_alert(at=timezone.now() - timedelta(hours=1), **values)


def silence_form(**values: Any) -> dict[str, Any]:
    return {
        "act": "save",
        "reason": "Warehouse migration",
        "length": "60",
        "time_zone": "Europe/Madrid",
        "repeats": "once",
        **values,
    }


def in_force(**values: Any) -> Silence:
    now = timezone.now()
    span = {"starts_at": now - timedelta(hours=1), "ends_at": now + timedelta(hours=1)}
    return make_silence(**{**span, "created_at": now, **values})


def test_a_silence_is_tried_on_the_past_before_it_is_made(signed_in: Client) -> None:
    make_user(role="admin")
    inlet = make_integration(name="Airflow")
    lately(integration=inlet, title="orders failed")
    correlate_changed_alerts(at=timezone.now())
    lately(title="of another inlet")
    form = silence_form(integrations=[str(inlet.pk)])

    tried = text_of(signed_in.post("/silences/new/", {**form, "act": "try"}))
    assert "1 alert and 1 incident would have been hidden" in tried
    assert "orders failed" in tried
    assert "of another inlet" not in tried
    assert not Silence.objects.exists()

    made = signed_in.post("/silences/new/", form)
    silence = Silence.objects.get()
    assert made.headers["Location"] == silence.get_absolute_url()
    assert silence.integration_ids == [inlet.pk]
    assert silence.ends_at - silence.starts_at == timedelta(hours=1)


def test_incidents_one_may_not_see_are_not_counted(signed_in: Client) -> None:
    make_user(role="admin")
    lately(title="orders failed")
    correlate_changed_alerts(at=timezone.now())
    Incident.objects.update(private=True)
    form = silence_form(title_pattern="orders", act="try")
    tried = text_of(signed_in.post("/silences/new/", form))
    assert "1 alert and 0 incidents would have been hidden" in tried


def test_a_window_repeats_on_the_wall_clock_of_its_zone(signed_in: Client) -> None:
    form = silence_form(
        starts_at="2030-01-07T02:00",
        ends_at="2030-01-07T04:00",
        repeats="WEEKLY",
        weekdays=["MO", "TH"],
        title_pattern=".",
    )
    page = text_of(signed_in.post("/silences/new/", form, follow=True))
    assert "every week on Mon, Thu, 02:00 to 04:00 Europe/Madrid" in page
    silence = Silence.objects.get()
    assert silence.rrule == "FREQ=WEEKLY;BYDAY=MO,TH"
    assert f"{silence.starts_at:%H:%M}" == "01:00"

    # What the form shows of it makes the same one again.
    edit = signed_in.get(f"/silences/{silence.pk}/edit/").content.decode()
    assert 'value="2030-01-07T02:00"' in edit


@pytest.mark.parametrize(
    ("values", "told"),
    [
        ({}, "Say what is to be silenced"),
        ({"title_pattern": "("}, "Not a pattern that can be used"),
        ({"title_pattern": ".", "ends_at": "2020-01-01T00:00"}, "after the start"),
        ({"title_pattern": ".", "time_zone": "Nowhere/Here"}, "Choose a zone"),
        ({"title_pattern": ".", "repeats": "rule", "rrule": "FREQ=HOURLY"}, "FREQ"),
        ({"asset_name": "no_such_table"}, "No asset is called"),
        (
            {"label_name": ["env"], "label_op": ["=~"], "label_value": ["(?=a)"]},
            "Not a pattern",
        ),
    ],
)
def test_what_cannot_be_kept_is_refused_beside_its_field(
    signed_in: Client, values: dict[str, Any], told: str
) -> None:
    response = signed_in.post("/silences/new/", silence_form(**values))
    assert response.status_code == 400
    assert told in text_of(response)
    assert not Silence.objects.exists()


def test_rows_of_labels_are_kept_while_more_are_asked_for(signed_in: Client) -> None:
    form = silence_form(
        act="more", label_name=["env"], label_op=["!="], label_value=["prod"]
    )
    page = signed_in.post("/silences/new/", form)
    assert page.status_code == 200
    html = page.content.decode()
    assert html.count('name="label_name"') == 2
    assert 'value="prod"' in html


def test_an_alert_and_an_incident_lead_to_a_silence_filled_in(
    signed_in: Client,
) -> None:
    make_user(role="admin")
    asset = make_asset("raw_orders")
    alert = lately(asset=asset, title="raw_orders failed")
    correlate_changed_alerts(at=timezone.now())
    page = signed_in.get(alert.get_absolute_url()).content.decode()
    assert f"/silences/new/?alert={alert.pk}" in page
    for address in (
        f"/silences/new/?alert={alert.pk}",
        reverse("incidents:silence", args=[Incident.objects.get().pk]),
    ):
        shown = signed_in.get(address, follow=True)
        assert f'name="assets" value="{asset.pk}"' in shown.content.decode()

    bare = lately(title="disk (full)")
    html = signed_in.get(f"/silences/new/?alert={bare.pk}").content.decode()
    assert r'value="^disk\ \(full\)$"' in html


def test_a_silenced_alert_names_its_silence_until_that_is_ended(
    signed_in: Client,
) -> None:
    make_user(role="admin")
    silence = in_force(title_pattern="orders")
    alert = lately(title="orders failed")
    correlate_changed_alerts(at=timezone.now())

    page = text_of(signed_in.get(alert.get_absolute_url()))
    assert "Silenced By Warehouse migration" in page
    assert "silenced by Warehouse migration" in text_of(signed_in.get("/held/"))
    told = signed_in.get(f"/api/v1/alerts/{alert.pk}/").json()["handling"]
    assert (told["state"], told["silence"]) == ("silenced", silence.pk)
    assert "Hidden so far 1 alert" in text_of(signed_in.get(silence.get_absolute_url()))

    signed_in.post(f"/silences/{silence.pk}/end/")
    release_due_alerts(at=timezone.now())
    correlate_changed_alerts(at=timezone.now())
    assert Incident.objects.count() == 1
    page = text_of(signed_in.get("/silences/?show=over"))
    assert "Warehouse migration" in page
    assert "1 hidden" in page


def test_a_silence_is_extended_and_not_into_the_past(signed_in: Client) -> None:
    silence = in_force(title_pattern=".")
    later = (silence.ends_at + timedelta(hours=5)).strftime("%Y-%m-%dT%H:%M")
    signed_in.post(f"/silences/{silence.pk}/extend/", {"until": later})
    silence.refresh_from_db()
    assert f"{silence.ends_at:%Y-%m-%dT%H:%M}" == later
    refused = signed_in.post(
        f"/silences/{silence.pk}/extend/", {"until": "2020-01-01T00:00"}
    )
    assert refused.status_code == 400


def test_a_held_alert_says_when_it_pages(signed_in: Client) -> None:
    rule = make_route(name="Wait a little", hold_for=timedelta(hours=3))
    alert = lately(title="orders failed")
    correlate_changed_alerts(at=timezone.now())
    page = text_of(signed_in.get(alert.get_absolute_url()))
    assert "Pages at" in page
    assert "if still firing" in page
    assert str(rule) in page


def route_form(**values: Any) -> dict[str, Any]:
    return {"act": "save", "name": "Prod", "action": "page", "is_on": "on", **values}


def test_rules_are_made_ordered_tried_and_deleted(signed_in: Client) -> None:
    inlet, policy, team = make_integration(), make_policy(), make_team()
    prod = {"label_name": ["env"], "label_op": ["="], "label_value": ["prod"]}
    signed_in.post(
        "/routing/new/", route_form(policy=policy.pk, team=team.pk, hold_for=5, **prod)
    )
    signed_in.post("/routing/new/", route_form(name="All of it", title_pattern="."))
    prod_rule, all_rule, last = Route.objects.all()
    assert (prod_rule.hold_for, last.is_default) == (timedelta(minutes=5), True)

    asked: dict[str, Any] = {
        "integration": inlet.pk,
        "title": "orders failed",
        "labels": "env=dev",
    }
    page = text_of(signed_in.get("/routing/", asked))
    assert "Rule “All of it” takes it" in page
    assert "Wanted label env is prod; env is “dev”." in page
    pasted: dict[str, Any] = {
        "integration": inlet.pk,
        "labels": '{"labels": {"env": "prod"}}',
    }
    page = text_of(signed_in.get("/routing/", pasted))
    assert f"Rule “Prod” takes it: pages by {policy}" in page

    signed_in.post(f"/routing/{all_rule.pk}/move/", {"to": "earlier"})
    assert list(Route.objects.all()) == [all_rule, prod_rule, last]
    signed_in.post("/routing/order/", {"id": [prod_rule.pk, all_rule.pk]})
    assert list(Route.objects.all()) == [prod_rule, all_rule, last]

    signed_in.post(f"/routing/{all_rule.pk}/delete/")
    refused = signed_in.post(f"/routing/{last.pk}/delete/")
    assert refused.status_code == 409
    assert list(Route.objects.all()) == [prod_rule, last]


def test_a_rule_for_certain_hours_is_shown_as_it_was_made(signed_in: Client) -> None:
    hours = {
        "has_hours": "on",
        "weekdays": ["MO", "FR"],
        "hours_start": "22:00",
        "hours_end": "06:00",
        "zone": "Europe/Madrid",
    }
    signed_in.post("/routing/new/", route_form(**hours))
    route = Route.objects.filter(is_default=False).get()
    assert route.hours == {
        "weekdays": ["MO", "FR"],
        "start": "22:00",
        "end": "06:00",
        "zone": "Europe/Madrid",
    }
    page = text_of(signed_in.get("/routing/"))
    assert "Mon, Fri 22:00 to 06:00 Europe/Madrid" in page
    assert signed_in.get(route.get_absolute_url()).status_code == 200


def test_an_inlet_is_damped_and_the_default_route_names_a_policy(
    signed_in: Client,
) -> None:
    inlet, policy = make_integration(), make_policy()
    signed_in.post(
        f"/integrations/{inlet.pk}/quiet/",
        {"hold_for": "2.5", "flap_changes": 0, "flap_within": 10},
    )
    row = InletQuiet.objects.get()
    assert (row.hold_for, row.flap_changes) == (timedelta(seconds=150), 0)
    refused = signed_in.post(f"/integrations/{inlet.pk}/quiet/", {"after_count": 3})
    assert refused.status_code == 400

    signed_in.post("/routing/default/", {"policy": policy.pk})
    assert Route.objects.get(is_default=True).policy == policy


def test_lists_cost_the_same_with_many_rules(
    signed_in: Client, user: User, django_assert_max_num_queries: Any
) -> None:
    for number in range(6):
        in_force(title_pattern=str(number), labels=[])
        make_route(title_pattern=str(number))
    for path, most in (("/silences/", 20), ("/routing/", 20), ("/held/", 16)):
        with django_assert_max_num_queries(most):
            assert signed_in.get(path).status_code == 200
