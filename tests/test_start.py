"""What whoever starts it is told when something is wrong."""

import fcntl
import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.processes import ROOT


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
