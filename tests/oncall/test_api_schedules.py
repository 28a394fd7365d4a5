"""Schedules over HTTP: kept, previewed and resolved as docs/api.md says."""

import json
from pathlib import Path
from typing import Any

import pytest
from django.test import Client

from accounts.models import AuditEntry, User
from oncall.models import Schedule
from oncall.resolver import format_instant, parse_instant
from tests.factories import make_schedule, make_team, make_user

pytestmark = pytest.mark.django_db

EXAMPLES = json.loads(
    (Path(__file__).parents[1] / "data" / "schedule_examples.json").read_text()
)
WINDOW = {"from": "2026-01-05T08:00:00Z", "to": "2026-01-19T08:00:00Z"}


def weekly(*people: object, **values: Any) -> dict[str, Any]:
    return {
        "name": "data-platform",
        "timezone": "Europe/Madrid",
        "layers": [
            {
                "name": "weekly",
                "priority": 0,
                "kind": "rotation",
                "rotation": {
                    "unit": "week",
                    "every": 1,
                    "start_local": "2026-01-05T09:00",
                    "participants": [[person] for person in people],
                },
            }
        ],
        **values,
    }


def post(client: Client, path: str, body: object) -> Any:
    return client.post(f"/api/v1/{path}", body, content_type="application/json")


def put(client: Client, path: str, body: object) -> Any:
    return client.put(f"/api/v1/{path}", body, content_type="application/json")


@pytest.mark.parametrize("example", EXAMPLES, ids=lambda example: example["id"])
def test_preview_answers_the_published_examples(
    signed_in: Client, example: dict[str, Any]
) -> None:
    body = {key: example[key] for key in ("schedule", "from", "to")}
    response = post(signed_in, "schedules/preview/", body)
    assert response.status_code == 200
    assert response.json()["shifts"] == [
        {
            "start": format_instant(parse_instant(shift["start"])),
            "end": format_instant(parse_instant(shift["end"])),
            "users": shift["users"],
        }
        for shift in example["shifts"]
    ]
    assert not Schedule.objects.exists()


def test_preview_is_for_everybody_who_is_signed_in(sign_in: Any) -> None:
    body = {"schedule": weekly("a", "b"), **WINDOW}
    assert post(Client(), "schedules/preview/", body).status_code == 401
    response = post(sign_in(role="viewer"), "schedules/preview/", body)
    assert [shift["users"] for shift in response.json()["shifts"]] == [["a"], ["b"]]


def test_preview_takes_the_past_from_history(signed_in: Client) -> None:
    history = [
        {"user": "c", "start": "2026-01-05T08:00:00Z", "end": "2026-01-06T08:00:00Z"}
    ]
    body = {
        "schedule": weekly("a", "b", history=history),
        **WINDOW,
        "now": "2026-01-06T08:00:00Z",
    }
    shifts = post(signed_in, "schedules/preview/", body).json()["shifts"]
    assert [shift["users"] for shift in shifts] == [["c"], ["a"], ["b"]]


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ([], "detail"),
        ({}, "from"),
        ({**WINDOW, "schedule": None}, "schedule"),
        ({**WINDOW, "schedule": {"timezone": "Mars"}}, "schedule.timezone"),
        ({**WINDOW, "to": "2026-01-01T00:00:00Z", "schedule": weekly("a")}, "to"),
        ({**WINDOW, "to": "2036-01-01T00:00:00Z", "schedule": weekly("a")}, "to"),
        ({**WINDOW, "from": "2026-01-05", "schedule": weekly("a")}, "from"),
        ({**WINDOW, "now": 5, "schedule": weekly("a")}, "now"),
        (
            {**WINDOW, "schedule": {"timezone": "UTC", "layers": [{"kind": "x"}]}},
            "schedule.layers[0].kind",
        ),
    ],
)
def test_preview_names_what_is_wrong(
    signed_in: Client, body: object, field: str
) -> None:
    response = post(signed_in, "schedules/preview/", body)
    assert response.status_code == 400
    assert field in response.json()


def test_a_schedule_is_made_with_people_named_by_id_or_e_mail(
    signed_in: Client, user: User
) -> None:
    bo = make_user(email="bo@example.com")
    team = make_team(slug="platform")
    form = weekly(user.pk, "Bo@Example.com", team=team.slug)
    response = post(signed_in, "schedules/", form)
    assert response.status_code == 201, response.content
    answer = response.json()
    rotation = answer["layers"][0]["rotation"]
    assert rotation["participants"] == [[str(user.pk)], [str(bo.pk)]]
    assert rotation["start_local"] == "2026-01-05T09:00"
    assert answer["team"] == "platform"
    assert signed_in.get(f"/api/v1/schedules/{answer['id']}/").json() == answer
    assert AuditEntry.objects.get().action == "schedule.created"


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"name": ""}, "name"),
        ({"name": "x" * 121}, "name"),
        ({"timezone": "Mars"}, "timezone"),
        ({"layers": 5}, "layers"),
        (weekly("nobody@example.com"), "layers[0].rotation.participants[0][0]"),
        (weekly(10**40), "layers[0].rotation.participants[0][0]"),
        (weekly("²"), "layers[0].rotation.participants[0][0]"),
        (
            {"layers": [{"kind": "always", "users": [1, "x"]}]},
            "layers[0].users[1]",
        ),
        (
            {
                "temporary_schedules": [
                    {
                        "start": "2026-01-05T08:00:00Z",
                        "end": "2026-01-06T08:00:00Z",
                        "shifts": [
                            {
                                "start": "2026-01-05T08:00:00Z",
                                "end": "2026-01-06T08:00:00Z",
                                "users": ["zoe"],
                            }
                        ],
                    }
                ]
            },
            "temporary_schedules[0].shifts[0].users[0]",
        ),
        ({"team": "unknown"}, "team"),
    ],
)
def test_a_schedule_that_cannot_be_is_refused_by_field(
    signed_in: Client, user: User, change: dict[str, Any], field: str
) -> None:
    response = post(signed_in, "schedules/", {**weekly(user.pk), **change})
    assert response.status_code == 400
    assert field in response.json()
    assert not Schedule.objects.exists()


def test_what_the_reference_form_does_not_name_is_left_out(
    signed_in: Client, user: User
) -> None:
    form = weekly(user.pk, name="night\nwatch")
    form["unknown"] = form["layers"][0]["unknown"] = {"a": 1e300}
    form["layers"][0]["restriction"] = {"weekdays": ["MO"], "start_clock": "09:00"}
    response = post(signed_in, "schedules/", form)
    assert response.status_code == 201, response.content
    assert response.json()["name"] == "night watch"
    assert "unknown" not in response.json()["layers"][0]


def test_text_that_cannot_be_stored_is_refused(signed_in: Client, user: User) -> None:
    response = post(signed_in, "schedules/", weekly(user.pk, name="night\x00watch"))
    assert response.status_code == 400


def test_viewers_read_and_do_not_write(sign_in: Any, user: User) -> None:
    schedule = make_schedule()
    viewer = sign_in(role="viewer")
    assert viewer.get(f"/api/v1/schedules/{schedule.pk}/").status_code == 200
    assert post(viewer, "schedules/", weekly(user.pk)).status_code == 403
    path = f"schedules/{schedule.pk}/"
    assert put(viewer, path, weekly(user.pk)).status_code == 403
    assert viewer.delete(f"/api/v1/{path}").status_code == 403


def test_what_was_answered_can_be_sent_back(signed_in: Client, user: User) -> None:
    bo = make_user()
    exceptions = {
        "overrides": [
            {
                "type": "replace",
                "remove": user.email,
                "add": bo.pk,
                "start": "2026-01-06T10:00:00+02:00",
                "end": "2026-01-06T12:00:00Z",
            }
        ],
        "swaps": [
            {
                "from": user.pk,
                "to": bo.pk,
                "taken": True,
                "start": "2026-01-07T08:00:00Z",
                "end": "2026-01-08T08:00:00Z",
            }
        ],
        "history": [{"user": bo.pk, "start": "2025-01-01T00:00:00Z", "end": None}],
    }
    made = post(signed_in, "schedules/", weekly(user.pk, bo.pk, **exceptions))
    assert made.status_code == 201, made.content
    answer = made.json()
    assert answer["overrides"][0]["start"] == "2026-01-06T08:00:00Z"
    assert answer["swaps"][0]["end"] == "2026-01-08T08:00:00Z"
    again = put(signed_in, f"schedules/{answer['id']}/", answer)
    assert again.status_code == 200, again.content
    assert again.json() == answer


def test_put_replaces_what_it_names_and_keeps_the_rest(
    signed_in: Client, user: User
) -> None:
    bo = make_user()
    override = {
        "type": "cover",
        "add": bo.pk,
        "start": "2026-01-06T10:00:00Z",
        "end": "2026-01-06T12:00:00Z",
    }
    made = post(signed_in, "schedules/", weekly(user.pk, overrides=[override])).json()
    path = f"schedules/{made['id']}/"
    kept = put(signed_in, path, weekly(bo.pk, name="renamed")).json()
    assert kept["name"] == "renamed"
    assert len(kept["overrides"]) == 1
    assert kept["version"] == 2
    emptied = put(signed_in, path, {**kept, "overrides": []}).json()
    assert emptied["overrides"] == []


def test_a_stale_version_is_a_conflict(signed_in: Client, user: User) -> None:
    made = post(signed_in, "schedules/", weekly(user.pk)).json()
    path = f"schedules/{made['id']}/"
    put(signed_in, path, {**made, "name": "first"})
    response = put(signed_in, path, {**made, "name": "second"})
    assert response.status_code == 409
    assert response.json()["current"] == 2


def test_a_taken_name_is_a_conflict(signed_in: Client, user: User) -> None:
    post(signed_in, "schedules/", weekly(user.pk))
    response = post(signed_in, "schedules/", weekly(user.pk, name="Data-Platform"))
    assert response.status_code == 409


def test_shifts_are_the_final_schedule_with_its_gaps(
    signed_in: Client, user: User
) -> None:
    bo = make_user()
    form = weekly(user.pk, bo.pk)
    form["layers"][0]["restriction"] = {
        "weekdays": ["MO"],
        "start_clock": "09:00",
        "end_clock": "18:00",
    }
    made = post(signed_in, "schedules/", form).json()
    answer = signed_in.get(
        f"/api/v1/schedules/{made['id']}/shifts/",
        {"from": "2026-01-05T09:00:00+01:00", "to": "2026-01-06T08:00:00Z"},
    ).json()
    assert answer["shifts"] == [
        {
            "start": "2026-01-05T08:00:00Z",
            "end": "2026-01-05T17:00:00Z",
            "users": [str(user.pk)],
        }
    ]
    assert answer["gaps"] == [
        {"start": "2026-01-05T17:00:00Z", "end": "2026-01-06T08:00:00Z"}
    ]


def test_a_plus_that_was_eaten_by_the_address_is_understood(
    signed_in: Client, user: User
) -> None:
    made = post(signed_in, "schedules/", weekly(user.pk)).json()
    window = "from=2026-01-05T09:00:00+01:00&to=2026-01-06T09:00:00+01:00"
    response = signed_in.get(f"/api/v1/schedules/{made['id']}/shifts/?{window}")
    assert response.status_code == 200


@pytest.mark.parametrize(
    "query",
    ["", "from=x&to=y", "from=2026-01-05T08:00:00Z", "from=0001-01-01T00:00:00Z&to=x"],
)
def test_a_window_that_is_none_is_refused(
    signed_in: Client, user: User, query: str
) -> None:
    made = post(signed_in, "schedules/", weekly(user.pk)).json()
    response = signed_in.get(f"/api/v1/schedules/{made['id']}/shifts/?{query}")
    assert response.status_code == 400


def test_on_call_tells_who_until_when_and_who_comes_next(
    signed_in: Client, user: User
) -> None:
    bo = make_user()
    made = post(signed_in, "schedules/", weekly(user.pk, bo.pk)).json()
    post(signed_in, "schedules/", weekly(bo.pk, name="other"))
    query = {"at": "2026-01-07T00:00:00Z", "schedule": made["id"]}
    [standing] = signed_in.get("/api/v1/oncall/", query).json()
    assert standing["schedule"] == made["id"]
    assert standing["users"] == [str(user.pk)]
    assert standing["until"] == "2026-01-12T08:00:00Z"
    assert standing["next"] == [str(bo.pk)]
    everything = signed_in.get("/api/v1/oncall/", {"at": "2026-01-07T00:00:00Z"})
    assert [one["name"] for one in everything.json()] == ["data-platform", "other"]
    assert everything.json()[1]["until"] is None


def test_on_call_in_a_gap_tells_when_it_ends(signed_in: Client, user: User) -> None:
    shift = {
        "start": "2026-01-06T10:00:00Z",
        "end": "2026-01-06T12:00:00Z",
        "users": [user.pk],
    }
    layer = {"name": "once", "kind": "fixed", "shifts": [shift]}
    post(signed_in, "schedules/", weekly(layers=[layer]))
    query = {"at": "2026-01-06T00:00:00Z"}
    [standing] = signed_in.get("/api/v1/oncall/", query).json()
    assert standing["users"] == []
    assert standing["until"] == standing["next_at"] == "2026-01-06T10:00:00Z"
    [after] = signed_in.get("/api/v1/oncall/", {"at": "2026-02-01T00:00:00Z"}).json()
    assert (after["users"], after["until"], after["next"]) == ([], None, [])


@pytest.mark.parametrize("query", ["at=tomorrow", "schedule=99", "schedule=x"])
def test_on_call_names_what_it_does_not_understand(
    signed_in: Client, query: str
) -> None:
    assert signed_in.get(f"/api/v1/oncall/?{query}").status_code == 400


def test_on_call_costs_the_same_for_one_schedule_and_for_six(
    signed_in: Client, user: User, django_assert_num_queries: Any
) -> None:
    post(signed_in, "schedules/", weekly(user.pk))
    for number in range(5):
        post(signed_in, "schedules/", weekly(user.pk, name=f"schedule {number}"))
    with django_assert_num_queries(9):  # session, user, 6 for schedules, people
        signed_in.get("/api/v1/oncall/")
