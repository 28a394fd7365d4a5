"""Apache Airflow itself, with its OpenLineage provider and its HttpNotifier, running a
DAG written as docs/integrations/airflow.md says."""

import json
import re
import shutil
from pathlib import Path
from textwrap import indent

import pytest

from alerts.formats import airflow as airflow_format
from tests.clients.conftest import Headwater
from tests.clients.environments import Environment, environment
from tests.server import wait_until

pytestmark = [pytest.mark.client, pytest.mark.timeout(1200)]

DAG = """
from airflow.providers.standard.operators.python import PythonOperator
from airflow.sdk import DAG

def load():
    raise ValueError("column amount does not exist")

with DAG("orders_etl", schedule=None, default_args=default_args) as dag:
    extract = PythonOperator(task_id="extract", python_callable=print)
    extract >> PythonOperator(task_id="load", python_callable=WORK)

if __name__ == "__main__":
    dag.test()
"""
MARTS = """
from airflow.providers.standard.operators.empty import EmptyOperator
from airflow.sdk import DAG

with DAG("marts", schedule=None) as dag:
    build_marts = EmptyOperator(task_id="build_marts")
SENSOR

if __name__ == "__main__":
    if orders_are_good.poke({}):
        dag.test()
    else:
        print("waits")
"""
EXTRACT, LOAD = "orders_etl.extract", "orders_etl.load"


@pytest.fixture(scope="module")
def airflow() -> Environment:
    """Airflow with its database, which takes half a minute to make."""
    made = environment("airflow")
    if not (made.home / "empty" / "airflow.db").exists():
        settings = {"AIRFLOW_HOME": str(made.home / "empty")}
        done = made.run("airflow", "db", "migrate", seconds=600, environ=settings)
        assert done.returncode == 0, done.stdout + done.stderr
    return made


def run_dag(airflow: Environment, folder: Path, work: str, **settings: str) -> None:
    """Run the DAG once in `folder`, its task "load" doing `work`."""
    home = folder / "airflow"
    if not home.exists():
        shutil.copytree(airflow.home / "empty", home)
    file = home / "dags" / "orders.py"
    file.parent.mkdir(exist_ok=True)
    # The docs' lines as they stand, then the DAG.
    lines = airflow_format.snippet(settings.pop("INLET"), settings.pop("KEY"))
    file.write_text(lines + DAG.replace("WORK", work))
    done = airflow.run(
        "python",
        str(file),
        seconds=300,
        environ={
            "AIRFLOW_HOME": str(home),
            "AIRFLOW__CORE__DAGS_FOLDER": str(file.parent),
            "AIRFLOW__CORE__LOAD_EXAMPLES": "false",
            "AIRFLOW__DATABASE__SQL_ALCHEMY_CONN": f"sqlite:///{home}/airflow.db",
            "AIRFLOW__OPENLINEAGE__NAMESPACE": "airflow-prod",
            **settings,
        },
    )
    assert "DagRun Finished" in done.stdout + done.stderr, done.stdout + done.stderr


def test_a_failed_task_is_one_incident_until_the_next_run_succeeds(
    airflow: Environment, headwater: Headwater, tmp_path: Path
) -> None:
    key = headwater.make_integration("airflow")
    transport = {
        "type": "http",
        "url": f"{headwater.url}/",
        "endpoint": "api/v1/lineage",
        "auth": {
            "type": "api_key",
            "apiKey": headwater.make_integration("openlineage"),
        },
    }
    told = {
        "KEY": key,
        "INLET": f"{headwater.url}/in/{key}",
        "AIRFLOW_CONN_HEADWATER": headwater.url,
        "AIRFLOW__OPENLINEAGE__TRANSPORT": json.dumps(transport),
    }
    run_dag(airflow, tmp_path, "load", **told)

    by_lineage = headwater.incident_on("airflow-prod", LOAD)
    wait_until(
        lambda: headwater.count(by_lineage, "orders_etl failed") == 1,
        what="the DAG's own failure in the incident of its task",
    )
    assert len(headwater.alerts(by_lineage)) == 2
    by_callback = headwater.incident_on("airflow", LOAD)
    [alert] = headwater.alerts(by_callback)
    assert alert["description"] == "column amount does not exist"

    run_dag(airflow, tmp_path, "print", **told)
    headwater.wait_for_end(by_lineage)
    headwater.wait_for_end(by_callback)


def test_the_sensor_of_the_docs_lets_a_dag_run_on_good_data_only(
    airflow: Environment, headwater: Headwater, tmp_path: Path
) -> None:
    imports, sensor = sensor_of_docs()
    home = Path(shutil.copytree(airflow.home / "empty", tmp_path / "airflow"))
    file = home / "dags" / "marts.py"
    file.parent.mkdir(exist_ok=True)
    file.write_text(imports + MARTS.replace("SENSOR", indent(sensor, " " * 4)))
    headwater.know_orders()
    with headwater.broken_orders():
        assert "waits" in run_marts(airflow, home, file, headwater)
    assert "DagRun Finished" in run_marts(airflow, home, file, headwater)


def sensor_of_docs() -> tuple[str, str]:
    """The imports of the example in docs/health.md, and the rest of it."""
    page = Path(__file__).resolve().parent.parent.parent / "docs" / "health.md"
    block = re.findall(r"^```python\n(.*?)^```", page.read_text(), re.M | re.S)[0]
    imports, _, sensor = block.partition("\n\n")
    return f"{imports}\n", sensor


def run_marts(
    airflow: Environment, home: Path, file: Path, headwater: Headwater
) -> str:
    headers = {"Authorization": f"Bearer {headwater.token}"}
    known = {"conn_type": "http", "host": headwater.url, "extra": headers}
    done = airflow.run(
        "python",
        str(file),
        seconds=300,
        environ={
            "AIRFLOW_HOME": str(home),
            "AIRFLOW__CORE__DAGS_FOLDER": str(file.parent),
            "AIRFLOW__CORE__LOAD_EXAMPLES": "false",
            "AIRFLOW__DATABASE__SQL_ALCHEMY_CONN": f"sqlite:///{home}/airflow.db",
            "AIRFLOW_CONN_HEADWATER": json.dumps(known),
        },
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout + done.stderr
