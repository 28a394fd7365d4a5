"""Loaded before pytest-django (`-p tests.environment`): gives the tests a
PostgreSQL and a data folder of their own unless DATABASE_URL names one."""

import os
import shutil
import tempfile
from pathlib import Path

import pytest

from config import embedded

ROOT = Path(__file__).resolve().parent.parent

DATA = ROOT / "var" / "test"
PREFIX = "headwater-tests-"

# Whatever folder the shell names holds somebody's data, not a test's.
os.environ["HEADWATER_DATA"] = str(DATA)
(DATA / "static").mkdir(parents=True, exist_ok=True)
if "DATABASE_URL" not in os.environ:
    embedded.start(DATA)
os.environ.setdefault("ALLOW_PRIVATE_URLS", "true")
# So that what a test sees depends on no weekday; those about urgency set their own.
os.environ.setdefault("PAGE_URGENCY", "now,now,now,now")
os.environ.setdefault("MOST_PAGES", "0")


@pytest.hookimpl(tryfirst=True)
def pytest_configure(config: pytest.Config) -> None:
    """Give each run a folder of its own for what tests write.

    The one that pytest shares between runs is closed to other users whenever a run
    begins, to the PostgreSQL of a run that goes on as well.
    """
    if config.option.basetemp is None:
        config.option.basetemp = tempfile.mkdtemp(prefix=PREFIX)


def pytest_sessionfinish(session: pytest.Session, exitstatus: int) -> None:
    """Leave it to be looked at only where something failed."""
    folder = Path(session.config.option.basetemp)
    is_ours = folder.name.startswith(PREFIX)  # not of one process among several
    if is_ours and exitstatus == pytest.ExitCode.OK:
        shutil.rmtree(folder, ignore_errors=True)
