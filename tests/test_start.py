"""What whoever starts it is told when something is wrong."""

import fcntl
import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.processes import ROOT, Prepared


def manage(*arguments: str, **environment: str) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(
        [sys.executable, "manage.py", *arguments],
        cwd=ROOT,
        env={**os.environ, **environment},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("PORT", "eighty"),
        ("PUBLIC_URL", "headwater.example.com"),
        ("DATABASE_URL", "mysql://db.example.com/headwater"),
        ("REDIS_URL", "redis.example.com"),
        ("EMAIL_URL", "mail.example.com"),
        ("DEBUG", "maybe"),
        ("LOG_LEVEL", "loud"),
    ],
)
def test_a_bad_setting_stops_the_start_with_one_line_that_names_it(
    name: str, value: str, tmp_path: Path
) -> None:
    environment = {"HEADWATER_DATA": str(tmp_path), name: value}
    ended = manage("collectstatic", "--dry-run", "--noinput", **environment)
    assert ended.returncode != 0
    assert ended.stderr.startswith(f"Headwater cannot start. {name} must ")
    assert ended.stderr.count("\n") == 1


def test_a_data_folder_that_cannot_be_made_is_named(tmp_path: Path) -> None:
    (tmp_path / "taken").write_text("a file")
    data = str(tmp_path / "taken")
    ended = manage("collectstatic", "--dry-run", "--noinput", HEADWATER_DATA=data)
    assert ended.returncode != 0
    assert f"data folder {data} cannot be used (not a folder)" in ended.stderr


@pytest.mark.skipif("DATABASE_URL" in os.environ, reason="for the embedded PostgreSQL")
def test_a_second_one_on_the_same_data_folder_says_where_the_first_is() -> None:
    lock = Path(os.environ["HEADWATER_DATA"]) / "up.lock"
    with lock.open("a+") as held:
        fcntl.flock(held, fcntl.LOCK_EX)
        held.truncate(0)
        held.write("http://127.0.0.1:8000, process 12\n")
        held.flush()
        ended = manage("up")
    assert ended.returncode == 1
    assert "runs already" in ended.stderr
    assert "http://127.0.0.1:8000, process 12" in ended.stderr


@pytest.fixture
def stopped(tmp_path: Path) -> Path:
    """The folder of data of an installation that does not run."""
    data = tmp_path / "hw"
    data.mkdir()
    Prepared.copy_to(data)
    return data


def ask_the_database(data: Path) -> "subprocess.CompletedProcess[str]":
    return manage("showmigrations", "accounts", HEADWATER_DATA=str(data))


def test_a_number_left_by_a_server_may_be_another_programs_by_now(
    stopped: Path,
) -> None:
    left = [os.getpid(), stopped / "postgres", 1, 5432, stopped, "", "1 1", "ready"]
    (stopped / "postgres" / "postmaster.pid").write_text("\n".join(map(str, left)))
    ended = ask_the_database(stopped)
    assert ended.returncode == 0, ended.stderr
    assert "[X] 0001_initial" in ended.stdout


def test_a_server_that_must_first_recover_is_waited_for(stopped: Path) -> None:
    """`restore_command` is what its recovery waits for here, once."""
    folder, marker = stopped / "postgres", stopped / "postgres" / "waited"
    once = f"test -e {marker} || (touch {marker}; sleep 11); false"
    with (folder / "postgresql.auto.conf").open("a") as settings:
        settings.write(f"restore_command = '{once}'\n")
    (folder / "recovery.signal").touch()
    ended = ask_the_database(stopped)
    assert ended.returncode == 0, ended.stderr
    assert "[X] 0001_initial" in ended.stdout
    assert marker.exists()
