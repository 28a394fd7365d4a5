import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.http import HttpResponse
from django.test import Client
from django.utils import timezone

from accounts.models import IdempotentAnswer, Team, User
from accounts.services import answer_once, create_api_token, create_team
from accounts.services.idempotency import Answer
from core.errors import DomainError
from tests.factories import NOON, make_team, make_user


def post_team(client: Client, key: str, **values: Any) -> Any:
    return client.post(
        "/api/v1/teams/",
        {"name": "Marts", **values},
        content_type="application/json",
        headers={"Idempotency-Key": key},
    )


@pytest.mark.django_db
def test_the_same_key_gets_the_first_answer_again(signed_in: Client) -> None:
    first = post_team(signed_in, "k1")
    again = post_team(signed_in, "k1")
    assert first.status_code == again.status_code == 201
    assert first.json() == again.json()
    assert first.headers["Content-Type"] == again.headers["Content-Type"]
    assert again.headers["Idempotent-Replayed"] == "true"
    assert "Idempotent-Replayed" not in first.headers
    assert Team.objects.count() == 1


@pytest.mark.django_db
def test_it_works_with_a_token_too(user: User) -> None:
    _, secret = create_api_token(owner=user, name="deploy", at=NOON)
    client = Client(headers={"Authorization": f"Bearer {secret}"})
    assert post_team(client, "k1").json() == post_team(client, "k1").json()
    assert Team.objects.count() == 1


@pytest.mark.django_db
def test_the_same_key_with_another_body_is_409(signed_in: Client) -> None:
    post_team(signed_in, "k1")
    response = post_team(signed_in, "k1", description="other")
    assert response.status_code == 409
    assert "different request" in response.json()["detail"]


@pytest.mark.django_db
def test_a_refused_write_leaves_the_key_free(signed_in: Client) -> None:
    assert post_team(signed_in, "k1", name="").status_code == 400
    assert not IdempotentAnswer.objects.exists()
    assert post_team(signed_in, "k1").status_code == 201


@pytest.mark.django_db
def test_a_conflict_leaves_the_key_free(signed_in: Client) -> None:
    blocking = make_team(name="Marts")
    assert post_team(signed_in, "k1").status_code == 409
    blocking.delete()
    assert post_team(signed_in, "k1").status_code == 201


@pytest.mark.django_db
def test_keys_of_two_people_do_not_meet(signed_in: Client) -> None:
    other = Client()
    other.force_login(make_user())
    assert post_team(signed_in, "k1", name="A").status_code == 201
    assert post_team(other, "k1", name="B").status_code == 201


@pytest.mark.django_db
@pytest.mark.parametrize("key", ["", 256 * "k"])
def test_a_key_that_cannot_be_kept_is_400(signed_in: Client, key: str) -> None:
    response = post_team(signed_in, key)
    assert response.status_code == 400
    assert "Idempotency-Key" in response.json()
    assert not Team.objects.exists()


@pytest.mark.django_db
def test_a_stranger_is_refused_as_ever(user: User) -> None:
    assert post_team(Client(), "k1").status_code == 401
    bad = Client(headers={"Authorization": "Bearer hw_wrong"})
    bad.force_login(user)
    assert post_team(bad, "k1").status_code == 401
    assert not IdempotentAnswer.objects.exists()


@pytest.mark.django_db
def test_a_viewer_is_refused_as_ever() -> None:
    viewer = Client()
    viewer.force_login(make_user(role="viewer"))
    assert post_team(viewer, "k1").status_code == 403


@pytest.mark.django_db
def test_after_a_day_the_key_is_new(signed_in: Client) -> None:
    post_team(signed_in, "k1")
    Team.objects.all().delete()
    day_ago = timezone.now() - timedelta(hours=24, seconds=1)
    IdempotentAnswer.objects.update(created_at=day_ago)
    assert "Idempotent-Replayed" not in post_team(signed_in, "k1").headers
    assert Team.objects.count() == 1


@pytest.mark.django_db
def test_old_answers_are_pruned_as_new_ones_come(signed_in: Client) -> None:
    for number in range(3):
        post_team(signed_in, f"old{number}", name=f"T{number}")
    day_ago = timezone.now() - timedelta(hours=25)
    IdempotentAnswer.objects.update(created_at=day_ago)
    post_team(signed_in, "new", name="new")
    assert [row.key for row in IdempotentAnswer.objects.all()] == ["new"]


@pytest.mark.django_db
def test_an_answer_that_holds_a_secret_is_not_readable_in_the_database(
    signed_in: Client,
) -> None:
    post_team(signed_in, "k1", description="topsecret")
    assert "topsecret" not in IdempotentAnswer.objects.get().body


@pytest.mark.django_db(transaction=True)
def test_a_crash_before_the_commit_leaves_neither_write_nor_key(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    user = make_user()

    def write_then_die() -> Answer:
        create_team(name="Marts", by=user, at=NOON)
        raise RuntimeError

    with pytest.raises(RuntimeError):
        answer_once(user=user, key="k", request_hash="h", write=write_then_die, at=NOON)
    assert not Team.objects.exists()
    assert not IdempotentAnswer.objects.exists()


@pytest.mark.django_db(transaction=True)
def test_duplicates_at_once_wait_and_get_the_first_answer() -> None:
    user = make_user()
    clients = [Client() for _ in range(5)]
    for client in clients:
        client.force_login(user)
        client.get("/api/v1/me/")  # load the middleware before the race

    def post(client: Client) -> HttpResponse:
        try:
            answer: HttpResponse = post_team(client, "race")
            return answer
        finally:
            connection.close()

    with ThreadPoolExecutor(5) as pool:
        answers = list(pool.map(post, clients))
    assert {answer.status_code for answer in answers} == {201}
    assert len({answer.content for answer in answers}) == 1
    assert Team.objects.count() == 1


@pytest.mark.django_db(transaction=True)
def test_a_duplicate_waits_for_a_write_that_fails_and_then_does_it() -> None:
    user = make_user()
    is_writing, may_fail = threading.Event(), threading.Event()

    def failing_write() -> Answer:
        is_writing.set()
        assert may_fail.wait(10)
        return Answer(409, "application/json", "{}")

    def run(write: Any) -> tuple[Answer, bool]:
        try:
            return answer_once(
                user=user, key="k", request_hash="h", write=write, at=NOON
            )
        finally:
            connection.close()

    with ThreadPoolExecutor(2) as pool:
        first = pool.submit(run, failing_write)
        assert is_writing.wait(10)
        done = Answer(201, "application/json", "{}")
        second = pool.submit(run, lambda: done)
        may_fail.set()
        assert first.result(10)[0].status == 409
        assert second.result(10) == (done, False)


@pytest.mark.django_db
def test_a_key_used_for_another_request_is_refused() -> None:
    user = make_user()
    done = Answer(200, "application/json", "{}")
    given = {"user": user, "key": "k", "write": lambda: done, "at": NOON}
    answer_once(request_hash="a", **given)  # type: ignore[arg-type]  # mixed values
    with pytest.raises(DomainError, match="different request"):
        answer_once(request_hash="b", **given)  # type: ignore[arg-type]


@pytest.mark.django_db
def test_files_sent_again_with_another_boundary_are_the_same_request(
    signed_in: Client,
) -> None:
    manifest = b'{"metadata": {}, "nodes": {}, "sources": {}, "exposures": {}}'
    answers = []
    for boundary in (b"first", b"second"):
        body = (
            b"--%s\r\nContent-Disposition: form-data; name=manifest; "
            b"filename=manifest.json\r\nContent-Type: application/json\r\n\r\n"
            b"%s\r\n--%s--\r\n"
        ) % (boundary, manifest, boundary)
        answers.append(
            signed_in.generic(
                "POST",
                "/api/v1/catalog/dbt/",
                body,
                content_type=f"multipart/form-data; boundary={boundary.decode()}",
                headers={"Idempotency-Key": "dbt"},
            )
        )
    assert [answer.status_code for answer in answers] == [200, 200]
    assert answers[1].headers["Idempotent-Replayed"] == "true"
