"""What the record itself says went well, was hard, and was luck."""

from collections.abc import Iterator
from datetime import timedelta

from postmortems.facts import IncidentFacts, Page
from postmortems.prose import between, code, counted, duration

QUICK_DETECTION = timedelta(minutes=10)
SLOW_DETECTION = timedelta(minutes=30)
QUICK_ACKNOWLEDGEMENT = timedelta(minutes=5)
SLOW_ACKNOWLEDGEMENT = timedelta(minutes=15)
MANY_ALERTS = 5

_ORDINALS = ("", "first", "second", "third", "fourth", "fifth", "sixth")


def went_well(facts: IncidentFacts) -> Iterator[str]:
    """Yield a sentence for each thing the record shows worked."""
    detection = between(facts.impact_started_at, facts.detected_at)
    is_quick = detection is not None and detection <= QUICK_DETECTION
    if facts.detected_by == "monitor" and is_quick and detection is not None:
        late = detection >= timedelta(seconds=1)
        soon = f"within {duration(detection)}" if late else "at once"
        yield f"A monitor detected it {soon}."
    answer = _first_answer(facts)
    if answer is not None and answer <= QUICK_ACKNOWLEDGEMENT:
        yield f"The first page was acknowledged in {duration(answer)}."
    if facts.people_told:
        owners = counted(facts.people_told, "owner")
        be = "was" if facts.people_told == 1 else "were"
        yield f"{owners} of affected assets {be} told while it lasted."
    suspect, cause = _assets(facts)
    if suspect and suspect == cause:
        yield f"The first suspicion, {code(suspect)}, was confirmed."


def was_hard(facts: IncidentFacts) -> Iterator[str]:
    """Yield a sentence for each thing the record shows cost time or attention."""
    detection = between(facts.impact_started_at, facts.detected_at)
    if facts.detected_by == "person":
        yield "A person saw it before any monitor reported it."
    if detection is not None and detection >= SLOW_DETECTION:
        yield f"{duration(detection)} passed before the impact was detected."
    answer = _first_answer(facts)
    if answer is not None and answer >= SLOW_ACKNOWLEDGEMENT:
        yield f"The first page waited {duration(answer)} for an acknowledgement."
    step = max((page.step for page in facts.pages), default=1)
    if step > 1:
        yield f"The {_ordinal(step)} step of the escalation was needed."
    if facts.alert_count > MANY_ALERTS:
        yield f"{counted(facts.alert_count, 'alert')} arrived for one fault."
    if facts.recurs_from is not None:
        yield f"It had happened before, in incident #{facts.recurs_from}."
    suspect, cause = _assets(facts)
    if suspect and cause and suspect != cause:
        yield f"The first suspicion was {code(suspect)}; the source was {code(cause)}."


def was_luck(facts: IncidentFacts) -> Iterator[str]:
    """Yield a sentence for each thing that held without anything made to hold it."""
    if facts.detected_by == "person" and not facts.alert_count:
        yield "No alert fired; somebody happened to look at the data."
    if facts.dashboard_count == 0 and facts.asset_count:
        yield "No dashboard was downstream of what was affected."


def _first_answer(facts: IncidentFacts) -> timedelta | None:
    """Return how long the earliest page waited for its acknowledgement."""
    first: Page | None = min(facts.pages, key=lambda page: page.at, default=None)
    return None if first is None else between(first.at, first.acknowledged_at)


def _assets(facts: IncidentFacts) -> tuple[str, str]:
    suspect = facts.suspicion.asset if facts.suspicion is not None else ""
    cause = facts.root_cause.asset if facts.root_cause is not None else ""
    return suspect.strip(), cause.strip()


def _ordinal(number: int) -> str:
    return _ORDINALS[number] if number < len(_ORDINALS) else f"{number}th"
