"""Loaded before pytest-django (`-p tests.environment`): gives the tests a
PostgreSQL and a data folder of their own unless DATABASE_URL names one."""

import os
from pathlib import Path

from config import embedded

ROOT = Path(__file__).resolve().parent.parent

DATA = ROOT / "var" / "test"

# Whatever folder the shell names holds somebody's data, not a test's.
os.environ["HEADWATER_DATA"] = str(DATA)
(DATA / "static").mkdir(parents=True, exist_ok=True)
if "DATABASE_URL" not in os.environ:
    embedded.start(DATA)
os.environ.setdefault("ALLOW_PRIVATE_URLS", "true")
# So that what a test sees depends on no weekday; those about urgency set their own.
os.environ.setdefault("PAGE_URGENCY", "now,now,now,now")
os.environ.setdefault("MOST_PAGES", "0")
