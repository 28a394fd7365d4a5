"""Celery on a machine whose clock is wrong.

    python -m tests.chaos.wrong_clock MINUTES worker …

Python's wall clocks are set so many minutes ahead before anything else is imported.
"""

import datetime
import sys
import time
from typing import Any

OFF = datetime.timedelta(minutes=int(sys.argv.pop(1)))
_datetime, _time = datetime.datetime, time.time


class _SameAsEver(type):
    def __instancecheck__(cls, one: object) -> bool:
        return isinstance(one, _datetime)


class WrongDatetime(datetime.datetime, metaclass=_SameAsEver):
    @classmethod
    def now(cls, tz: datetime.tzinfo | None = None) -> Any:
        return _datetime.now(tz) + OFF


def wrong_time() -> float:
    return _time() + OFF.total_seconds()


datetime.datetime = WrongDatetime  # type: ignore[misc]  # that is the fault
time.time = wrong_time

if __name__ == "__main__":
    from celery.__main__ import main

    main()
