"""Nothing that was written is ever overwritten."""

from dataclasses import dataclass

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from accounts.models import AuditEntry, User
from core.errors import InvalidInputError, InvalidTransitionError, StaleVersionError
from postmortems.models import Postmortem
from postmortems.services import (
    BODY_LENGTH,
    restore_version,
    save_text,
    submit_postmortem,
)
from tests.factories import NOON, make_postmortem, make_user

pytestmark = pytest.mark.django_db


@pytest.fixture
def by() -> User:
    return make_user(name="Robin Responder")


def bodies(postmortem: Postmortem) -> list[str]:
    """All versions, the oldest first."""
    ordered = postmortem.versions.order_by("version")
    return list(ordered.values_list("body", flat=True))


def test_every_save_is_a_version_by_somebody(by: User) -> None:
    postmortem = make_postmortem(body="one")
    save_text(postmortem_id=postmortem.pk, version=1, body="two", by=by, at=NOON)
    saved = save_text(
        postmortem_id=postmortem.pk, version=2, title="Late", by=by, at=NOON
    )
    assert (saved.version, saved.title, saved.body) == (3, "Late", "two")
    assert bodies(postmortem) == ["one", "two", "two"]
    assert saved.versions.filter(by=by).count() == 2
    assert AuditEntry.objects.filter(action="postmortem.saved", actor=by).count() == 2


def test_a_stale_save_changes_nothing_and_gives_the_newer_text(by: User) -> None:
    postmortem = make_postmortem(body="one")
    save_text(postmortem_id=postmortem.pk, version=1, body="two", by=by, at=NOON)
    with pytest.raises(StaleVersionError) as refused:
        save_text(postmortem_id=postmortem.pk, version=1, body="mine", by=by, at=NOON)
    assert isinstance(refused.value.current, Postmortem)
    assert refused.value.current.body == "two"
    assert bodies(postmortem) == ["one", "two"]


def test_the_same_text_makes_no_version(by: User) -> None:
    postmortem = make_postmortem(body="one")
    save_text(postmortem_id=postmortem.pk, version=1, body="one", by=by, at=NOON)
    assert postmortem.versions.count() == 1


def test_an_old_version_stands_again_as_a_new_one(by: User) -> None:
    postmortem = make_postmortem(body="one")
    save_text(postmortem_id=postmortem.pk, version=1, body="two", by=by, at=NOON)
    restored = restore_version(postmortem_id=postmortem.pk, version=1, by=by, at=NOON)
    assert (restored.version, restored.body) == (3, "one")
    assert bodies(postmortem) == ["one", "two", "one"]


def test_a_published_text_is_not_edited(by: User) -> None:
    postmortem = make_postmortem(status="published")
    with pytest.raises(InvalidTransitionError, match="Return it to draft"):
        save_text(postmortem_id=postmortem.pk, version=1, body="x", by=by, at=NOON)
    assert postmortem.versions.count() == 1


def test_an_approved_text_that_changes_is_in_review_again(by: User) -> None:
    postmortem = make_postmortem(status="approved")
    saved = save_text(postmortem_id=postmortem.pk, version=1, body="x", by=by, at=NOON)
    assert saved.status == "in_review"
    assert [step.act for step in saved.steps.all()] == ["changed"]


def test_a_text_in_review_stays_there_when_it_is_edited(by: User) -> None:
    postmortem = make_postmortem()
    submit_postmortem(postmortem_id=postmortem.pk, by=by, at=NOON)
    saved = save_text(postmortem_id=postmortem.pk, version=1, body="x", by=by, at=NOON)
    assert saved.status == "in_review"


@pytest.mark.parametrize(
    ("values", "field"),
    [
        ({"title": "  "}, "title"),
        ({"title": "t" * 1025}, "title"),
        ({"body": "b" * (BODY_LENGTH + 1)}, "body"),
        ({"body": "nul \0"}, "body"),
    ],
)
def test_text_that_cannot_be_stored_is_refused_by_name(
    by: User, values: dict[str, str], field: str
) -> None:
    postmortem = make_postmortem()
    with pytest.raises(InvalidInputError) as refused:
        save_text(postmortem_id=postmortem.pk, version=1, by=by, at=NOON, **values)
    assert list(refused.value.errors) == [field]


@dataclass
class Editor:
    """Somebody with the text open, and the version they read."""

    user: User
    version: int = 1

    def save(self, postmortem: Postmortem, body: str) -> bool:
        """Send `body`; when it is refused, go on from what is stored."""
        accepted = True
        try:
            save_text(
                postmortem_id=postmortem.pk,
                version=self.version,
                body=body,
                by=self.user,
                at=NOON,
            )
        except StaleVersionError:
            accepted = False
        postmortem.refresh_from_db()
        self.version = postmortem.version
        return accepted


@settings(
    max_examples=40,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(
    moves=st.lists(
        st.tuples(st.sampled_from([0, 1]), st.sampled_from("abc")), max_size=12
    )
)
def test_no_text_of_two_editors_is_lost(moves: list[tuple[int, str]]) -> None:
    postmortem = make_postmortem(body="start")
    editors = [Editor(make_user()), Editor(make_user())]
    stored = ["start"]
    for who, body in moves:
        if editors[who].save(postmortem, body):
            stored += [body] if body != stored[-1] else []
        # What was taken is a version; what was refused was told so.
        assert bodies(postmortem) == stored
        assert postmortem.body == stored[-1]
        assert postmortem.version == len(stored)
