"""Answers as the APIs of other on-call tools give them."""

from typing import Any

Json = dict[str, Any]


def pagerduty() -> list[Json]:
    ana = {"id": "PANA", "type": "user_reference", "summary": "Ana"}
    bo = {"id": "PBO", "type": "user_reference", "summary": "Bo"}
    gone = {"id": "PGONE", "type": "user_reference", "summary": "Gone"}
    users = {
        "users": [
            {
                "id": "PANA",
                "email": "Ana@example.com",
                "name": "Ana Example",
                "time_zone": "Europe/Madrid",
                "role": "user",
                "contact_methods": [{"id": "C1", "type": "email_contact_method"}],
            },
            {"id": "PBO", "email": "bo@example.com", "name": "Bo Example"},
        ],
        "limit": 25,
        "more": False,
    }
    nights = {
        "name": "Layer 2",
        "start": "2026-01-01T00:00:00+01:00",
        "end": None,
        "rotation_virtual_start": "2026-01-05T18:00:00+01:00",
        "rotation_turn_length_seconds": 86400,
        "users": [{"user": bo}, {"user": gone}],
        "restrictions": [
            {
                "type": "weekly_restriction",
                "start_time_of_day": "17:00:00",
                "duration_seconds": 64 * 3600,
                "start_day_of_week": 5,
            }
        ],
    }
    weeks = {
        "name": "Layer 1",
        "start": "2026-01-01T00:00:00+01:00",
        "end": None,
        "rotation_virtual_start": "2026-01-05T09:00:00+01:00",
        "rotation_turn_length_seconds": 604800,
        "users": [{"user": ana}, {"user": bo}],
        "restrictions": [],
    }
    override = {
        "start": "2026-12-01T00:00:00Z",
        "end": "2026-12-02T00:00:00Z",
        "user": ana,
    }
    schedule = {
        "id": "PSCHED",
        "name": "Data platform",
        "time_zone": "Europe/Madrid",
        "teams": [{"id": "PT", "type": "team_reference", "summary": "Data"}],
        "schedule_layers": [nights, weeks],
        "overrides_subschedule": {"rendered_schedule_entries": [override]},
    }
    to_schedule = {"id": "PSCHED", "type": "schedule_reference"}
    rules = [
        {"escalation_delay_in_minutes": 10, "targets": [to_schedule]},
        {"escalation_delay_in_minutes": 30, "targets": [ana, bo]},
    ]
    policy = {"id": "PE", "name": "Ladder", "num_loops": 3, "escalation_rules": rules}
    return [users, {"schedule": schedule}, {"escalation_policies": [policy]}]


def opsgenie() -> list[Json]:
    ana = {"type": "user", "id": "u1", "username": "ana@example.com"}
    users = [
        {
            "id": "u1",
            "username": "ana@example.com",
            "fullName": "Ana Example",
            "timeZone": "Europe/Madrid",
        },
        {"id": "u2", "username": "bo@example.com", "fullName": "Bo Example"},
    ]
    rotation = {
        "id": "r1",
        "name": "Weekdays",
        "type": "daily",
        "length": 1,
        "startDate": "2026-01-05T08:00:00Z",
        "participants": [ana, {"type": "none"}, {"type": "user", "id": "u2"}],
        "timeRestriction": {
            "type": "weekday-and-time-of-day",
            "restrictions": [
                {
                    "startDay": "monday",
                    "startHour": 9,
                    "startMin": 0,
                    "endDay": "friday",
                    "endHour": 18,
                    "endMin": 30,
                }
            ],
        },
    }
    schedule = {
        "id": "s1",
        "name": "Data platform",
        "timezone": "Europe/Madrid",
        "enabled": True,
        "ownerTeam": {"type": "team", "id": "t1", "name": "Data"},
        "rotations": [rotation],
    }
    rules = [
        {
            "condition": "if-not-acked",
            "notifyType": "default",
            "delay": {"timeAmount": 0, "timeUnit": "minutes"},
            "recipient": {"type": "schedule", "id": "s1"},
        },
        {
            "condition": "if-not-acked",
            "notifyType": "default",
            "delay": {"timeAmount": 15, "timeUnit": "minutes"},
            "recipient": ana,
        },
    ]
    escalation = {
        "id": "e1",
        "name": "Ladder",
        "rules": rules,
        "repeat": {"waitInterval": 20, "count": 2},
    }
    return [{"data": users}, {"data": [schedule]}, {"data": escalation}]


def grafana() -> list[Json]:
    users = [
        {"id": "UANA", "email": "ana@example.com", "username": "ana", "slack": None},
        {"id": "UBO", "email": "bo@example.com", "username": "bo", "slack": None},
    ]
    shift = {
        "id": "O1",
        "name": "Weeks",
        "type": "rolling_users",
        "team_id": None,
        "time_zone": None,
        "level": 1,
        "start": "2026-01-05T09:00:00",
        "duration": 604800,
        "frequency": "weekly",
        "interval": 1,
        "week_start": "MO",
        "by_day": None,
        "rolling_users": [["UANA"], ["UBO"]],
        "start_rotation_from_user_index": 1,
    }
    schedule = {
        "id": "SC",
        "name": "Data platform",
        "type": "calendar",
        "team_id": "T1",
        "time_zone": "Europe/Madrid",
        "shifts": ["O1"],
    }
    ical = {"id": "SI", "name": "Elsewhere", "type": "ical", "team_id": None}
    chain = "F1"
    steps = [
        {
            "id": "E1",
            "escalation_chain_id": chain,
            "position": 0,
            "type": "notify_on_call_from_schedule",
            "notify_on_call_from_schedule": "SC",
        },
        {
            "id": "E2",
            "escalation_chain_id": chain,
            "position": 1,
            "type": "notify_persons",
            "persons_to_notify": ["UBO"],
        },
        {
            "id": "E3",
            "escalation_chain_id": chain,
            "position": 2,
            "type": "wait",
            "duration": 900,
        },
        {
            "id": "E4",
            "escalation_chain_id": chain,
            "position": 3,
            "type": "notify_persons",
            "persons_to_notify": ["UANA"],
        },
        {
            "id": "E5",
            "escalation_chain_id": chain,
            "position": 4,
            "type": "repeat_escalation",
        },
    ]
    pages: list[list[Json]] = [
        users,
        [{"id": "T1", "name": "Data", "avatar_url": "x"}],
        [shift],
        [schedule, ical],
        [{"id": chain, "name": "Ladder", "team_id": "T1"}],
        steps,
    ]
    return [{"count": len(page), "next": None, "results": page} for page in pages]
