"""Telling those who are concerned: once at the start, updates, and once at the end.

One message for each person and occasion, however many assets of theirs are affected.
What is told is a row in the transaction that makes it true, with a key that is unique
to person and occasion; the paging engine sends it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime

from catalog.graph import snapshot
from catalog.models import Asset
from incidents import wording
from incidents.expected import Expected, Fault
from incidents.models import Incident, Loudness, Stakeholder, TimelineEntry
from incidents.services.audience import Person, concerned_by, people
from incidents.services.faults import expected_of, faults_of
from incidents.services.letters import (
    Recipient,
    end_letter,
    letter,
    start_letter,
)
from incidents.services.lineage import AssetRow
from incidents.services.next_word import forget_word, next_words, promise
from oncall.services import Letter, call_back_letters, inform_all

FIELDS = ["mode", "assets", "owns", "told_at", "told_of_end_at", "round"]
Kind = TimelineEntry.Kind
# The end of an incident is told of as many assets by name.
MOST_KEPT = 500


@dataclass(slots=True)
class _Start:
    """What one incident has to tell of its start."""

    new: list[Stakeholder] = field(default_factory=list)
    changed: list[Stakeholder] = field(default_factory=list)
    told: list[tuple[Stakeholder, dict[int, str]]] = field(default_factory=list)


def tell_start(
    affected: Mapping[Incident, Iterable[AssetRow]], *, at: datetime
) -> None:
    """Tell those who own the given dashboards of an incident, or follow what it
    affects, and have not been told; and those for whom it has become serious enough.

    Private incidents are told to nobody. Nine statements, whatever the number of
    incidents and people, and some more as `concerned_by` says.
    """
    public = {i: list(rows) for i, rows in affected.items() if not i.private}
    if not public:
        return
    concerns = concerned_by(public)
    known: dict[int, dict[str, Stakeholder]] = {i.pk: {} for i in public}
    for one in Stakeholder.objects.filter(incident__in=list(public)):
        known[one.incident_id][one.email] = one
    emails = {e for found in concerns.values() for e in found}
    emails |= {e for rows in known.values() for e in rows}
    persons = people(emails)
    starts = {i: _Start() for i in public}
    for incident, start in starts.items():
        for email, concern in concerns[incident].items():
            if email in persons:
                assets = concern.for_person(persons[email])
                _meet(
                    start,
                    known[incident.pk].get(email),
                    persons[email],
                    assets,
                    incident=incident,
                    owns=bool(concern.owned),
                )
        _wake(start, known[incident.pk].values(), persons, incident=incident)
    _begin(starts, persons, at=at)


def _meet(
    start: _Start,
    row: Stakeholder | None,
    person: Person,
    assets: Mapping[int, str],
    *,
    incident: Incident,
    owns: bool,
) -> None:
    """Note somebody who is concerned, or what more of theirs is affected."""
    if not assets:
        return
    if row is None:
        row = Stakeholder(
            incident=incident,
            email=person.email,
            mode=person.preference.loudness(incident.severity),
            assets=list(assets)[:MOST_KEPT],
            owns=owns,
        )
        start.new.append(row)
        if row.mode == Loudness.NOW:
            start.told.append((row, dict(assets)))
        return
    more = [pk for pk in assets if pk not in row.assets]
    if more and len(row.assets) < MOST_KEPT:
        row.assets = [*row.assets, *more][:MOST_KEPT]
        start.changed.append(row)


def _wake(
    start: _Start,
    rows: Iterable[Stakeholder],
    persons: Mapping[str, Person],
    *,
    incident: Incident,
) -> None:
    """Who would have read of it in a summary, or not at all, hears at once when it got
    worse."""
    for row in rows:
        person = persons.get(row.email)
        if row.mode == Loudness.NOW or row.muted_at is not None or person is None:
            continue
        if person.preference.loudness(incident.severity) == Loudness.NOW:
            row.mode = Loudness.NOW
            start.told.append((row, {}))
            if row not in start.changed:
                start.changed.append(row)


def _begin(
    starts: Mapping[Incident, _Start], persons: Mapping[str, Person], *, at: datetime
) -> None:
    told = {i: s.told for i, s in starts.items() if s.told}
    words = promise(told, at=at)
    names = names_of(row for rows in told.values() for row, known in rows if not known)
    letters: list[Letter] = []
    faults = faults_of(incident.pk for incident in told)
    for incident, rows in told.items():
        mine = {row.email: known or _named(row, names) for row, known in rows}
        expected = _expected(mine.values(), faults[incident.pk])
        for row, _ in rows:
            person = persons[row.email]
            if person.preference.start:
                row.told_at = at
                to = Recipient(person, _affected(mine[row.email], expected), row.owns)
                next_at = words.get(incident.pk)
                letters.append(
                    start_letter(incident, to, again=row.round, next_at=next_at)
                )
    Stakeholder.objects.bulk_create(
        [row for s in starts.values() for row in s.new], ignore_conflicts=True
    )
    changed = [row for s in starts.values() for row in s.changed]
    if changed:
        Stakeholder.objects.bulk_update(changed, FIELDS, batch_size=500)
    inform_all(letters, at=at)
    for incident, rows in told.items():
        _record(incident, rows, at=at)


def _record(
    incident: Incident, rows: Iterable[tuple[Stakeholder, object]], *, at: datetime
) -> None:
    told = [row for row, _ in rows if row.told_at is not None]
    for owns, word in ((True, "owner"), (False, "subscriber")):
        emails = sorted(row.email for row in told if row.owns is owns)
        if emails:
            incident.record(
                Kind.TOLD,
                f"Told {wording.counted(len(emails), word)} of what is affected: "
                f"{wording.listed(emails, 10)}.",
                at=at,
            )


def tell_end(incident: Incident, *, at: datetime) -> None:
    """Tell everyone who hears of each step that it is over. Safe to repeat."""
    forget_word(incident)
    waiting = list(incident.stakeholders.waiting())
    if not waiting:
        return
    persons, names = people(row.email for row in waiting), names_of(waiting)
    told = [
        (row, persons[row.email])
        for row in waiting
        if row.email in persons and _hears(persons[row.email], "end")
    ]
    mine = {row.email: _named(row, names) for row, _ in told}
    expected = _expected(mine.values(), faults_of([incident.pk])[incident.pk])
    inform_all(
        [
            end_letter(
                incident,
                Recipient(person, _affected(mine[row.email], expected), row.owns),
                again=row.round,
                ended_at=at,
            )
            for row, person in told
        ],
        at=at,
    )
    incident.stakeholders.waiting().update(told_of_end_at=at)
    if told:
        emails = sorted(row.email for row, _ in told)
        number = "1 person" if len(emails) == 1 else f"{len(emails)} people"
        incident.record(
            Kind.TOLD,
            f"Told {number} that it is over: {wording.listed(emails, 10)}.",
            at=at,
        )


def call_back(incident: Incident, *, at: datetime) -> None:
    """Nobody is told of what became private: what has not gone out never does, and
    whose start it was may be told anew."""
    keys = call_back_letters(
        subject=incident.subject, why="Not sent: it became private"
    )
    begun = f"{incident.subject}:start"
    emails = {key.rpartition(":")[2] for key in keys if key.startswith(begun)}
    incident.stakeholders.filter(email__in=emails).delete()
    if keys:
        number = wording.counted(len(keys), "message")
        incident.record(
            Kind.TOLD,
            f"{number} to those concerned not sent: it became private.",
            at=at,
        )


def tell_again(incident: Incident, *, at: datetime) -> None:
    """Who was told that it is over hears that it is not: it was reopened."""
    rows = list(incident.stakeholders.told().exclude(told_of_end_at=None))
    if not rows or incident.private:
        return
    persons, names = people(row.email for row in rows), names_of(rows)
    rows = [row for row in rows if row.email in persons]
    start = _Start(changed=rows)
    for row in rows:
        row.told_of_end_at, row.round = None, row.round + 1
        start.told.append((row, _named(row, names)))
    _begin({incident: start}, persons, at=at)


def tell_update(
    incident: Incident, *, update_id: int, text: str, at: datetime
) -> list[str]:
    """Send an update to everyone told of the start; return their addresses."""
    return tell_word(
        incident,
        occasion=f"update:{update_id}",
        title=f"Update: {incident.title}",
        text=text,
        at=at,
    )


def tell_word(
    incident: Incident, *, occasion: str, title: str, text: str, at: datetime
) -> list[str]:
    """Send `text` to those who hear of each step, with when they hear next."""
    rows = (
        incident.stakeholders.waiting()
        if incident.is_open
        else (incident.stakeholders.told())
    )
    persons = people(rows.values_list("email", flat=True))
    told = [one for one in persons.values() if _hears(one, "updates")]
    if incident.private or not told:
        return []
    next_at = next_words([incident.pk]).get(incident.pk)
    inform_all(
        [
            letter(
                incident,
                person,
                occasion=occasion,
                title=title,
                body=f"{text}{wording.next_word(next_at, person.user)}",
            )
            for person in told
        ],
        at=at,
    )
    return [person.email for person in told]


def _hears(person: Person, occasion: str) -> bool:
    wanted = bool(getattr(person.preference, occasion))
    return wanted and person.preference.stopped_at is None


def names_of(rows: Iterable[Stakeholder]) -> dict[int, str]:
    """{asset id: name} of what is affected of theirs. One query."""
    ids = {pk for row in rows for pk in row.assets}
    if not ids:
        return {}
    return dict(Asset.objects.filter(pk__in=ids).values_list("pk", "name"))


def _named(row: Stakeholder, names: Mapping[int, str]) -> dict[int, str]:
    return {pk: names[pk] for pk in row.assets if pk in names}


def _expected(
    assets: Iterable[Mapping[int, str]], faults: Mapping[int, Fault]
) -> dict[int, Expected]:
    """{asset: what to expect of it}, of all that is named to anybody."""
    named = {pk for known in assets for pk in known}
    if not named:
        return {}
    return expected_of(named, faults.values(), snapshot(fresh=True))


def _affected(
    assets: Mapping[int, str], expected: Mapping[int, Expected]
) -> list[wording.Affected]:
    return [wording.Affected(name, expected.get(pk)) for pk, name in assets.items()]


def move_stakeholders(source: Incident, target: Incident) -> None:
    """Those who were told of `source` have thereby been told of `target`."""
    Stakeholder.objects.bulk_create(
        [_copy(row, target) for row in source.stakeholders.all()],
        ignore_conflicts=True,
    )
    source.stakeholders.all().delete()
    forget_word(source)


def _copy(row: Stakeholder, target: Incident) -> Stakeholder:
    return Stakeholder(
        incident=target,
        email=row.email,
        mode=row.mode,
        assets=row.assets,
        owns=row.owns,
        told_at=row.told_at,
        digested_at=row.digested_at,
        muted_at=row.muted_at,
    )
