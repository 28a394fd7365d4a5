"""One JSON object or an array of them: the good are kept, the bad are named."""

from collections.abc import Callable, Mapping
from itertools import chain
from typing import Any

from alerts.formats.base import NO_LINEAGE, Parsed, Rejected
from catalog.importers.base import joined
from core.errors import InvalidInputError

BATCH_LIMIT = 1000
ERRORS_SHOWN = 20

Item = Mapping[str, Any]


def read_batch(
    payload: object, read: Callable[[Item], Parsed], *, limit: int = BATCH_LIMIT
) -> Parsed:
    """Return what `read` makes of the object, or of all objects of the array.

    A bad one among good ones is in `rejected`. Raises InvalidInputError for a single
    bad object, for an array of nothing but bad ones, an empty or too long one, and
    for what is neither object nor array.
    """
    if isinstance(payload, dict):
        return read(payload)
    if not isinstance(payload, list):
        raise InvalidInputError({"detail": ["Send a JSON object or an array of them."]})
    if not payload:
        raise InvalidInputError({"detail": ["The array is empty."]})
    if len(payload) > limit:
        message = f"The array has {len(payload)} items; at most {limit} are taken."
        raise InvalidInputError({"detail": [message]})
    good, rejected = _read_each(payload, read)
    if not good:
        raise InvalidInputError(_summary(rejected))
    return _joined(good, rejected)


def _read_each(
    payload: list[Any], read: Callable[[Item], Parsed]
) -> tuple[list[Parsed], list[Rejected]]:
    good: list[Parsed] = []
    rejected: list[Rejected] = []
    for index, item in enumerate(payload):
        try:
            if not isinstance(item, dict):
                raise InvalidInputError({"detail": ["Must be a JSON object."]})
            good.append(read(item))
        except InvalidInputError as error:
            rejected.append(Rejected(index, error.errors))
    return good, rejected


def _summary(rejected: list[Rejected]) -> dict[str, list[str]]:
    """Return the errors by field, each with its item's index; the first few only."""
    errors: dict[str, list[str]] = {}
    for item in rejected[:ERRORS_SHOWN]:
        for field, messages in item.errors.items():
            found = errors.setdefault(field, [])
            found.extend(f"Item {item.index}: {message}" for message in messages)
    return errors


def _joined(good: list[Parsed], rejected: list[Rejected]) -> Parsed:
    told = [one.lineage for one in good if one.lineage is not NO_LINEAGE]
    return Parsed(
        alerts=tuple(chain.from_iterable(one.alerts for one in good)),
        changes=tuple(chain.from_iterable(one.changes for one in good)),
        runs=tuple(chain.from_iterable(one.runs for one in good)),
        loads=tuple(chain.from_iterable(one.loads for one in good)),
        lineage=joined(told) if told else NO_LINEAGE,
        rejected=tuple(rejected),
    )
