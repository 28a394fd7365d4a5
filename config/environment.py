"""The environment, read in one place, before Django is set up.

`NAME_FILE` may name a file that holds the value of a secret `NAME`
(as Docker and Kubernetes mount them).
"""

import os
from collections.abc import Iterable, Mapping
from pathlib import Path

import environ
from django.core.exceptions import ImproperlyConfigured

_YES = ("true", "yes", "on", "1")
_NO = ("false", "no", "off", "0")

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


def yes_or_no(name: str) -> bool:
    """The setting as a bool, False when it is not set."""
    value = env.str(name, default="").lower()
    if value not in ("", *_YES, *_NO):
        raise ImproperlyConfigured(f"{name} must be true or false.")
    return value in _YES


def one_of(name: str, default: str, choices: Iterable[str]) -> str:
    """The setting in capitals, which must be one of `choices`."""
    value: str = env.str(name, default=default).upper()
    if value not in choices:
        raise ImproperlyConfigured(f"{name} must be one of {', '.join(choices)}.")
    return value


def numbers_by_name(name: str, default: Mapping[str, int]) -> dict[str, int]:
    """The setting, such as sms=8,slack=4, over `default`; all numbers from 1."""
    try:
        given = env.dict(name, cast={"value": int}, default={})
    except ValueError:
        given = {"": 0}
    if any(number < 1 for number in given.values()):
        raise ImproperlyConfigured(
            f"{name} must be channels and numbers from 1: sms=8,slack=4."
        )
    return {**default, **given}


def make_data_dir() -> None:
    """Make the data folder; stops the start with a message when it cannot be used."""
    try:
        DATA_DIR.mkdir(parents=True, exist_ok=True)
        problem = "" if os.access(DATA_DIR, os.W_OK | os.X_OK) else "not writable"
    except FileExistsError:
        problem = "not a folder"
    except OSError as error:
        problem = str(error.strerror).lower()
    if problem:
        raise ImproperlyConfigured(
            f"The data folder {DATA_DIR} cannot be used ({problem}). "
            "Choose another with HEADWATER_DATA."
        )
