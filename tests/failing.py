"""What went wrong inside a request that the client only sees as a 500."""

import traceback
from collections.abc import Iterator
from contextlib import contextmanager

from django.core.signals import got_request_exception


@contextmanager
def failures_told() -> Iterator[list[str]]:
    """Collect the end of the traceback of each request that fails."""
    told: list[str] = []

    def tell(**_: object) -> None:
        told.append(traceback.format_exc(limit=-6))

    got_request_exception.connect(tell)
    try:
        yield told
    finally:
        got_request_exception.disconnect(tell)
