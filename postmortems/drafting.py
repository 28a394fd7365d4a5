"""Drafts a postmortem from what was recorded.

What the record says becomes sentences; what it does not say is said to be
unknown, with a question in a comment for the people who were there. People
appear by role, and nothing the draft says in its own voice is blame.
"""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import timedelta
from zoneinfo import ZoneInfo

from postmortems import reflections
from postmortems.facts import ActionItem, Change, Dashboard, IncidentFacts, Moment
from postmortems.prose import (
    Clock,
    Scribe,
    between,
    code,
    counted,
    duration,
    link,
    one_line,
)

MAX_TITLE_CHARS = 200
MOST_NAMED = 20


@dataclass(frozen=True, slots=True)
class Draft:
    """A title, which is plain text, and a body, which is Markdown."""

    title: str
    body_markdown: str


def draft(facts: IncidentFacts, *, tz: ZoneInfo) -> Draft:
    """Return the postmortem of an incident as far as its record can write it.

    Times are written in `tz` with UTC beside them. The language check finds
    nothing in the body: free text that reads as blame is given as a quotation.
    """
    pen = _Pen(facts, Clock(tz), Scribe(facts.people))
    title = one_line(pen.scribe.by_role(facts.title))[:MAX_TITLE_CHARS].rstrip()
    sections = (
        f"## {heading}\n\n" + "\n\n".join(write(pen)) for heading, write in _SECTIONS
    )
    return Draft(
        title=f"Incident #{facts.number}: {title}".rstrip(": "),
        body_markdown="\n\n".join(sections) + "\n",
    )


@dataclass(frozen=True, slots=True)
class _Pen:
    """What every section needs to be written."""

    facts: IncidentFacts
    clock: Clock
    scribe: Scribe

    def item(self, write: Callable[..., str], *texts: str) -> str:
        """Return one line of a list."""
        return f"- {self.scribe.block(write, *texts)}"


def _ask(question: str) -> str:
    return f"<!-- {question} -->"


def _items(lines: Iterable[str]) -> str:
    return "\n".join(f"- {line}" for line in lines)


def _summary(pen: _Pen) -> Iterator[str]:
    facts = pen.facts
    number = link(f"Incident #{facts.number}", facts.url)
    yield pen.scribe.block(
        lambda severity, title: f"{number} ({severity}): {title}",
        facts.severity,
        facts.title,
    )
    lasted = between(facts.impact_started_at, facts.resolved_at)
    if facts.impact_started_at is None:
        yield "When the impact began is not known."
    else:
        began = pen.clock.full(facts.impact_started_at)
        end = (
            "How long it lasted is not known."
            if lasted is None
            else f"It lasted {duration(lasted)}."
        )
        yield f"The impact began on {began}. {end} {_reach(facts)}".rstrip()
    yield _ask("In two sentences: what did readers of the data see, and what ended it?")


def _reach(facts: IncidentFacts) -> str:
    if not facts.asset_count:
        return ""
    reached = _reached(facts)
    of_them = f", {reached} among them" if reached else ""
    return f"It reached {counted(facts.asset_count, 'asset')}{of_them}."


def _reached(facts: IncidentFacts) -> str:
    dashboards = facts.dashboard_count or 0
    return facts.reached or (counted(dashboards, "dashboard") if dashboards else "")


def _impact(pen: _Pen) -> Iterator[str]:
    facts = pen.facts
    lasted = between(facts.impact_started_at, facts.resolved_at)
    if lasted is None:
        yield "How long the data was stale or wrong is not known."
    else:
        yield f"The data was stale or wrong for {duration(lasted)}."
    yield _clocks(pen)
    yield from _affected_assets(facts)
    yield from _affected_dashboards(facts)
    if facts.people_told:
        told = "person was" if facts.people_told == 1 else "people were"
        yield f"{facts.people_told:,} {told} told."
    else:
        yield "It is not recorded that anybody was told."
    yield _ask("What did people decide or do with the data while it was wrong?")


def _clocks(pen: _Pen) -> str:
    """Return the table of the incident's clocks."""
    facts = pen.facts
    zone = "" if pen.clock.is_utc else f" in {pen.clock.tz.key}"
    rows = [f"| What | When{zone} | After impact began |", "| --- | --- | --- |"]
    for name, at in (
        ("Impact began", facts.impact_started_at),
        ("Detected", facts.detected_at),
        ("Acknowledged", facts.acknowledged_at),
        ("Mitigated", facts.mitigated_at),
        ("Resolved", facts.resolved_at),
    ):
        when = "not known" if at is None else pen.clock.full(at)
        after = between(facts.impact_started_at, at)
        rows.append(f"| {name} | {when} | {'' if after is None else duration(after)} |")
    return "\n".join(rows)


def _affected_assets(facts: IncidentFacts) -> Iterator[str]:
    count = facts.asset_count
    if count is None:
        yield "How many assets were affected is not known."
    elif not count:
        yield "No asset of the catalog was affected."
    else:
        yield f"Affected: {counted(count, 'asset')}{_named(facts.assets, count)}."


def _named(assets: tuple[str, ...], count: int) -> str:
    names = ", ".join(code(name) for name in assets[:MOST_NAMED])
    more = count - min(len(assets), MOST_NAMED)
    rest = f" and {more:,} more" if more > 0 else ""
    return f": {names}{rest}" if names else ""


def _affected_dashboards(facts: IncidentFacts) -> Iterator[str]:
    if not facts.dashboards:
        return
    named = facts.dashboards[:MOST_NAMED]
    lines = [_dashboard(one) for one in named]
    more = (facts.dashboard_count or len(facts.dashboards)) - len(named)
    if more > 0:
        lines.append(f"{more:,} more")
    yield f"Of these, people use {_reached(facts) or 'dashboards'}:"
    yield _items(lines)


def _dashboard(one: Dashboard) -> str:
    owners = counted(one.owners, "owner") if one.owners else "no owner on record"
    return f"{code(one.name)} ({owners})"


def _detection(pen: _Pen) -> Iterator[str]:
    facts = pen.facts
    took = between(facts.impact_started_at, facts.detected_at)
    after = ""
    if took is not None:
        late = took >= timedelta(seconds=1)
        after = f", {duration(took)} after the impact began" if late else " at once"
    yield {
        "monitor": f"A monitor detected it{after}.",
        "person": f"A person reported it{after}.",
        "": f"How it was detected is not recorded{after}.",
    }[facts.detected_by]
    if facts.first_alert is not None:
        at = pen.clock.full(facts.first_alert.at)
        yield pen.scribe.block(
            lambda title: f"The first alert came on {at}: {title}",
            facts.first_alert.title,
        )
    if facts.alert_count > 1:
        yield f"In all, {facts.alert_count:,} alerts arrived."
    if facts.pages:
        yield _items(_paging(pen))
    yield _ask("Which signal would show this sooner next time, and to whom?")


def _paging(pen: _Pen) -> Iterator[str]:
    for page in sorted(pen.facts.pages, key=lambda page: page.at)[:MOST_NAMED]:
        took = between(page.at, page.acknowledged_at)
        answer = (
            "no acknowledgement recorded"
            if took is None
            else f"acknowledged after {duration(took)}"
        )
        head = f"{pen.clock.time(page.at)}: page at step {page.step}"
        yield pen.scribe.block(
            lambda to, head=head, answer=answer: (
                f"{head}{f' to {to}' if to else ''}, {answer}"
            ),
            page.to,
        )


def _timeline(pen: _Pen) -> Iterator[str]:
    moments = sorted(pen.facts.timeline, key=lambda moment: moment.at)
    if not moments:
        yield "Nothing is recorded."
    day = ""
    lines: list[str] = []
    for moment in moments:
        if pen.clock.day(moment.at) != day:
            yield from _lines(lines)
            day, lines = pen.clock.day(moment.at), []
            yield f"**{day}**"
        lines.append(_moment(pen, moment))
    yield from _lines(lines)
    yield _ask("What else did people see, think and try, and when?")


def _lines(lines: list[str]) -> Iterator[str]:
    if lines:
        yield "\n".join(lines)


def _moment(pen: _Pen, moment: Moment) -> str:
    at = pen.clock.time(moment.at)
    return pen.item(
        lambda actor, text: f"{at}{f', {actor}' if actor else ''}: {text}",
        moment.actor,
        moment.text,
    )


def _trigger(pen: _Pen) -> Iterator[str]:
    if not pen.facts.changes:
        yield "No change is recorded shortly before the impact began."
    else:
        yield "Shortly before the impact began:"
        changes = sorted(pen.facts.changes, key=lambda change: change.at)
        yield "\n".join(_change(pen, change) for change in changes[-MOST_NAMED:])
    yield _ask("What set it off just then, after working until then?")


def _change(pen: _Pen, change: Change) -> str:
    at = pen.clock.full(change.at)
    to = f" to {code(change.asset)}" if change.asset.strip() else ""

    def write(kind: str, title: str) -> str:
        what = link(title or "untitled", change.url)
        return f"{at}: {kind or 'change'}{to}: {what}"

    return pen.item(write, change.kind, change.title)


def _causes(pen: _Pen) -> Iterator[str]:
    yield from _recorded_cause(pen)
    facts = pen.facts
    if facts.suspicion is not None and facts.suspicion.asset.strip():
        yield f"The suspected source is {code(facts.suspicion.asset)}."
        reasons = [r for r in facts.suspicion.reasons if r.strip()]
        if reasons:
            yield "\n".join(pen.item(str, reason) for reason in reasons)
    if facts.recurs_from is not None:
        yield f"It recurs from incident #{facts.recurs_from}."
    factors = [factor for factor in facts.contributing_factors if factor.strip()]
    if factors:
        yield "Contributing factors:"
        yield "\n".join(pen.item(str, factor) for factor in factors)
    else:
        yield "Contributing factors are not recorded yet."
    yield _ask("Which conditions, taken together, made it possible? Name several.")


def _recorded_cause(pen: _Pen) -> Iterator[str]:
    cause = pen.facts.root_cause
    if cause is None or not (cause.category or cause.asset or cause.summary).strip():
        yield "The cause is not recorded yet."
        return
    if cause.category.strip():
        yield pen.scribe.block(lambda text: f"Category: {text}.", cause.category)
    if cause.asset.strip():
        yield f"It came from {code(cause.asset)}."
    if cause.summary.strip():
        yield pen.scribe.block(lambda text: f"On record: {text}", cause.summary)


def _went_well(pen: _Pen) -> Iterator[str]:
    yield from _seeded(reflections.went_well(pen.facts))
    yield _ask("What helped, and is worth keeping?")


def _was_hard(pen: _Pen) -> Iterator[str]:
    yield from _seeded(reflections.was_hard(pen.facts))
    yield _ask("Where was information missing, a tool in the way, a handover unclear?")


def _was_luck(pen: _Pen) -> Iterator[str]:
    yield from _seeded(reflections.was_luck(pen.facts))
    yield _ask("What kept this from being worse that nobody had arranged?")


def _seeded(sentences: Iterable[str]) -> Iterator[str]:
    lines = _items(sentences)
    if lines:
        yield lines


def _action_items(pen: _Pen) -> Iterator[str]:
    if pen.facts.action_items:
        yield "\n".join(_action_item(pen, item) for item in pen.facts.action_items)
    else:
        yield "None recorded yet."
    yield _ask("What will prevent it, detect it sooner or soften it? Owner, due date.")


def _action_item(pen: _Pen, item: ActionItem) -> str:
    due = f"due {item.due_on.isoformat()}" if item.due_on is not None else "no due date"

    def write(title: str, kind: str, owner: str) -> str:
        parts = [kind, f"owner: {owner}" if owner else "no owner", due]
        return (
            f"[ ] {title or 'untitled'} ({', '.join(part for part in parts if part)})"
        )

    return pen.item(write, item.title, item.kind, item.owner)


def _lessons(pen: _Pen) -> Iterator[str]:
    yield _ask("What do we understand now that another team could use?")


_SECTIONS: tuple[tuple[str, Callable[[_Pen], Iterator[str]]], ...] = (
    ("Summary", _summary),
    ("Impact", _impact),
    ("Detection", _detection),
    ("Timeline", _timeline),
    ("Trigger", _trigger),
    ("Root cause and contributing factors", _causes),
    ("What went well", _went_well),
    ("What was hard", _was_hard),
    ("Where we got lucky", _was_luck),
    ("Action items", _action_items),
    ("Lessons", _lessons),
)
SECTIONS = tuple(heading for heading, _ in _SECTIONS)
