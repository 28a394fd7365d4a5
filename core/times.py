"""Instants as other programs write them."""

from datetime import UTC, datetime

# Go's zero time is year 1, and "never" is often written as 9999. Both are legal
# datetimes that overflow as soon as a page shows them in the reader's zone.
FIRST_YEAR, LAST_YEAR = 1970, 2199


def read_instant(value: str) -> datetime | None:
    """Return an ISO 8601 text as aware UTC; without a zone it is taken for UTC.

    Fractions beyond microseconds are dropped. None when the year is outside
    1970 to 2199: such an instant means "not set". Raises ValueError when `value`
    is no date or time at all.
    """
    at = datetime.fromisoformat(value.strip())
    if not FIRST_YEAR <= at.year <= LAST_YEAR:
        return None
    return at.replace(tzinfo=UTC) if at.tzinfo is None else at.astimezone(UTC)


def instant_or_none(value: object) -> datetime | None:
    """Return like `read_instant`, and None for whatever is no date or time."""
    if not isinstance(value, str):
        return None
    try:
        return read_instant(value)
    except ValueError:
        return None
