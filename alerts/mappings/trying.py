"""What a mapping makes of a body, for whoever is writing it. Pure."""

from collections.abc import Mapping as Dict
from dataclasses import dataclass, field
from datetime import datetime

import msgspec

from alerts.formats.base import IncomingAlert, ParseContext, Rejected
from alerts.mappings.mapping import compile_mapping
from core.errors import InvalidInputError

MOST_TRIED = 128 << 10
MOST_SHOWN = 20


@dataclass(frozen=True, slots=True)
class Trial:
    """`problems` are {field: what is wrong with its expressions, or what they lack in
    this body}; without any, `alerts` is what would be taken. Both hold the first few.
    """

    problems: Dict[str, list[str]] = field(default_factory=dict)
    alerts: tuple[IncomingAlert, ...] = ()
    alert_count: int = 0
    rejected: tuple[Rejected, ...] = ()

    @property
    def told(self) -> list[tuple[str, str]]:
        """(field, what is wrong): for templates, where a field named "items" hides
        the method of that name."""
        return [(name, " ".join(texts)) for name, texts in self.problems.items()]

    @property
    def shown(self) -> list[tuple[IncomingAlert, list[tuple[str, str]]]]:
        """Each alert with its labels."""
        return [(alert, list(alert.labels.items())) for alert in self.alerts]

    @property
    def refused(self) -> list[tuple[int, str]]:
        """(index, why) of each item that is not understood."""
        return [
            (one.index, " ".join(f"{k}: {' '.join(v)}" for k, v in one.errors.items()))
            for one in self.rejected
        ]

    @property
    def unshown(self) -> int:
        return self.alert_count - len(self.alerts)


def try_mapping(mapping: Dict[str, object], body: str, *, at: datetime) -> Trial:
    """Read `body` by the mapping as the inlet would."""
    try:
        compiled = compile_mapping(mapping)
        payload = _payload(body)
        parsed = compiled.parse(payload, ParseContext(received_at=at))
    except InvalidInputError as error:
        return Trial(problems=error.errors)
    return Trial(
        alerts=parsed.alerts[:MOST_SHOWN],
        alert_count=len(parsed.alerts),
        rejected=parsed.rejected[:MOST_SHOWN],
    )


def _payload(body: str) -> object:
    if len(body) > MOST_TRIED:
        too_long = f"At most {MOST_TRIED >> 10} kB are tried here."
        raise InvalidInputError({"body": [too_long]})
    try:
        return msgspec.json.decode(body)
    except RecursionError as error:
        raise InvalidInputError({"body": ["It is nested too deeply."]}) from error
    except ValueError as error:
        why = str(error).removeprefix("JSON is malformed: ")
        raise InvalidInputError({"body": [f"It is not JSON: {why}."]}) from error
