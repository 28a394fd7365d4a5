"""The pages of schedules: seen by all, changed by responders, without a script."""

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from accounts.models import AuditEntry, User
from oncall.models import Override, PlannedChange, Schedule, Swap
from oncall.queries import on_call_now
from oncall.services.schedules import on_call_ids
from tests.factories import make_policy, make_schedule, make_team, make_user

pytestmark = pytest.mark.django_db

NEW = "/on-call/schedules/new/"


def always(*users: User) -> list[dict[str, Any]]:
    return [{"name": "", "kind": "always", "users": [str(user.pk) for user in users]}]


def rotation(*users: User, **values: Any) -> dict[str, Any]:
    """The fields of one rotation in the form."""
    return {
        "r0-name": "Primary",
        "r0-people": [str(user.pk) for user in users],
        "r0-unit": "week",
        "r0-every": "1",
        "r0-weekday": "MO",
        "r0-handoff": "09:00",
        "r0-priority": "0",
        "row": ["0"],
        "name": "data-platform",
        "timezone": "Europe/Madrid",
        "team": "",
        "act": "save",
        **values,
    }


def test_without_a_schedule_the_page_says_what_to_do_first(
    signed_in: Client, sign_in: Any
) -> None:
    assert NEW in signed_in.get("/on-call/").content.decode()
    text = sign_in(role="viewer").get("/on-call/").content.decode()
    assert "No schedule yet" in text
    assert NEW not in text


def test_a_schedule_is_made_in_the_form_and_its_first_person_is_on_call(
    signed_in: Client, user: User
) -> None:
    bo, team = make_user(name="Bo Lind"), make_team()
    response = signed_in.post(NEW, rotation(bo, user, team=str(team.pk)))
    schedule = Schedule.objects.get()
    assert response.status_code == 302
    assert response["Location"] == schedule.get_absolute_url()
    assert on_call_ids(schedule, at=timezone.now()) == [bo.pk]
    assert schedule.team == team
    [layer] = schedule.layers
    assert layer["rotation"]["start_local"].endswith("T09:00")
    assert AuditEntry.objects.get().action == "schedule.created"
    assert "Bo Lind" in signed_in.get("/on-call/").content.decode()
    assert "Bo Lind" in signed_in.get(schedule.get_absolute_url()).content.decode()


def test_hours_become_a_restriction(signed_in: Client, user: User) -> None:
    hours = {
        "r0-has_hours": "on",
        "r0-weekdays": ["SA", "SU"],
        "r0-start": "21:00",
        "r0-end": "07:00",
    }
    signed_in.post(NEW, rotation(user, **hours))
    [layer] = Schedule.objects.get().layers
    assert layer["restriction"] == {
        "weekdays": ["SA", "SU"],
        "start_clock": "21:00",
        "end_clock": "07:00",
    }


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({"name": ""}, "id_name_error"),
        ({"timezone": "Mars"}, "is no time zone"),
        ({"r0-people": []}, "id_r0-people_error"),
        ({"r0-people": ["99999"]}, "Choose from the list"),
        ({"r0-every": "0"}, "id_r0-every_error"),
        ({"r0-weekday": ""}, "Choose the day"),
        ({"r0-handoff": "25:00"}, "id_r0-handoff_error"),
        ({"r0-has_hours": "on", "r0-start": ""}, "Say when"),
    ],
)
def test_a_form_that_is_wrong_comes_back_with_what_was_typed(
    signed_in: Client, user: User, change: dict[str, Any], told: str
) -> None:
    response = signed_in.post(NEW, rotation(user, **{"r0-name": "Nights", **change}))
    assert response.status_code == 400
    assert told in response.content.decode()
    assert "Nights" in response.content.decode()
    assert not Schedule.objects.exists()


def test_rows_are_added_and_removed_without_a_script_and_nothing_typed_is_lost(
    signed_in: Client, user: User
) -> None:
    typed = rotation(user, **{"r0-name": "Nights", "name": ""})
    added = signed_in.post(NEW, {**typed, "act": "add"}).content.decode()
    assert 'name="r1-people"' in added
    assert "Nights" in added
    assert "_error" not in added
    removed = signed_in.post(NEW, {**typed, "row": ["0", "1"], "act": "remove-0"})
    assert 'name="r0-people"' not in removed.content.decode()
    assert not Schedule.objects.exists()


def test_editing_keeps_whoever_is_on_call_until_the_next_hand_off(
    signed_in: Client, user: User
) -> None:
    bo, cy = make_user(), make_user()
    signed_in.post(NEW, rotation(bo, user))
    schedule = Schedule.objects.get()
    path = f"{schedule.get_absolute_url()}edit/"
    kept = rotation(cy, user, bo, **{"r0-source": "0", "version": "1"})
    assert signed_in.post(path, kept).status_code == 302
    schedule.refresh_from_db()
    assert on_call_ids(schedule, at=timezone.now()) == [bo.pk]
    assert on_call_ids(schedule, at=timezone.now() + timedelta(days=7)) == [cy.pk]
    assert schedule.version == 2


def test_saving_an_unchanged_form_changes_nothing(
    signed_in: Client, user: User
) -> None:
    signed_in.post(NEW, rotation(user))
    schedule = Schedule.objects.get()
    path = f"{schedule.get_absolute_url()}edit/"
    signed_in.post(path, rotation(user, **{"r0-source": "0", "version": "1"}))
    again = Schedule.objects.get()
    assert (again.layers, again.version) == (schedule.layers, 1)


def test_an_older_form_does_not_overwrite_a_newer_one(
    signed_in: Client, user: User
) -> None:
    signed_in.post(NEW, rotation(user))
    schedule = Schedule.objects.get()
    path = f"{schedule.get_absolute_url()}edit/"
    fields = {"r0-source": "0", "version": "1"}
    signed_in.post(path, rotation(user, **fields, name="first"))
    response = signed_in.post(path, rotation(user, **fields, name="second"))
    assert response.status_code == 409
    schedule.refresh_from_db()
    assert schedule.name == "first"


def test_more_than_the_form_can_say_is_edited_as_json(
    signed_in: Client, user: User
) -> None:
    second = {
        "unit": "week",
        "start_local": "2026-01-05T09:00:30",
        "participants": [[str(user.pk)]],
    }
    schedule = make_schedule(layers=[{"kind": "rotation", "rotation": second}])
    path = schedule.get_absolute_url()
    response = signed_in.get(f"{path}edit/")
    assert response["Location"] == f"{path}advanced/"
    assert user.email in signed_in.get(f"{path}advanced/").content.decode()
    form = {"name": "renamed", "layers": [{"kind": "always", "users": [user.email]}]}
    sent = {"form": json.dumps(form), "version": "1"}
    assert signed_in.post(f"{path}advanced/", sent).status_code == 302
    schedule.refresh_from_db()
    assert schedule.layers == [{"kind": "always", "users": [str(user.pk)]}]


def test_a_turn_can_be_several_peoples_or_nobodys(
    signed_in: Client, user: User
) -> None:
    bo, cy = make_user(), make_user()
    people = [str(user.pk), str(bo.pk), "-", str(cy.pk), ""]
    shared = ["", "1", "", "", ""]
    sent = rotation(user, **{"r0-people": people, "r0-people-with": shared})
    assert signed_in.post(NEW, sent).status_code == 302
    [layer] = Schedule.objects.get().layers
    turns = [[str(user.pk), str(bo.pk)], [], [str(cy.pk)]]
    assert layer["rotation"]["participants"] == turns
    page = signed_in.get(f"{Schedule.objects.get().get_absolute_url()}edit/")
    assert "together with the one above" in page.content.decode()


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        (
            {"r0-kind": "always"},
            {"kind": "always"},
        ),
        (
            {
                "r0-kind": "recurring_shift",
                "r0-begins": "2026-01-05T21:00",
                "r0-length": "10",
                "r0-minutes": "30",
                "r0-freq": "daily",
                "r0-interval": "2",
                "r0-by_day": ["SA", "SU"],
                "r0-by_monthday": "1, -1",
                "r0-week_start": "SU",
            },
            {
                "start_local": "2026-01-05T21:00",
                "duration_minutes": 630,
                "freq": "daily",
                "interval": 2,
                "by_day": ["SA", "SU"],
                "by_monthday": [1, -1],
                "week_start": "SU",
            },
        ),
        (
            {"r0-kind": "fixed", "r0-lines": "2026-01-06 10:00  2026-01-06 12:00  {}"},
            {"start": "2026-01-06T09:00:00Z", "end": "2026-01-06T11:00:00Z"},
        ),
        (
            {"r0-unit": "month", "r0-monthday": "31", "r0-every": "2"},
            {"unit": "month", "every": 2},
        ),
    ],
    ids=["always", "repeating", "by hand", "monthly"],
)
def test_every_kind_of_layer_is_made_in_the_form_and_read_back(
    signed_in: Client, user: User, fields: dict[str, Any], expected: dict[str, Any]
) -> None:
    if "r0-lines" in fields:
        fields = {**fields, "r0-lines": fields["r0-lines"].format(user.email)}
    response = signed_in.post(NEW, rotation(user, **fields))
    assert response.status_code == 302, response.content.decode()
    schedule = Schedule.objects.get()
    [layer] = schedule.layers
    inner = layer.get("shift") or layer.get("rotation") or layer
    found = inner["shifts"][0] if "shifts" in inner else inner
    assert {key: found[key] for key in expected} == expected
    assert signed_in.get(f"{schedule.get_absolute_url()}edit/").status_code == 200


@pytest.mark.parametrize(
    ("fields", "told"),
    [
        ({"r0-kind": "recurring_shift", "r0-begins": ""}, "Say when"),
        ({"r0-kind": "fixed", "r0-lines": "tomorrow ada"}, "is not two times"),
        (
            {
                "r0-kind": "fixed",
                "r0-lines": "2026-01-06 12:00 2026-01-06 10:00 x@example.com",
            },
            "is nobody here",
        ),
        ({"r0-by_monthday": "0"}, "Write days from 1 to 31"),
        ({"r0-people": ["-"]}, "Choose who"),
    ],
)
def test_a_layer_that_is_wrong_says_what(
    signed_in: Client, user: User, fields: dict[str, Any], told: str
) -> None:
    response = signed_in.post(NEW, rotation(user, **fields))
    assert response.status_code == 400
    assert told in response.content.decode()
    assert not Schedule.objects.exists()


def test_an_edit_is_previewed_and_can_wait_until_after_the_shift(
    signed_in: Client, user: User
) -> None:
    bo = make_user(name="Bo Lind")
    signed_in.post(NEW, rotation(user))
    schedule = Schedule.objects.get()
    path = f"{schedule.get_absolute_url()}edit/"
    changed = rotation(bo, user, **{"r0-source": "0", "version": "1"})
    later = (timezone.now() + timedelta(days=10)).strftime("%Y-%m-%dT%H:%M")
    moment = {"effective": "at", "effective_at": later}
    shown = signed_in.post(path, {**changed, **moment, "act": "preview"})
    assert shown.status_code == 200
    assert "Bo Lind" in shown.content.decode()
    assert "What would change" in shown.content.decode()
    schedule.refresh_from_db()
    assert schedule.version == 1
    assert signed_in.post(path, {**changed, **moment}).status_code == 302
    schedule.refresh_from_db()
    assert schedule.layers[0]["rotation"]["participants"] == [[str(user.pk)]]
    assert (
        "The rotations change on"
        in signed_in.get(schedule.get_absolute_url()).content.decode()
    )
    drop = f"{schedule.get_absolute_url()}plan/drop/"
    assert signed_in.post(drop).status_code == 302
    assert not PlannedChange.objects.exists()


def test_a_shift_is_offered_from_the_same_form(signed_in: Client, user: User) -> None:
    bo = make_user(name="Bo Lind")
    schedule = make_schedule(layers=always(user), timezone="UTC")
    path = f"{schedule.get_absolute_url()}overrides/new/"
    fields = {
        "type": "swap",
        "remove": str(user.pk),
        "offered_to": [str(bo.pk)],
        "start": "2030-01-05T09:00",
        "end": "2030-01-06T09:00",
        "note": "a wedding",
    }
    shown = signed_in.get(path, {**fields, "preview": "1"}).content.decode()
    assert "Offer the shift" in shown
    assert signed_in.post(path, fields).status_code == 302
    swap = Swap.objects.get()
    assert (list(swap.offered_to.all()), swap.note) == ([bo], "a wedding")


def test_a_drag_sends_instants_and_the_form_shows_the_wall_clock(
    signed_in: Client, user: User
) -> None:
    schedule = make_schedule(layers=always(user), timezone="Europe/Madrid")
    path = f"{schedule.get_absolute_url()}overrides/new/"
    text = signed_in.get(f"{path}?span=1767517200-1767603600").content.decode()
    assert 'value="2026-01-04T10:00"' in text
    assert 'value="2026-01-05T10:00"' in text
    for odd in ("x", "5-1", "1-99999999999999999999", "-"):
        assert signed_in.get(f"{path}?span={odd}").status_code == 200


@pytest.mark.parametrize(
    ("view", "days"), [("two-weeks", 14), ("four-weeks", 28), ("month", 35)]
)
def test_the_calendar_shows_weeks_or_a_month(
    signed_in: Client, user: User, view: str, days: int
) -> None:
    schedule = make_schedule(layers=always(user), timezone="Europe/Madrid")
    path = f"{schedule.get_absolute_url()}?view={view}&from=2026-02-01"
    calendar = signed_in.get(path).context["calendar"]
    assert len(calendar.days) == days


def test_a_month_is_weeks_of_seven_days_cut_from_one_calendar(
    signed_in: Client, user: User
) -> None:
    turns: dict[str, Any] = {"unit": "hour", "every": 7}
    turns["start_local"] = "2026-01-05T09:00"
    turns["participants"] = [[str(user.pk)], [str(make_user().pk)], []]
    layers = [{"kind": "rotation", "rotation": turns}]
    schedule = make_schedule(layers=layers, timezone="Australia/Lord_Howe")
    path = f"{schedule.get_absolute_url()}?view=month&from=2026-04-15"
    month = signed_in.get(path).context["month"]
    assert [week.cells[0].number for week in month.weeks] == [30, 6, 13, 20, 27]
    assert [cell.outside for cell in month.weeks[0].cells] == [True] * 2 + [False] * 5
    # The clocks go back half an hour on the fifth.
    lengths = [(week.to_at - week.from_at) / 3600 for week in month.weeks]
    assert lengths == [168.5, 168, 168, 168, 168]
    for week in month.weeks:
        (lane,) = week.lanes
        parts = sorted(part.bar.start for part in [*lane.shifts, *lane.gaps])
        total = sum(part.bar.width for part in [*lane.shifts, *lane.gaps])
        assert (parts[0], round(total, 6)) == (0, 1)


def test_a_persons_month_has_a_lane_for_each_schedule(
    signed_in: Client, user: User
) -> None:
    for name in ("First", "Second"):
        make_schedule(name=name, layers=always(user), timezone="Europe/Madrid")
    page = signed_in.get("/on-call/me/shifts/?view=month&from=2026-02-01")
    weeks = page.context["month"].weeks
    assert len(weeks) == 5
    assert {tuple(lane.name for lane in week.lanes) for week in weeks} == {
        ("First", "Second")
    }
    assert {lane.shifts[0].bar.name for lane in weeks[0].lanes} == {"First", "Second"}


def test_shifts_over_all_schedules_are_one_page(signed_in: Client, user: User) -> None:
    one, other = (make_schedule(layers=always(user)) for _ in range(2))
    make_schedule(layers=always(make_user()), name="not mine")
    form = {"first": "2030-01-05", "last": "2030-01-07", "note": "skiing"}
    assert signed_in.post("/on-call/me/away/", form).status_code == 302
    page = signed_in.get("/on-call/me/shifts/?from=2030-01-01")
    assert [row.name for row in page.context["calendar"].rows] == [
        *sorted([one.name, other.name]),
        "Away",
    ]
    assert "skiing" in page.content.decode()
    person = make_user()
    assert signed_in.get(f"/on-call/people/{person.pk}/").status_code == 200


def test_cover_me_from_the_page(signed_in: Client, user: User) -> None:
    bo = make_user()
    schedule = make_schedule(layers=always(user))
    form = {"start": "2030-01-05T10:00", "end": "2030-01-05T12:00", "taker": bo.pk}
    assert signed_in.get("/on-call/me/cover/").status_code == 200
    assert signed_in.post("/on-call/me/cover/", form).status_code == 302
    override = schedule.overrides.get()
    assert (override.remove, override.add) == (user, bo)
    refused = signed_in.post("/on-call/me/cover/", {**form, "end": "2030-01-05T09:00"})
    assert refused.status_code == 400


def test_hand_off_load_and_notices_have_pages(signed_in: Client, user: User) -> None:
    schedule = make_schedule(layers=always(user))
    path = f"{schedule.get_absolute_url()}handoff/"
    assert signed_in.get(path).status_code == 200
    assert signed_in.post(path, {"is_open": " "}).status_code == 400
    assert signed_in.post(path, {"is_known": "the loader is slow"}).status_code == 302
    assert (
        "the loader is slow"
        in signed_in.get(schedule.get_absolute_url()).content.decode()
    )
    notices = {"hours": "3", "at_end": "on"}
    assert signed_in.post("/on-call/me/notices/", notices).status_code == 302
    assert user.shift_notices.before == timedelta(hours=3)
    load = "/on-call/load/?from=2026-01-01&to=2026-01-31"
    assert str(user) in signed_in.get(load).content.decode()
    for sheet in ("csv", "shifts"):
        response = signed_in.get(f"{load}&as={sheet}")
        assert response["Content-Type"].startswith("text/csv")
        assert user.email in response.content.decode()


@pytest.mark.parametrize(
    ("form", "told"),
    [
        ("{", "This is not JSON"),
        ("[" * 100_000, "This is not JSON"),
        ("[]", "Wanted is a JSON object"),
        ('{"layers": [{"kind": "rotation"}]}', "layers[0].rotation"),
        ('{"layers": [{"kind": "always", "users": ["x"]}]}', "layers[0].users[0]"),
    ],
)
def test_json_that_is_no_schedule_is_refused_by_field_path(
    signed_in: Client, form: str, told: str
) -> None:
    schedule = make_schedule()
    path = f"{schedule.get_absolute_url()}advanced/"
    response = signed_in.post(path, {"form": form, "version": "1"})
    assert response.status_code == 400
    assert told in response.content.decode()


def test_the_calendar_names_both_zones_and_offers_to_fill_gaps(
    sign_in: Any, user: User
) -> None:
    shift = {
        "start": "2026-01-06T10:00:00Z",
        "end": "2026-01-06T12:00:00Z",
        "users": [str(user.pk)],
    }
    layers = [{"name": "once", "kind": "fixed", "shifts": [shift]}]
    schedule = make_schedule(layers=layers, timezone="Europe/Madrid")
    responder = sign_in(role="responder", time_zone="America/New_York")
    path = f"{schedule.get_absolute_url()}?from=2026-01-05"
    text = responder.get(path).content.decode()
    assert "Times of Europe/Madrid" in text
    assert "America/New_York" in text
    assert "start=2026-01-06T13%3A00" in text  # the gap after the shift, in Madrid
    mine = responder.get(f"{path}&zone=mine").content.decode()
    assert "Times of America/New_York" in mine
    viewer = sign_in(role="viewer").get(path).content.decode()
    assert "overrides/new" not in viewer


def test_a_week_with_a_clock_change_is_drawn(signed_in: Client, user: User) -> None:
    schedule = make_schedule(layers=always(user), timezone="Europe/Madrid")
    response = signed_in.get(f"{schedule.get_absolute_url()}?from=2026-03-23")
    assert response.status_code == 200


@pytest.mark.parametrize("day", ["x", "0001-01-01", "9999-12-31", "2026-02-30"])
def test_a_day_that_is_none_shows_this_week(
    signed_in: Client, user: User, day: str
) -> None:
    schedule = make_schedule(layers=always(user))
    response = signed_in.get(f"{schedule.get_absolute_url()}?from={day}")
    assert response.status_code == 200


def test_a_stored_schedule_that_cannot_be_read_says_so_and_breaks_no_page(
    signed_in: Client,
) -> None:
    schedule = make_schedule(layers=[{"kind": "magic"}])
    text = signed_in.get(schedule.get_absolute_url()).content.decode()
    assert "cannot be read" in text
    assert "layers[0].kind" in text
    assert "cannot be read" in signed_in.get("/on-call/").content.decode()
    assert on_call_now(timezone.now())[0]["name"] == ""


def test_who_can_no_longer_sign_in_is_pointed_out(
    signed_in: Client, user: User
) -> None:
    gone = make_user(name="Gone Away", is_active=False)
    schedule = make_schedule(layers=always(user, gone))
    text = signed_in.get(schedule.get_absolute_url()).content.decode()
    assert "Gone Away can no longer sign in" in text


OVERRIDE = {
    "type": "cover",
    "start": "2026-03-29T01:30",
    "end": "2026-03-29T03:30",
    "remove": "",
}


def test_an_override_is_previewed_before_it_is_saved(
    signed_in: Client, user: User
) -> None:
    bo = make_user(name="Bo Lind")
    schedule = make_schedule(layers=always(user), timezone="Europe/Madrid")
    path = f"{schedule.get_absolute_url()}overrides/new/"
    fields = {**OVERRIDE, "add": str(bo.pk)}
    preview = signed_in.get(path, {**fields, "preview": "1"})
    assert "What would change" in preview.content.decode()
    assert "Save the override" in preview.content.decode()
    assert not Override.objects.exists()
    assert signed_in.post(path, fields).status_code == 302
    override = Override.objects.get()
    # The clock jumps from 02:00 to 03:00 in between: the hour from 01:30 to 03:30.
    assert override.start_at == datetime(2026, 3, 29, 0, 30, tzinfo=UTC)
    assert override.end_at == datetime(2026, 3, 29, 1, 30, tzinfo=UTC)
    assert on_call_ids(schedule, at=override.start_at) == [bo.pk]


def test_a_preview_that_changes_nothing_says_so(signed_in: Client, user: User) -> None:
    schedule = make_schedule(layers=always(user))
    path = f"{schedule.get_absolute_url()}overrides/new/"
    fields = {**OVERRIDE, "add": str(user.pk), "preview": "1"}
    text = signed_in.get(path, fields).content.decode()
    assert "Nothing: who is on call stays the same" in text


@pytest.mark.parametrize(
    "change",
    [
        {"add": ""},
        {"end": "2026-03-29T01:30"},
        {"start": "yesterday"},
        {"start": "0001-01-01T00:00"},
        {"type": "magic"},
        {"type": "replace"},
        {"end": "9999-12-31T23:59"},
    ],
)
def test_an_override_that_cannot_be_is_refused(
    signed_in: Client, user: User, change: dict[str, str]
) -> None:
    schedule = make_schedule(layers=always(user))
    path = f"{schedule.get_absolute_url()}overrides/new/"
    fields = {**OVERRIDE, "add": str(user.pk), **change}
    assert signed_in.post(path, fields).status_code == 400
    assert signed_in.get(path, {**fields, "preview": "1"}).status_code == 400
    assert not Override.objects.exists()


def test_an_override_is_taken_back(signed_in: Client, user: User) -> None:
    schedule = make_schedule(layers=always(user))
    override = schedule.overrides.create(
        type="add",
        add=user,
        start_at=timezone.now(),
        end_at=timezone.now() + timedelta(hours=1),
    )
    assert "Take back" in signed_in.get(schedule.get_absolute_url()).content.decode()
    signed_in.post(f"/on-call/overrides/{override.pk}/delete/")
    assert not Override.objects.exists()


def test_a_schedule_that_is_paged_is_not_deleted_and_says_by_what(
    signed_in: Client, user: User
) -> None:
    schedule, policy = make_schedule(), make_policy(name="Night watch")
    path = f"{schedule.get_absolute_url()}delete/"
    policy.steps.create(position=0).targets.create(schedule=schedule)
    assert "Night watch" in signed_in.get(path).content.decode()
    response = signed_in.post(path)
    assert response.status_code == 409
    assert "Night watch" in response.content.decode()
    policy.steps.all().delete()
    assert signed_in.post(path).status_code == 302
    assert not Schedule.objects.exists()


@pytest.mark.parametrize(
    "path",
    [
        NEW,
        "{schedule}edit/",
        "{schedule}advanced/",
        "{schedule}delete/",
        "{schedule}overrides/new/",
        "{schedule}calendar/renew/",
        "/on-call/policies/new/",
        "/on-call/pages/new/",
    ],
)
def test_viewers_look_and_change_nothing(sign_in: Any, path: str) -> None:
    schedule = make_schedule()
    viewer = sign_in(role="viewer")
    where = path.format(schedule=schedule.get_absolute_url())
    assert viewer.post(where).status_code == 403
    assert viewer.get(schedule.get_absolute_url()).status_code == 200
    assert viewer.get("/on-call/").status_code == 200


def test_strangers_are_sent_to_sign_in(client: Client, user: User) -> None:
    schedule = make_schedule()
    for path in ("/on-call/", "/on-call/me/", schedule.get_absolute_url(), "/inbox/"):
        response = client.get(path)
        assert response.status_code == 302
        assert "/accounts/login/" in response["Location"]


def test_the_overview_costs_the_same_for_one_schedule_and_for_six(
    signed_in: Client, user: User, django_assert_max_num_queries: Any
) -> None:
    for _ in range(6):
        make_schedule(layers=always(user))
    signed_in.get("/on-call/")
    with django_assert_max_num_queries(24):
        signed_in.get("/on-call/")


def test_who_is_on_call_now_is_asked_once_while_nothing_changes(
    user: User, django_assert_num_queries: Any
) -> None:
    schedule = make_schedule(layers=always(user))
    at = timezone.now()
    [now] = on_call_now(at)
    assert now["name"] == str(user)
    assert now["url"] == schedule.get_absolute_url()
    with django_assert_num_queries(1):
        on_call_now(at + timedelta(seconds=5))


def test_who_is_on_call_now_changes_with_the_hand_off_and_with_an_edit(
    user: User,
) -> None:
    at = timezone.now()
    shift = {
        "start": at.isoformat(),
        "end": (at + timedelta(seconds=2)).isoformat(),
        "users": [str(user.pk)],
    }
    schedule = make_schedule(layers=[{"kind": "fixed", "shifts": [shift]}])
    assert on_call_now(at)[0]["name"] == str(user)
    assert on_call_now(at + timedelta(seconds=3))[0]["name"] == ""
    schedule.layers = always(user)
    schedule.version += 1
    schedule.save(update_fields=["layers", "version"])
    assert on_call_now(at + timedelta(seconds=3))[0]["name"] == str(user)
