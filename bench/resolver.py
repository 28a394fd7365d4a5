"""How long a year of a schedule of ten layers takes to resolve.

`.venv/bin/python -m bench.resolver [repeats]`: processor time of this process, so that
other work on the machine counts little; the shapes are those that take longest.
"""

import statistics
import sys
import time
from datetime import UTC, datetime, timedelta
from typing import Any

from oncall.resolver import format_instant, parse_schedule, resolve

Json = dict[str, Any]

START = datetime(2026, 1, 1, tzinfo=UTC)
END = datetime(2027, 1, 1, tzinfo=UTC)
LAYERS = range(10)
WORK = {
    "weekdays": ["MO", "TU", "WE", "TH", "FR"],
    "start_clock": "09:00",
    "end_clock": "18:00",
}


def rotation(number: int, unit: str, minute: int = 0, **more: Any) -> Json:
    """A layer in which as many people take turns as its number and three more."""
    return {
        "name": f"layer {number}",
        "kind": "rotation",
        "rotation": {
            "unit": unit,
            "every": 1,
            "start_local": f"2026-01-05T09:{minute:02}",
            "participants": [[f"{number}-{turn}"] for turn in range(number + 3)],
        },
        **more,
    }


def exceptions() -> Json:
    """An override each day, and a swap that is taken each week."""
    days = [START + timedelta(days=number) for number in range(365)]
    return {
        "overrides": [
            {"type": "replace", "remove": "0-0", "add": "9-9", **span(day, 12)}
            for day in days
        ],
        "swaps": [
            {"from": "1-0", "to": "8-8", "taken": True, **span(day, 48)}
            for day in days[::7]
        ],
    }


def span(start: datetime, hours: int) -> Json:
    end = start + timedelta(hours=hours)
    return {"start": format_instant(start), "end": format_instant(end)}


SHAPES: dict[str, Json] = {
    "weekly": {"layers": [rotation(n, "week") for n in LAYERS]},
    "daily, an override a day, a swap a week": {
        "layers": [rotation(n, "day", n * 6) for n in LAYERS],
        **exceptions(),
    },
    "hourly, all at the full hour": {"layers": [rotation(n, "hour") for n in LAYERS]},
    "hourly, each at its own minute, each hides the next": {
        "layers": [rotation(n, "hour", n * 6, priority=n) for n in LAYERS]
    },
    "hourly, each at its own minute, in working hours": {
        "layers": [rotation(n, "hour", n * 6, restriction=WORK) for n in LAYERS]
    },
    "hourly, each at its own minute, all on call together": {
        "layers": [rotation(n, "hour", n * 6) for n in LAYERS]
    },
}


def measure(form: Json, *, repeats: int) -> tuple[int, list[float]]:
    """Return how many shifts the year has, and the milliseconds of each repeat."""
    schedule = parse_schedule({"timezone": "Europe/Madrid", **form})
    shifts = len(resolve(schedule, start=START, end=END).shifts)
    taken = []
    for _ in range(repeats):
        begun = time.process_time()
        resolve(schedule, start=START, end=END)
        taken.append((time.process_time() - begun) * 1000)
    return shifts, taken


def main() -> None:
    repeats = int(sys.argv[1]) if len(sys.argv) > 1 else 20
    print("| ten layers, a year | shifts | least ms | median ms |")
    print("| --- | ---: | ---: | ---: |")
    for name, form in SHAPES.items():
        shifts, taken = measure(form, repeats=repeats)
        middle = statistics.median(taken)
        print(f"| {name} | {shifts:,} | {min(taken):.1f} | {middle:.1f} |")


if __name__ == "__main__":
    main()
