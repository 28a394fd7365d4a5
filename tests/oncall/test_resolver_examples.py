"""The published examples of the reference form, from the tests of other tools."""

import json
from pathlib import Path

import pytest

from oncall.resolver import format_instant, parse_instant, parse_schedule, resolve
from tests.oncall.schedules import Json

_FILE = Path(__file__).parents[1] / "data" / "schedule_examples.json"
EXAMPLES: list[Json] = json.loads(_FILE.read_text())


@pytest.mark.parametrize("example", EXAMPLES, ids=lambda example: example["id"])
def test_an_example_resolves_to_its_published_shifts(example: Json) -> None:
    resolution = resolve(
        parse_schedule(example["schedule"]),
        start=parse_instant(example["from"]),
        end=parse_instant(example["to"]),
    )
    assert resolution.as_json()["shifts"] == [
        {
            "start": format_instant(parse_instant(shift["start"])),
            "end": format_instant(parse_instant(shift["end"])),
            "users": shift["users"],
        }
        for shift in example["shifts"]
    ]


def test_there_are_ten_examples() -> None:
    assert len(EXAMPLES) == 10
