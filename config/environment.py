"""The environment, read in one place, before Django is set up.

`NAME_FILE` may name a file that holds the value of a secret `NAME`
(as Docker and Kubernetes mount them).
"""

from pathlib import Path

import environ
from django.core.exceptions import ImproperlyConfigured

BASE_DIR = Path(__file__).resolve().parent.parent

env = environ.FileAwareEnv()

DATA_DIR = Path(env.str("HEADWATER_DATA", default=str(BASE_DIR / "var"))).resolve()
DATABASE_URL: str = env.str("DATABASE_URL", default="")
REDIS_URL: str = env.str("REDIS_URL", default="")
USES_EMBEDDED_POSTGRES = not DATABASE_URL


def whole_number(name: str, default: int, *, least: int, most: int) -> int:
    """The setting as an int; stops the start with a message when it is not one."""
    try:
        value = int(env.str(name, default=str(default)))
    except ValueError:
        value = least - 1
    if not least <= value <= most:
        raise ImproperlyConfigured(
            f"{name} must be a whole number from {least} to {most}."
        )
    return value
