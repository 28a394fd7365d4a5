"""What machines tell: kept once, never against a person's word."""

import itertools
import random
import threading
from datetime import timedelta

import pytest
from django.db import connection, transaction

from catalog.graph import snapshot
from catalog.importers.base import AssetKey, FoundAsset
from catalog.importers.bulk import read_catalog
from catalog.models import Asset, AssetAlias, Edge, LineageVersion, Run
from catalog.services import (
    RunReport,
    add_edge,
    edit_asset,
    find_or_create_asset,
    import_catalog,
    record_lineage,
    record_runs,
    remove_edge,
    set_asset_health,
)
from core.errors import DomainError
from tests.factories import NOON, make_asset, make_edge, make_team, make_user

pytestmark = pytest.mark.django_db

HOUR = timedelta(hours=1)


def found(name: str, **values: object) -> FoundAsset:
    return FoundAsset("warehouse", name, **values)  # type: ignore[arg-type]


def key(name: str) -> AssetKey:
    return AssetKey("warehouse", name)


def test_a_message_makes_assets_and_edges_once() -> None:
    for hour in range(3):
        count = record_lineage(
            assets=[found("a", type="task"), found("B")],
            edges=[(key("a"), key("b")), (key("a"), key("a"))],
            source="openlineage",
            at=NOON + hour * HOUR,
        )
    assert (count.assets, count.edges) == (2, 1)
    edge = Edge.objects.get()
    assert (edge.upstream.type, edge.downstream.name) == ("task", "B")
    assert edge.first_seen_at == NOON
    assert edge.last_seen_at == NOON + 2 * HOUR


def test_only_new_lineage_makes_a_new_version() -> None:
    def tell(*pairs: tuple[str, str]) -> int:
        record_lineage(
            assets=[],
            edges=[(key(a), key(b)) for a, b in pairs],
            source="openlineage",
            at=NOON,
        )
        return LineageVersion.objects.get().version

    first = tell(("a", "b"))
    assert tell(("a", "b")) == first
    assert tell(("a", "b"), ("b", "c")) > first


def test_a_persons_word_counts_for_more_than_a_messages() -> None:
    asset = make_asset("orders")
    edit_asset(
        asset_id=asset.pk,
        changes={"description": "By hand", "tier": 1, "type": "product"},
        owners=["ana@example.com"],
        by=make_user(),
        at=NOON,
    )
    record_lineage(
        assets=[
            found(
                "orders",
                type="task",
                description="By a machine",
                url="https://x.example.com/",
                tier=4,
                owners=("bot@example.com",),
            )
        ],
        edges=[],
        source="openlineage",
        at=NOON,
    )
    asset.refresh_from_db()
    assert (asset.description, asset.tier, asset.type) == ("By hand", 1, "product")
    assert asset.url == "https://x.example.com/"
    assert [owner.email for owner in asset.owners.all()] == ["ana@example.com"]


def test_an_authority_replaces_what_it_says() -> None:
    make_asset("orders", description="old", tier=4)
    record_lineage(
        assets=[found("orders", description="new", tier=1)],
        edges=[],
        source="dbt",
        overwrite=True,
        at=NOON,
    )
    orders = Asset.objects.get()
    assert (orders.description, orders.tier) == ("new", 1)


def test_owners_that_name_a_team_give_the_asset_to_it() -> None:
    team = make_team(name="Orders", slug="orders")
    record_lineage(
        assets=[
            found("a", owners=("team:orders", "x@example.com")),
            found("b", owners=("@nobody",)),
        ],
        edges=[],
        source="openlineage",
        at=NOON,
    )
    a, b = Asset.objects.order_by("name")
    assert (a.team, [o.email for o in a.owners.all()]) == (team, ["x@example.com"])
    assert (b.team, b.owners.count()) == (None, 0)


def test_an_edge_made_by_hand_stays_one() -> None:
    a, b = make_asset("a"), make_asset("b")
    add_edge(upstream=a, downstream=b, by=make_user(), at=NOON)
    record_lineage(
        assets=[], edges=[(key("a"), key("b"))], source="openlineage", at=NOON + HOUR
    )
    assert {edge.source for edge in Edge.objects.current()} == {"hand", "openlineage"}


def test_adding_and_removing_an_edge_twice_is_fine() -> None:
    a, b, by = make_asset(), make_asset(), make_user()
    for _ in range(2):
        add_edge(upstream=a, downstream=b, by=by, at=NOON)
    assert Edge.objects.count() == 1
    gone = [remove_edge(upstream=a, downstream=b, by=by, at=NOON) for _ in range(2)]
    assert gone == [True, False]


def test_an_asset_cannot_feed_itself() -> None:
    a = make_asset()
    with pytest.raises(DomainError, match="upstream of itself"):
        add_edge(upstream=a, downstream=a, by=make_user(), at=NOON)


def test_the_same_thing_under_another_name_is_the_same_asset() -> None:
    table = found("db.marts.orders", aliases=(AssetKey("dbt://shop", "orders"),))
    record_lineage(assets=[table], edges=[], source="openlineage", at=NOON)

    again = find_or_create_asset(namespace="dbt://shop", name="Orders", at=NOON)
    record_lineage(
        assets=[FoundAsset("dbt://shop", "orders")],
        edges=[(AssetKey("dbt://shop", "orders"), key("board"))],
        source="dbt",
        at=NOON,
    )

    assert again.name == "db.marts.orders"
    assert set(Asset.objects.values_list("name", flat=True)) == {
        "db.marts.orders",
        "board",
    }
    assert Edge.objects.get().upstream == again
    assert AssetAlias.objects.get().asset == again


def test_a_message_that_knows_an_alias_joins_the_asset_made_under_it() -> None:
    early = find_or_create_asset(namespace="dbt://shop", name="orders", at=NOON)
    table = found("db.marts.orders", aliases=(AssetKey("dbt://shop", "orders"),))
    record_lineage(assets=[table], edges=[], source="openlineage", at=NOON)
    assert Asset.objects.get() == early
    assert Asset.objects.named("warehouse", "db.marts.orders").get() == early


def test_finding_ignores_case_and_quotes_and_an_odd_type_means_a_dataset() -> None:
    first = find_or_create_asset(
        namespace="PG://x/", name='"DB"."Orders"', type="blob", at=NOON
    )
    again = find_or_create_asset(namespace="pg://x", name="db.orders", at=NOON)
    assert (first, first.type) == (again, "dataset")


def test_names_beyond_any_bound_still_make_two_assets() -> None:
    a = find_or_create_asset(namespace="n" * 999, name="x" * 5000 + "a", at=NOON)
    b = find_or_create_asset(namespace="n" * 999, name="x" * 5000 + "b", at=NOON)
    wide = find_or_create_asset(namespace="İ" * 255, name="İ" * 400, at=NOON)
    assert len({a.pk, b.pk, wide.pk}) == 3


@pytest.mark.django_db(transaction=True)
def test_many_at_once_get_the_same_asset() -> None:
    made: list[int] = []

    def find() -> None:
        try:
            asset = find_or_create_asset(namespace="w", name="orders", at=NOON)
            made.append(asset.pk)
        finally:
            connection.close()

    threads = [threading.Thread(target=find) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(made) == 8
    assert set(made) == {Asset.objects.get().pk}


@pytest.mark.django_db(transaction=True)
def test_writers_that_name_the_same_things_in_any_order_all_get_through() -> None:
    person = make_user()
    names = [f"t{number}" for number in range(30)]
    failures: list[BaseException] = []

    def write(number: int) -> None:
        mixed = random.Random(number).sample(names, len(names))
        pairs = list(itertools.pairwise(mixed))
        try:
            for _ in range(5):
                if number % 2:
                    record_lineage(
                        assets=[],
                        edges=[(key(a), key(b)) for a, b in pairs],
                        source="openlineage",
                        at=NOON,
                    )
                else:
                    edges = [
                        {"upstream": ref(a), "downstream": ref(b)} for a, b in pairs
                    ]
                    document = read_catalog({"edges": edges, "replace": True})
                    import_catalog(document=document, by=person, at=NOON)
        except BaseException as error:
            failures.append(error)
        finally:
            connection.close()

    threads = [threading.Thread(target=write, args=[number]) for number in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failures == []
    assert Asset.objects.count() == 30
    current = Edge.objects.current().values_list("upstream_id", "downstream_id")
    assert len(snapshot(fresh=True).edges_among(range(10**6))) == len(set(current))


@pytest.mark.django_db(transaction=True)
def test_an_import_that_is_not_done_holds_up_nobody_who_names_another_asset() -> None:
    edges = [{"upstream": ref("a"), "downstream": ref("b")}]
    named = threading.Event()

    def name() -> None:
        try:
            find_or_create_asset(namespace="warehouse", name="other", at=NOON)
            named.set()
        finally:
            connection.close()

    with transaction.atomic():
        document = read_catalog({"edges": edges})
        import_catalog(document=document, by=make_user(), at=NOON)
        thread = threading.Thread(target=name)
        thread.start()
        thread.join(timeout=20)
        assert named.is_set()


def ref(name: str) -> dict[str, str]:
    return {"namespace": "warehouse", "name": name}


def report(asset: Asset, state: str, hours: int = 0, **values: object) -> RunReport:
    return RunReport(
        asset_id=asset.pk,
        run_id="r1",
        state=state,
        reported_at=NOON + hours * HOUR,
        **values,  # type: ignore[arg-type]
    )


def test_runs_told_out_of_order_end_as_the_latest_message_says() -> None:
    asset = make_asset()
    failed = report(asset, "failed", 2, error="boom")
    record_runs([failed])
    record_runs([report(asset, "running", 0)])
    run = Run.objects.get()
    assert (run.state, run.error) == ("failed", "boom")
    assert (run.started_at, run.ended_at) == (NOON, NOON + 2 * HOUR)

    record_runs([report(asset, "running", 3), report(asset, "success", 4)])
    run.refresh_from_db()
    assert (run.state, run.error, run.ended_at) == ("success", "", NOON + 4 * HOUR)


def test_a_start_and_an_end_at_the_same_instant_are_an_end() -> None:
    asset = make_asset()
    record_runs([report(asset, "success"), report(asset, "running")])
    record_runs([report(asset, "running")])
    assert Run.objects.get().state == "success"
    assert record_runs([]) == 0


def test_health_keeps_since_when_it_is_so() -> None:
    a, b = make_asset(), make_asset(health="failing", health_since=NOON)
    changed = set_asset_health(
        failing_ids=[a.pk, b.pk, 10**9], healthy_ids=[], at=NOON + HOUR
    )
    a.refresh_from_db()
    b.refresh_from_db()
    assert changed == 1
    assert (a.health, a.health_since) == ("failing", NOON + HOUR)
    assert b.health_since == NOON
    assert set_asset_health(failing_ids=[a.pk], healthy_ids=[a.pk, b.pk], at=NOON) == 1


def test_deleting_an_asset_takes_its_edges() -> None:
    a, b = make_asset(), make_asset()
    make_edge(a, b)
    b.delete()
    assert not Edge.objects.exists()
