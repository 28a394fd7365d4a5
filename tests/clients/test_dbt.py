"""dbt-core with its DuckDB adapter, through dbt-ol in both its modes, and by the lines
of docs/integrations/dbt.md."""

import re
import shutil
from pathlib import Path

import pytest

from tests.clients.conftest import Headwater
from tests.clients.environments import Environment, environment
from tests.server import wait_until

pytestmark = [pytest.mark.client, pytest.mark.timeout(900)]

SHOP = Path(__file__).resolve().parent / "dbt_shop"
HEALTH = SHOP.parent.parent.parent / "docs" / "health.md"
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
        lambda: headwater.count(refunds, "dbt model refunds failed") == 2,
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
    if not headwater.ends(customers, seconds=20):
        # On a busy machine it may read dbt's manifest while that is being written,
        # and then tells nothing of the tests of that run. The next run does.
        build(dbt, shop, headwater, "--consume-structured-logs", **told)
    headwater.wait_for_end(customers)


def test_the_hook_of_the_docs_refuses_a_run_whose_inputs_nobody_asked_after(
    dbt: Environment, shop: Path
) -> None:
    hook = re.findall(r"^```yaml\n(.*?)^```", HEALTH.read_text(), re.M | re.S)[0]
    project = shop / "dbt_project.yml"
    project.write_text(project.read_text() + hook)
    line = ["dbt", "run", "--select", "orders"]
    told = {"DBT_PROFILES_DIR": str(shop)}
    refused = dbt.run(*line, folder=shop, environ=told)
    assert "The inputs were not asked after." in refused.stdout
    assert refused.returncode != 0
    asked = dbt.run(
        *line, "--vars", "{inputs_are_good: true}", folder=shop, environ=told
    )
    assert asked.returncode == 0, asked.stdout
