"""Draft, in review, approved, published: each step from each status."""

import pytest

from accounts.models import AuditEntry
from core.errors import InvalidTransitionError
from postmortems.services import (
    approve_postmortem,
    publish_postmortem,
    return_postmortem,
    submit_postmortem,
)
from tests.factories import NOON, make_postmortem, make_user

pytestmark = pytest.mark.django_db

STEPS = {
    "submit": submit_postmortem,
    "approve": approve_postmortem,
    "publish": publish_postmortem,
    "return": return_postmortem,
}
ALLOWED = {
    ("draft", "submit"): "in_review",
    ("in_review", "approve"): "approved",
    ("in_review", "return"): "draft",
    ("approved", "publish"): "published",
    ("approved", "return"): "draft",
    ("published", "return"): "draft",
}
STATUSES = ("draft", "in_review", "approved", "published")


@pytest.mark.parametrize("step", STEPS)
@pytest.mark.parametrize("status", STATUSES)
def test_a_step_leads_on_or_is_refused(status: str, step: str) -> None:
    postmortem, by = make_postmortem(status=status), make_user()
    expected = ALLOWED.get((status, step))
    if expected is None:
        with pytest.raises(InvalidTransitionError) as refused:
            STEPS[step](postmortem_id=postmortem.pk, by=by, at=NOON)
        assert refused.value.current == status
        expected = status
    else:
        STEPS[step](postmortem_id=postmortem.pk, by=by, at=NOON)
    postmortem.refresh_from_db()
    assert postmortem.status == expected
    assert (postmortem.published_at is not None) == (expected == "published")


def test_who_took_a_step_is_recorded_with_version_and_note() -> None:
    postmortem, ana, bo = make_postmortem(), make_user(), make_user()
    submit_postmortem(postmortem_id=postmortem.pk, by=ana, at=NOON)
    return_postmortem(
        postmortem_id=postmortem.pk, by=bo, at=NOON, note="Name the trigger."
    )
    recorded = [(s.act, s.by, s.version, s.note) for s in postmortem.steps.all()]
    assert recorded == [
        ("submitted", ana, 1, ""),
        ("returned", bo, 1, "Name the trigger."),
    ]
    actions = AuditEntry.objects.order_by("pk").values_list("action", flat=True)
    assert list(actions) == ["postmortem.submit", "postmortem.return_to_draft"]
