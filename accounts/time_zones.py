"""The names of time zones, as people pick and type them."""

from functools import cache
from zoneinfo import available_timezones

# Aliases and files of the tz database that nobody should pick.
_HIDDEN = ("Etc/", "SystemV/", "US/", "posix/", "right/")


@cache
def all_zones() -> dict[str, str]:
    """Every name this machine knows, by its lower-case form."""
    return {name.lower(): name for name in available_timezones()}


@cache
def offered_zones() -> list[str]:
    """The names worth offering, sorted: UTC and the Area/City ones."""
    cities = {
        n for n in available_timezones() if "/" in n and not n.startswith(_HIDDEN)
    }
    return ["UTC", *sorted(cities)]


def find_zone(text: str) -> str | None:
    """Return the zone a person means: "europe/madrid", "New York". None if unclear."""
    wanted = text.strip().lower().replace(" ", "_")
    if wanted in all_zones():
        return all_zones()[wanted]
    cities = [n for n in offered_zones() if n.lower().rpartition("/")[2] == wanted]
    return cities[0] if len(cities) == 1 else None
