"""Several editors at once, in transactions of their own."""

import pytest

from core.errors import StaleVersionError
from postmortems.models import Postmortem
from postmortems.services import draft_postmortem, save_text
from tests.factories import NOON, make_incident, make_postmortem, make_user
from tests.incidents.test_concurrency import at_once

pytestmark = pytest.mark.django_db(transaction=True)


def test_of_saves_at_the_same_moment_one_wins_and_the_others_are_told() -> None:
    postmortem, by = make_postmortem(body="start"), make_user()
    told: list[str] = []

    def save(body: str) -> None:
        try:
            save_text(postmortem_id=postmortem.pk, version=1, body=body, by=by, at=NOON)
        except StaleVersionError:
            told.append(body)

    at_once(*[lambda n=number: save(f"text {n}") for number in range(6)])
    postmortem.refresh_from_db()
    assert postmortem.version == 2
    assert sorted([*told, postmortem.body]) == [f"text {n}" for n in range(6)]


def test_two_drafts_at_the_same_moment_are_one() -> None:
    incident = make_incident(status="resolved", resolved_at=NOON)
    by, new = make_user(), []

    def draft() -> None:
        new.append(draft_postmortem(incident_id=incident.pk, by=by, at=NOON)[1])

    at_once(*[draft] * 4)
    assert sorted(new) == [False, False, False, True]
    assert Postmortem.objects.get().versions.count() == 1
