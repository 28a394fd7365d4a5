"""SQL read for its lineage: what is known of columns, and what is not understood."""

import pytest

from catalog.importers.base import AssetKey, FoundAsset, FoundLineage, FoundSql
from catalog.importers.sql import UnreadableSqlError, read_statements
from catalog.models import ColumnMap, Edge, SqlText
from catalog.services import record_found
from catalog.services.sql import read_waiting_sql
from tests.factories import NOON

MODEL = """
    with paid as (select * from shop.raw.orders where status = 'paid')
    select paid.id, c.name as customer, paid.amount * 2 as double
    from paid join shop.raw.customers as c on paid.customer_id = c.id
"""


def test_columns_are_followed_through_ctes_stars_and_joins() -> None:
    (found,) = read_statements(MODEL, "duckdb")
    assert found.reads == {"shop.raw.orders", "shop.raw.customers"}
    assert found.columns["shop.raw.orders"] == {"id": {"id"}, "double": {"amount"}}
    assert found.columns["shop.raw.customers"] == {"customer": {"name"}}
    assert found.everywhere["shop.raw.customers"] == {"id"}
    assert {"status", "customer_id"} <= found.everywhere["shop.raw.orders"]


def test_both_sides_of_a_union_feed_the_listed_columns() -> None:
    sql = "insert into a.b (x) select y from c.d union all select z from e"
    (found,) = read_statements(sql, "postgres")
    assert found.makes == "a.b"
    assert found.columns == {"c.d": {"x": {"y"}}, "e": {"x": {"z"}}}


def test_all_columns_of_an_unknown_table_stand_for_themselves() -> None:
    (found,) = read_statements("create table t as select * from s.u", "nonsense")
    assert found.columns == {"s.u": {"*": {"*"}}}
    (known,) = read_statements("select * from s.u", "", {"s.u": ["a", "b"]})
    assert known.columns == {"s.u": {"a": {"a"}, "b": {"b"}}}


@pytest.mark.parametrize(
    "text", ["selec 1 fro x", "select ((((", "select " + "(" * 5000]
)
def test_what_is_no_sql_is_refused_with_a_reason(text: str) -> None:
    with pytest.raises(UnreadableSqlError):
        read_statements(text, "postgres")


@pytest.mark.django_db
def test_a_jobs_sql_tells_its_columns_and_the_table_nobody_named() -> None:
    job, revenue = AssetKey("airflow", "load"), AssetKey("pg://w", "shop.marts.revenue")
    text = "insert into marts.revenue select sum(amount) as total from raw.orders"
    found = FoundLineage(
        (FoundAsset(*job, type="task"), FoundAsset(*revenue)),
        ((job, revenue),),
        statements=(FoundSql(job, text, "postgres"),),
    )
    for _ in range(2):
        record_found(found, source="openlineage", at=NOON)
        read_waiting_sql(at=NOON)

    edge = Edge.objects.current().get(source="sql")
    assert (edge.upstream.name, edge.downstream.name) == ("shop.raw.orders", "load")
    columns = ColumnMap.objects.get()
    assert (columns.upstream, columns.columns) == (edge.upstream, {"total": ["amount"]})
    assert SqlText.objects.get().state == "read"


@pytest.mark.django_db
def test_a_text_that_cannot_be_read_is_marked_and_left() -> None:
    job = AssetKey("airflow", "load")
    found = FoundLineage(
        (FoundAsset(*job, type="task"),), (), statements=(FoundSql(job, "{{ oops", ""),)
    )
    record_found(found, source="openlineage", at=NOON)
    assert read_waiting_sql(at=NOON) == 1
    text = SqlText.objects.get()
    assert (text.state, bool(text.problem)) == ("failed", True)
    assert read_waiting_sql(at=NOON) == 0
