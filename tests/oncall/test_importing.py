"""Bringing people, schedules and policies over from other on-call tools."""

import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from hypothesis import given, settings
from hypothesis import strategies as st

from accounts.models import AuditEntry, Team, User
from core.errors import InvalidInputError
from oncall.importers import MISSING_PAGE, read_export
from oncall.models import EscalationPolicy, OnCallImport, Schedule
from oncall.resolver import parse_schedule, users_at
from oncall.services.importing import apply_import, keep_export, preview_import
from tests.factories import make_user
from tests.oncall import exports

AT = datetime(2026, 11, 22, 12, tzinfo=UTC)
EXPORTS = {
    "grafana": exports.grafana,
    "opsgenie": exports.opsgenie,
    "pagerduty": exports.pagerduty,
}


def on_call(form: dict[str, Any], at: str) -> list[str]:
    moment = datetime.fromisoformat(at)
    return sorted(users_at(parse_schedule(form), at=moment))


def schedule_of(tool: str) -> dict[str, Any]:
    [draft] = read_export(tool, EXPORTS[tool](), at=AT).schedules
    return draft.form


def test_a_layer_of_pagerduty_that_comes_first_hides_the_one_that_comes_after() -> None:
    form = schedule_of("pagerduty")
    # Two Thursdays; then a Saturday of Ana's week, which the upper layer has.
    assert on_call(form, "2026-11-19T12:00:00+01:00") == ["bo@example.com"]
    assert on_call(form, "2026-11-26T12:00:00+01:00") == ["ana@example.com"]
    assert on_call(form, "2026-11-28T12:00:00+01:00") == ["bo@example.com"]


def test_a_restriction_of_days_goes_from_its_start_to_its_end() -> None:
    form = schedule_of("pagerduty")
    upper = [layer for layer in form["layers"] if layer["priority"] == 1]
    for layer in upper:
        layer["rotation"]["participants"] = [["bo@example.com"]]
    only = {**form, "layers": upper, "overrides": []}
    weekend = [
        bool(on_call(only, at))
        for at in (
            "2026-11-20T16:59:00+01:00",
            "2026-11-20T17:01:00+01:00",
            "2026-11-22T20:00:00+01:00",
            "2026-11-23T08:59:00+01:00",
            "2026-11-23T09:01:00+01:00",
        )
    ]
    assert weekend == [False, True, True, True, False]


def test_a_turn_of_somebody_unknown_stays_empty_and_says_so() -> None:
    plan = read_export("pagerduty", exports.pagerduty(), at=AT)
    assert any("Gone is not among the people" in note for note in plan.notes)


def test_an_override_of_pagerduty_covers() -> None:
    form = schedule_of("pagerduty")
    assert on_call(form, "2026-12-01T12:00:00Z") == ["ana@example.com"]


def test_opsgenie_counts_delays_from_the_alert_and_we_from_the_step_before() -> None:
    [policy] = read_export("opsgenie", exports.opsgenie(), at=AT).policies
    delays = [step.delay for step in policy.steps]
    assert delays == [timedelta(minutes=15), timedelta(minutes=20)]
    assert policy.steps[0].targets == (("schedule", "Data platform"),)
    assert policy.repeats == 2


def test_a_turn_of_nobody_is_one_here_too() -> None:
    form = schedule_of("opsgenie")
    days = [on_call(form, f"2026-01-0{day}T12:00:00+01:00") for day in (5, 6, 7)]
    assert days == [["ana@example.com"], [], ["bo@example.com"]]


def test_a_restriction_of_opsgenie_may_last_from_monday_to_friday() -> None:
    form = schedule_of("opsgenie")
    assert on_call(form, "2026-01-08T22:00:00+01:00") == ["ana@example.com"]
    assert on_call(form, "2026-01-16T18:29:00+01:00") != []
    assert on_call(form, "2026-01-16T18:31:00+01:00") == []


def test_a_rotation_of_grafana_starts_with_the_group_it_names() -> None:
    form = schedule_of("grafana")
    assert on_call(form, "2026-01-06T12:00:00+01:00") == ["bo@example.com"]
    assert on_call(form, "2026-01-13T12:00:00+01:00") == ["ana@example.com"]


def test_steps_of_grafana_without_a_wait_between_them_are_one() -> None:
    plan = read_export("grafana", exports.grafana(), at=AT)
    [policy] = plan.policies
    assert [set(step.targets) for step in policy.steps] == [
        {("schedule", "Data platform"), ("user", "bo@example.com")},
        {("user", "ana@example.com")},
    ]
    assert policy.steps[0].delay == timedelta(minutes=15)
    assert any("Elsewhere is left out" in note for note in plan.notes)


@pytest.mark.parametrize(
    ("tool", "first", "last"),
    [
        ("grafana", {"next": "https://x/?page=2"}, {"previous": "https://x/?page=1"}),
        ("pagerduty", {"more": True, "offset": 0}, {"more": False, "offset": 25}),
        ("opsgenie", {"paging": {"next": "https://x/2"}}, {"paging": {"prev": "x"}}),
    ],
)
def test_a_page_of_answers_that_is_missing_is_named(
    tool: str, first: dict[str, Any], last: dict[str, Any]
) -> None:
    whole = [*EXPORTS[tool](), first, last]
    assert MISSING_PAGE not in read_export(tool, whole, at=AT).notes
    assert read_export(tool, whole[:-1], at=AT).notes[0] == MISSING_PAGE


@pytest.mark.parametrize(
    ("tool", "answer"),
    [
        ("grafana", {"detail": "Invalid token."}),
        ("opsgenie", {"message": "Invalid token.", "took": 0.0, "requestId": "1"}),
        ("pagerduty", {"error": {"message": "Invalid token.", "code": 2006}}),
    ],
)
def test_what_a_tool_refused_is_told_in_its_words(
    tool: str, answer: dict[str, Any]
) -> None:
    with pytest.raises(InvalidInputError, match="refusal: Invalid token"):
        keep_export(tool=tool, documents=[answer], by=User(), at=AT)


@pytest.mark.parametrize("tool", EXPORTS)
def test_all_of_it_is_made_once_and_only_what_is_not_here_yet(
    db: None, tool: str
) -> None:
    admin = make_user(role="admin")
    ana = make_user(email="ana@example.com")
    kept = keep_export(tool=tool, documents=EXPORTS[tool](), by=admin, at=AT)
    foreseen = preview_import(kept=kept, by=admin, at=AT)
    assert not Schedule.objects.exists()
    applied = apply_import(import_id=kept.pk, by=admin, at=AT)
    assert applied.report["schedules"] == foreseen.schedules == ["Data platform"]
    assert applied.report["policies"] == ["Ladder"]
    assert User.objects.get(email="bo@example.com").can_respond
    assert str(ana) in applied.report["kept"]
    schedule = Schedule.objects.get()
    assert schedule.team == Team.objects.get(name="Data")
    assert EscalationPolicy.objects.get().steps.count() == 2
    assert AuditEntry.objects.filter(action="oncall.imported").exists()
    again = keep_export(tool=tool, documents=EXPORTS[tool](), by=admin, at=AT)
    assert applied.report["notes"] == foreseen.notes
    report = apply_import(import_id=again.pk, by=admin, at=AT).report
    assert (report["people"], report["schedules"], report["policies"]) == ([], [], [])


def test_an_admin_looks_before_anything_is_made(db: None, sign_in: Any) -> None:
    client: Client = sign_in(role="admin")
    files = [
        SimpleUploadedFile(f"{index}.json", json.dumps(document).encode())
        for index, document in enumerate(exports.pagerduty())
    ]
    answer = client.post("/on-call/imports/", {"tool": "pagerduty", "answers": files})
    page = client.get(answer.headers["Location"]).content.decode()
    assert "Nothing is made yet" in page
    assert "Data platform" in page
    kept = OnCallImport.objects.get()
    done = client.post(f"/on-call/imports/{kept.pk}/apply/", follow=True)
    assert "Everything below is here now" in done.content.decode()
    assert client.post(f"/on-call/imports/{kept.pk}/apply/").status_code == 409


@pytest.mark.parametrize(
    ("body", "told"),
    [(b"{", "is not JSON"), (b"{}", "No person"), (b"\xff", "is not JSON")],
)
def test_a_file_that_is_none_is_refused_by_name(
    db: None, sign_in: Any, body: bytes, told: str
) -> None:
    client: Client = sign_in(role="admin")
    files = [SimpleUploadedFile("people.json", body)]
    answer = client.post("/on-call/imports/", {"tool": "opsgenie", "answers": files})
    assert answer.status_code == 400
    assert told in answer.content.decode()


ANYTHING = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=8),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.text(max_size=8), inner, max_size=3)
    ),
    max_leaves=6,
)


def places(value: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """The path of everything inside a document."""
    if not isinstance(value, dict | list):
        return
    for key, one in value.items() if isinstance(value, dict) else enumerate(value):
        yield (*path, key)
        yield from places(one, (*path, key))


@pytest.mark.parametrize("tool", EXPORTS)
@settings(max_examples=40)
@given(data=st.data())
def test_anything_in_any_place_is_noted_and_never_fails(
    tool: str, data: st.DataObject
) -> None:
    documents = EXPORTS[tool]()
    path = data.draw(st.sampled_from(list(places(documents))))
    place: Any = documents
    for key in path[:-1]:
        place = place[key]
    place[path[-1]] = data.draw(ANYTHING)
    plan = read_export(tool, documents, at=AT)
    for draft in plan.schedules:
        assert isinstance(draft.form["layers"], list)
