"""Loaded before pytest-django (`-p tests.environment`): gives the tests a
PostgreSQL and a data folder of their own unless DATABASE_URL names one."""

import os
from pathlib import Path

from config import embedded

ROOT = Path(__file__).resolve().parent.parent

if "DATABASE_URL" not in os.environ:
    os.environ.setdefault("HEADWATER_DATA", str(ROOT / "var" / "test"))
    embedded.start(Path(os.environ["HEADWATER_DATA"]))
os.environ.setdefault("ALLOW_PRIVATE_URLS", "true")
