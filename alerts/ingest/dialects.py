"""How each address of the inlet speaks: where the key is, what is answered."""

import re
from dataclasses import dataclass
from urllib.parse import parse_qs

from alerts.formats import opsgenie, pagerduty
from alerts.formats.base import Parsed
from alerts.formats.opsgenie import ACTIONS
from alerts.ingest.messages import Stored
from alerts.ingest.reading import CHANGES_V2, EVENTS_V2, LINEAGE, OPSGENIE, SLACK
from alerts.ingest.requests import JSON, RefusedError, read_json
from core.errors import InvalidInputError

# A form that has a field `payload`, among others or alone; JSON begins otherwise.
_PAYLOAD = re.compile(rb"(?:[^&{\[\s]{0,1000}&){0,20}payload=")

MAX_BODY = 1 << 20
MAX_EVENTS_V2_BODY = 512 << 10
MAX_OPENLINEAGE_BODY = 8 << 20
MAX_DBT_BODY = 64 << 20
MAX_BODY_OF = {
    "openlineage": MAX_OPENLINEAGE_BODY,
    "dbt": MAX_DBT_BODY,
    "pagerduty": MAX_EVENTS_V2_BODY,
}


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of a message. `seconds` is how long it took."""

    parsed: Parsed
    stored: list[Stored]
    seconds: float


class Own:
    """POST /in/<key>: the integration's own format."""

    key_is_in_body = False
    may_be_empty = False

    def key(self, path: str, headers: dict[str, str]) -> str:
        return path.removeprefix("/in/")

    def payload(self, body: bytes) -> object:
        """Raises InvalidInputError for what is not JSON."""
        return read_json(body)

    def limit(self, format_: str) -> int:
        """Bytes taken from an integration of this format."""
        return MAX_BODY_OF.get(format_, MAX_BODY)

    def accepted(self, outcome: Outcome) -> tuple[int, object]:
        return 202, _what_became(outcome)

    def refused(self, error: InvalidInputError, seconds: float) -> RefusedError:
        if error.errors.keys() == {"detail"}:
            return RefusedError(400, {"detail": " ".join(error.errors["detail"])})
        return RefusedError(400, error.errors)

    def unknown_key(self, seconds: float) -> RefusedError:
        return RefusedError(401, {"detail": "No integration has this key."})


class Lineage(Own):
    """POST /api/v1/lineage: OpenLineage, the key as bearer token."""

    def key(self, path: str, headers: dict[str, str]) -> str:
        return _credential(headers, "bearer")

    def limit(self, format_: str) -> int:
        return MAX_OPENLINEAGE_BODY

    def accepted(self, outcome: Outcome) -> tuple[int, object]:
        return 201, _what_became(outcome)

    def unknown_key(self, seconds: float) -> RefusedError:
        detail = "Send an integration's key: Authorization: Bearer <key>."
        wanted = (b"www-authenticate", b"Bearer")
        return RefusedError(401, {"detail": detail}, [*JSON, wanted])


class EventsV2(Own):
    """POST /v2/enqueue: PagerDuty's Events API, whose key stands in the body."""

    key_is_in_body = True

    def limit(self, format_: str) -> int:
        return MAX_EVENTS_V2_BODY

    def accepted(self, outcome: Outcome) -> tuple[int, object]:
        return 202, pagerduty.accepted_answer(outcome.parsed)

    def refused(self, error: InvalidInputError, seconds: float) -> RefusedError:
        return RefusedError(400, pagerduty.refused_answer(error))

    def unknown_key(self, seconds: float) -> RefusedError:
        invalid = InvalidInputError({"routing_key": ["Invalid routing key"]})
        return self.refused(invalid, seconds)


class ChangesV2(EventsV2):
    """POST /v2/change/enqueue: PagerDuty's change events."""

    def accepted(self, outcome: Outcome) -> tuple[int, object]:
        return 202, pagerduty.change_answer()


class Slack(Own):
    """POST /in/<key>/slack: what a Slack incoming webhook takes, answered as it does.

    Elementary and others take any answer but 200 for a failure.
    """

    def key(self, path: str, headers: dict[str, str]) -> str:
        return path.removeprefix("/in/").removesuffix(SLACK)

    def payload(self, body: bytes) -> object:
        """JSON, or the form with JSON in its field `payload` that Slack takes too."""
        if not _PAYLOAD.match(body):
            return read_json(body)
        try:
            form = parse_qs(body.decode("utf-8", "replace"), max_num_fields=20)
        except ValueError as error:
            message = "The form has too many fields."
            raise InvalidInputError({"detail": [message]}) from error
        return read_json("".join(form.get("payload", [])).encode())

    def accepted(self, outcome: Outcome) -> tuple[int, object]:
        return 200, b"ok"


class Opsgenie(Own):
    """POST /v2/alerts and /v2/alerts/<alias>/close: Opsgenie's Alert API.

    Alerts are named by alias alone, whatever `identifierType` says: no other name was
    ever given to the sender.
    """

    may_be_empty = True

    def key(self, path: str, headers: dict[str, str]) -> str:
        return _credential(headers, "geniekey")

    def limit(self, format_: str) -> int:
        return MAX_BODY

    def accepted(self, outcome: Outcome) -> tuple[int, object]:
        (alert,), (stored,) = outcome.parsed.alerts, outcome.stored
        return 202, opsgenie.accepted_answer(
            outcome.seconds, alert_id=stored.id, status=alert.status
        )

    def refused(self, error: InvalidInputError, seconds: float) -> RefusedError:
        return RefusedError(422, opsgenie.refused_answer(error, seconds))

    def unknown_key(self, seconds: float) -> RefusedError:
        return RefusedError(401, opsgenie.unknown_key_answer(seconds))


_OF_PATH: dict[str, Own] = {
    EVENTS_V2: EventsV2(),
    CHANGES_V2: ChangesV2(),
    OPSGENIE: Opsgenie(),
    **dict.fromkeys(LINEAGE, Lineage()),
}
_OWN, _SLACK = Own(), Slack()


def serves(path: str) -> bool:
    """Whether the path is the inlet's, even if nothing is there."""
    return path.startswith(("/in/", "/v2/")) or path.rstrip("/") in LINEAGE


def is_own(path: str) -> bool:
    """Whether what comes to the path is in its integration's own format."""
    return path.startswith("/in/") and path.count("/") == 2


def dialect_of(path: str) -> Own | None:
    """The dialect of a path without its last "/"; None when nothing is there."""
    if found := _OF_PATH.get(path):
        return found
    if is_own(path):
        return _OWN
    if path.startswith("/in/") and path.endswith(SLACK) and path.count("/") == 3:
        return _SLACK
    alias, _, action = path.removeprefix(f"{OPSGENIE}/").rpartition("/")
    if path.startswith(f"{OPSGENIE}/") and alias and action in ACTIONS:
        return _OF_PATH[OPSGENIE]
    return None


def _credential(headers: dict[str, str], wanted: str) -> str:
    """What the Authorization header holds for the scheme `wanted`, or ""."""
    scheme, _, key = headers.get("authorization", "").partition(" ")
    return key.strip() if scheme.lower() == wanted else ""


def _what_became(outcome: Outcome) -> dict[str, object]:
    parsed = outcome.parsed
    answer: dict[str, object] = {
        "accepted": len(parsed.alerts),
        "alerts": [
            {
                "id": one.id,
                "dedup_key": alert.dedup_key,
                "status": alert.status,
                "new": one.is_new,
            }
            for alert, one in zip(parsed.alerts, outcome.stored, strict=True)
        ],
    }
    if parsed.rejected:
        answer["rejected"] = [
            {"index": one.index, "errors": one.errors} for one in parsed.rejected
        ]
    return answer
