"""dbt-core with its DuckDB adapter, through dbt-ol in both its modes, and by the lines
of docs/integrations/dbt.md."""

import shutil
from pathlib import Path

import pytest

from tests.clients.conftest import Headwater
from tests.clients.environments import Environment, environment
from tests.server import wait_until

pytestmark = [pytest.mark.client, pytest.mark.timeout(900)]

SHOP = Path(__file__).resolve().parent / "dbt_shop"
CUSTOMERS, REFUNDS = "shop.main.customers", "model.shop.refunds"


@pytest.fixture(scope="module")
def dbt() -> Environment:
    return environment("dbt")


@pytest.fixture
def shop(tmp_path: Path) -> Path:
    """A project in which `refunds` cannot be built, `revenue` waits for it, and one
    test of `customers` fails while another only warns."""
    return Path(shutil.copytree(SHOP, tmp_path / "shop"))


def build(
    dbt: Environment, shop: Path, headwater: Headwater, *options: str, **told: str
) -> None:
    done = dbt.run(
        "dbt-ol",
        *options,
        "build",
        folder=shop,
        environ={
            "DBT_PROFILES_DIR": str(shop),
            "OPENLINEAGE_URL": f"{headwater.url}/",
            **told,
        },
    )
    assert "Emitted" in done.stdout + done.stderr, done.stdout + done.stderr


def mend(shop: Path) -> None:
    (shop / "models" / "refunds.sql").write_text('select * from {{ ref("orders") }}')
    (shop / "models" / "customers.sql").write_text("select 2 as id")


def test_both_modes_tell_of_the_same_things(
    dbt: Environment, shop: Path, headwater: Headwater
) -> None:
    told = {
        "OPENLINEAGE_API_KEY": headwater.make_integration("openlineage"),
        "OPENLINEAGE_NAMESPACE": "dbt-prod",
    }
    warehouse = "duckdb://shop.duckdb"

    build(dbt, shop, headwater, **told)
    refunds = headwater.incident_on("dbt-prod", REFUNDS)
    customers = headwater.incident_on(warehouse, CUSTOMERS)
    assert refunds != customers
    before = headwater.titles()

    build(dbt, shop, headwater, "--consume-structured-logs", **told)
    wait_until(
        lambda: headwater.count(refunds, "model.shop.refunds failed") == 2,
        what="the same failure from the other mode",
    )
    assert headwater.titles() == before
    assert headwater.incident_on("dbt-prod", REFUNDS) == refunds
    assert headwater.incident_on(warehouse, CUSTOMERS) == customers

    named = headwater.get("assets/", namespace="dbt-prod", q="refunds")["results"]
    assert [one["name"] for one in named] == [REFUNDS]

    mend(shop)
    build(dbt, shop, headwater, "--consume-structured-logs", **told)
    headwater.wait_for_end(refunds)
    headwater.wait_for_end(customers)
