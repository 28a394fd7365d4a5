"""Asked to stop, the program takes with it all that it started."""

import signal
from pathlib import Path

import psutil
import pytest

from tests.processes import App
from tests.waiting import wait_until

pytestmark = pytest.mark.chaos


@pytest.mark.parametrize("asked", [signal.SIGINT, signal.SIGTERM])
def test_stopping_stops_the_database_too(tmp_path: Path, asked: signal.Signals) -> None:
    app = App(tmp_path).start()
    assert app.process is not None
    pid_file = tmp_path / "postgres" / "postmaster.pid"
    postgres = int(pid_file.read_text().split()[0])
    app.process.send_signal(asked)
    assert app.process.wait(30) == 0
    wait_until(lambda: not psutil.pid_exists(postgres), what="PostgreSQL to stop")
