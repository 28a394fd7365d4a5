"""Two assets that are one thing: other names, merging, and what arrives meanwhile."""

import threading
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.db import IntegrityError, connection, transaction
from django.test import Client

from accounts.models import AuditEntry
from alerts.models import Event, Silence
from alerts.services import record_catalog_facts
from catalog import graph
from catalog.models import Asset, AssetAlias, AssetOwner, Edge, Run
from catalog.services import (
    RunReport,
    add_alias,
    find_or_create_asset,
    merge_assets,
    record_change,
    record_runs,
)
from core.errors import DomainError
from incidents.models import FailingAsset
from tests.alerts.test_catalog_facts import make_told, run_event
from tests.factories import (
    NOON,
    make_alert,
    make_asset,
    make_edge,
    make_incident,
    make_integration,
    make_team,
    make_user,
)
from tests.waiting import wait_until

pytestmark = pytest.mark.django_db
SignIn = Callable[..., Client]
HOUR = timedelta(hours=1)


def merge(old: Asset, into: Asset) -> Asset:
    return merge_assets(old_id=old.pk, into_id=into.pk, by=make_user(), at=NOON)


def run(asset: Asset, run_id: str, state: str = "success") -> None:
    record_runs([RunReport(asset.pk, run_id, state, reported_at=NOON)])


def test_everything_comes_along() -> None:
    old, into = make_asset("STG.ORDERS"), make_asset("stg_orders")
    up, down = make_asset(), make_asset()
    make_edge(up, old)
    make_edge(old, down)
    run(old, "r1")
    change = record_change(asset=old, title="deploy", at=NOON)
    alert = make_alert(asset=old)
    incident = make_incident(suspected_asset=old)
    FailingAsset.objects.create(incident=incident, asset=old, since=NOON)
    AssetOwner.objects.create(asset=old, email="ana@example.com")
    add_alias(asset=old, namespace="dbt", name="orders", by=make_user(), at=NOON)
    merge(old, into)
    for row in (change, alert, incident):
        row.refresh_from_db()
    assert (change.asset, alert.asset, incident.suspected_asset) == (into, into, into)
    assert [one.asset for one in FailingAsset.objects.all()] == [into]
    assert into.runs.count() == into.owners.count() == 1
    assert graph.snapshot(fresh=True).path(up.pk, down.pk) == [up.pk, into.pk, down.pk]
    assert not Asset.objects.filter(pk=old.pk).exists()


def test_the_old_names_find_the_one_that_stays_whatever_their_case() -> None:
    old, into = make_asset('Shop."Orders"'), make_asset("orders_new")
    add_alias(asset=old, namespace="dbt", name="orders", by=make_user(), at=NOON)
    merge(old, into)
    for namespace, name in (
        ("WAREHOUSE", "shop.ORDERS"),
        ("warehouse/", "`shop`.orders"),
        ("dbt", "Orders"),
    ):
        found = find_or_create_asset(namespace=namespace, name=name, at=NOON)
        assert found == into


def test_what_both_have_is_kept_once_and_edges_between_them_go() -> None:
    old, into, up = make_asset(), make_asset(), make_asset()
    for asset in (old, into):
        make_edge(up, asset)
        run(asset, "same", "failed" if asset == into else "success")
        AssetOwner.objects.create(asset=asset, email="ana@example.com")
    make_edge(old, into)
    merge(old, into)
    assert [one.state for one in Run.objects.all()] == ["failed"]
    assert AssetOwner.objects.count() == 1
    current = Edge.objects.current()
    assert [(one.upstream, one.downstream) for one in current] == [(up, into)]
    assert graph.snapshot(fresh=True).children(up.pk) == [into.pk]


def test_blanks_are_filled_and_what_is_said_stays() -> None:
    sales, finance = make_team(), make_team()
    old = make_asset(tier=1, team=sales, description="Old words", health="failing")
    into = make_asset(tier=3, team=finance, description="")
    kept = merge(old, into)
    assert (kept.tier, kept.team, kept.description) == (1, finance, "Old words")
    assert kept.health == "failing"


def test_an_incident_that_named_both_has_one_failing_asset_since_the_first() -> None:
    old, into, incident = make_asset(), make_asset(), make_incident()
    FailingAsset.objects.create(incident=incident, asset=old, since=NOON - HOUR)
    FailingAsset.objects.create(
        incident=incident, asset=into, since=NOON, until=NOON + HOUR
    )
    merge(old, into)
    one = FailingAsset.objects.get()
    assert (one.asset, one.since, one.until) == (into, NOON - HOUR, None)


def test_rules_that_name_the_old_one_name_the_other() -> None:
    old, into = make_asset(), make_asset()
    rule = Silence.objects.create(
        asset_ids=[old.pk, into.pk],
        reason="x",
        starts_at=NOON,
        ends_at=NOON + HOUR,
        created_at=NOON,
    )
    merge(old, into)
    rule.refresh_from_db()
    assert rule.asset_ids == [into.pk]


def test_a_merge_of_merges_leads_to_the_last(signed_in: Client) -> None:
    first, second, third = make_asset(), make_asset(), make_asset()
    merge(first, second)
    merge(second, third)
    for old in (first, second):
        leads = signed_in.get(old.get_absolute_url()).headers["Location"]
        assert leads == third.get_absolute_url()


def test_an_asset_is_not_merged_with_itself_nor_with_one_that_is_gone() -> None:
    asset = make_asset()
    for into in (asset.pk, 999_999):
        with pytest.raises(DomainError):
            merge_assets(old_id=asset.pk, into_id=into, by=make_user(), at=NOON)


def test_what_is_written_under_the_old_id_meanwhile_fails_and_is_not_lost(
    transactional_db: None,
) -> None:
    old, into = make_asset("old"), make_asset("new")
    merged, written = threading.Event(), threading.Event()
    failed: list[Exception] = []

    def writer() -> None:
        try:
            with transaction.atomic():
                run(old, "late")
                written.set()
                assert merged.wait(20)
        except IntegrityError as error:
            failed.append(error)
        finally:
            connection.close()

    thread = threading.Thread(target=writer)
    thread.start()
    assert written.wait(20)
    merge(old, into)
    merged.set()
    thread.join(20)
    assert len(failed) == 1
    found = find_or_create_asset(namespace="warehouse", name="old", at=NOON)
    run(found, "late")
    assert into.runs.count() == 1


def test_messages_that_name_the_old_one_while_it_is_merged_all_arrive(
    transactional_db: None,
) -> None:
    inlet = make_integration(format="openlineage")
    old = make_asset("orders.load", namespace="airflow", type="task")
    into = make_asset("load_orders", namespace="airflow", type="task")
    for number in range(60):
        told = run_event("shop.marts.orders")
        told["run"] = {"runId": f"01a0219e-0800-799a-8d0b-85b504fd{number:04d}"}
        make_told(inlet, told)
    errors: list[Exception] = []

    def reader() -> None:
        try:
            while Event.objects.filter(has_catalog_facts=True).exists():
                record_catalog_facts(at=NOON)
        except Exception as error:
            errors.append(error)
        finally:
            connection.close()

    threads = [threading.Thread(target=reader) for _ in range(2)]
    for thread in threads:
        thread.start()
    wait_until(lambda: Run.objects.count() > 5, what="some runs")
    merge(old, into)
    for thread in threads:
        thread.join(60)
    assert not errors
    assert into.runs.count() == 60
    assert not Asset.objects.filter(namespace="airflow", name="orders.load").exists()


def test_a_name_given_by_hand_is_found_and_taken_away_again(signed_in: Client) -> None:
    asset = make_asset()
    path = f"/assets/{asset.pk}/names/"
    signed_in.post(f"{path}add/", {"namespace": "dbt", "name": "Shop.Orders"})
    assert Asset.objects.named("DBT", '"shop"."orders"').get() == asset
    assert "Shop.Orders" in signed_in.get(path).content.decode()
    alias = AssetAlias.objects.get()
    signed_in.post(f"{path}{alias.pk}/remove/")
    assert not AssetAlias.objects.exists()
    actions = set(AuditEntry.objects.values_list("action", flat=True))
    assert actions == {"asset.alias_added", "asset.alias_removed"}


def test_a_name_that_another_asset_has_is_refused_and_says_what_to_do(
    signed_in: Client,
) -> None:
    asset, other = make_asset(), make_asset("taken")
    told = {"namespace": other.namespace, "name": "TAKEN"}
    answer = signed_in.post(f"/assets/{asset.pk}/names/add/", told)
    assert answer.status_code == 400
    assert "Merge the two" in answer.content.decode()
    api = f"/api/v1/assets/{asset.pk}/aliases/"
    assert signed_in.post(api, told, content_type="application/json").status_code == 409


def test_the_page_shows_what_moves_before_it_moves(signed_in: Client) -> None:
    old, into = make_asset("old_orders"), make_asset("new_orders")
    run(old, "r1")
    run(old, "r2")
    make_alert(asset=old)
    path = f"/assets/{old.pk}/merge/{into.pk}/"
    page = signed_in.get(path).content.decode()
    assert "<dt>Runs</dt><dd>2</dd>" in page
    assert "<dt>Alerts</dt><dd>1</dd>" in page
    assert Asset.objects.filter(pk=old.pk).exists()
    assert signed_in.post(path).headers["Location"] == into.get_absolute_url()
    entry = AuditEntry.objects.get(action="asset.merged")
    assert entry.changes["moved"] == {"alerts": 1, "runs": 2}
    gone = signed_in.get(old.get_absolute_url())
    assert (gone.status_code, gone.headers["Location"]) == (
        301,
        into.get_absolute_url(),
    )


def test_the_search_offers_both_directions(signed_in: Client) -> None:
    asset, other = make_asset("orders_a"), make_asset("orders_b")
    page = signed_in.get(f"/assets/{asset.pk}/names/?find=orders").content.decode()
    assert f"/assets/{other.pk}/merge/{asset.pk}/" in page
    assert f"/assets/{asset.pk}/merge/{other.pk}/" in page


def test_the_api_previews_merges_and_redirects(signed_in: Client) -> None:
    old, into = make_asset(description="words"), make_asset()
    make_edge(old, into)
    path = f"/api/v1/assets/{old.pk}/merge/"
    told = signed_in.get(f"{path}?into={into.pk}").json()
    assert told["edges_between"] == 1
    assert told["filled"] == ["description"]
    assert "feeds the other" in told["doubt"]
    answer: Any = signed_in.post(
        path, {"into": into.pk}, content_type="application/json"
    )
    assert (answer.status_code, answer.json()["id"]) == (200, into.pk)
    moved = signed_in.get(f"/api/v1/assets/{old.pk}/")
    assert moved.status_code == 301
    assert moved.headers["Location"] == f"/api/v1/assets/{into.pk}/"
    assert signed_in.get(f"/badge/{old.pk}.svg").status_code == 200
    again = signed_in.post(path, {"into": into.pk}, content_type="application/json")
    assert again.status_code == 404


def test_viewers_name_and_merge_nothing(sign_in: SignIn) -> None:
    viewer, old, into = sign_in(role="viewer"), make_asset(), make_asset()
    assert viewer.get(f"/assets/{old.pk}/names/").status_code == 403
    assert viewer.post(f"/assets/{old.pk}/merge/{into.pk}/").status_code == 403
    told = {"into": into.pk}
    path = f"/api/v1/assets/{old.pk}/merge/"
    answer = viewer.post(path, told, content_type="application/json")
    assert answer.status_code == 403
