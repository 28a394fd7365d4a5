"""What Headwater's inlet is measured beside: Alertmanager, an empty handler, PostgreSQL
alone."""

import contextlib
import re
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import httpx
import psutil
import psycopg

from tests.processes import free_port
from tests.waiting import wait_until

_AM_CONFIG = """
route: {{receiver: nowhere, group_by: [{group}], group_wait: 30s}}
receivers: [{{name: nowhere}}]
"""
_ROW = """
CREATE TABLE IF NOT EXISTS bench_row (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, key text, body bytea)
"""
_BODY = "convert_to(repeat('x', 220), 'UTF8')"
_ONE = f"INSERT INTO bench_row (key, body) VALUES ('k', {_BODY});"
_HUNDRED = (
    f"INSERT INTO bench_row (key, body) SELECT 'k', {_BODY} "
    "FROM generate_series(1, 100);"
)


@contextlib.contextmanager
def alertmanager(*, group_by: str) -> Iterator[str]:
    """A fresh Alertmanager; yields the address alerts are posted to."""
    port = free_port()
    with tempfile.TemporaryDirectory() as folder:
        config = Path(folder) / "alertmanager.yml"
        config.write_text(_AM_CONFIG.format(group=group_by))
        command = [
            "prometheus-alertmanager",
            f"--config.file={config}",
            f"--storage.path={folder}/data",
            f"--web.listen-address=127.0.0.1:{port}",
            "--cluster.listen-address=",
            "--log.level=error",
        ]
        address = f"http://127.0.0.1:{port}"
        with _running(command, ready=f"{address}/-/ready"):
            yield f"{address}/api/v2/alerts"


@contextlib.contextmanager
def empty_handler() -> Iterator[str]:
    """A function that keeps nothing, in the server Headwater runs in."""
    port = free_port()
    command = [sys.executable, "-m", "uvicorn", "bench.empty:application"]
    command += ["--port", str(port), "--no-access-log", "--log-level", "warning"]
    with _running(command, ready=f"http://127.0.0.1:{port}/"):
        yield f"http://127.0.0.1:{port}/"


@contextlib.contextmanager
def _running(command: list[str], *, ready: str) -> Iterator[None]:
    quiet = subprocess.DEVNULL
    process = subprocess.Popen(command, stdout=quiet, stderr=quiet)
    try:
        wait_until(lambda: _answers(ready), what=command[0])
        yield
    finally:
        process.terminate()
        process.wait()


def _answers(url: str) -> bool:
    try:
        return httpx.get(url).is_success
    except httpx.HTTPError:
        return False


class Database:
    """The embedded PostgreSQL of a running Headwater, from outside."""

    def __init__(self, data: Path) -> None:
        lines = (data / "postgres" / "postmaster.pid").read_text().splitlines()
        self.programs = Path(psutil.Process(int(lines[0])).exe()).parent
        self.port, self.host = lines[3], lines[4]

    def execute(self, sql: str) -> float:
        """Run statements, each its own transaction; return the seconds it took."""
        started = time.monotonic()
        with psycopg.connect(
            host=self.host,
            port=self.port,
            user="postgres",
            dbname="headwater",
            autocommit=True,
        ) as connection:
            for statement in sql.split(";"):
                if statement.strip():
                    connection.execute(statement)
        return time.monotonic() - started

    def commits(self, *, rows: int, seconds: int) -> float:
        """Rows a second of 32 clients, each committing 1 or 100 rows at a time."""
        self.execute(_ROW)
        with tempfile.NamedTemporaryFile("w", suffix=".sql") as script:
            script.write(_ONE if rows == 1 else _HUNDRED)
            script.flush()
            command = [str(self.programs / "pgbench"), "-n", "-M", "prepared"]
            command += ["-c32", "-j2", f"-T{seconds}", "-f", script.name]
            command += ["-h", self.host, "-p", self.port, "-U", "postgres"]
            done = subprocess.run(
                [*command, "headwater"], capture_output=True, text=True, check=True
            )
        self.execute("DROP TABLE bench_row")
        found = re.search(r"tps = ([\d.]+) \(without", done.stdout)
        assert found is not None, done.stdout
        return float(found[1]) * rows
