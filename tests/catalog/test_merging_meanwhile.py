"""What names an asset at the instant it becomes part of another."""

import threading
from datetime import timedelta

import pytest
from django.db import connection, transaction
from django.test import Client
from django.utils import timezone

from accounts.services import create_api_token
from catalog.models import Asset, KnownIssue
from catalog.services.merging import merge_assets
from tests.factories import make_asset, make_user
from tests.waiting import wait_until


def somebody_waits() -> bool:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT EXISTS (SELECT FROM pg_stat_activity "
            "WHERE wait_event_type = 'Lock' AND datname = current_database())"
        )
        return bool(cursor.fetchone()[0])


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("by_api", [True, False], ids=["API", "page"])
def test_a_write_that_names_a_merged_asset_is_a_conflict(by_api: bool) -> None:
    old, into, admin = make_asset(), make_asset(), make_user(role="admin")
    at = timezone.now()
    client = Client(raise_request_exception=False)
    client.force_login(admin)
    _, token = create_api_token(owner=admin, name="script", at=at)
    ends_at = at + timedelta(days=1)
    answers = []

    def write() -> None:
        try:
            if by_api:
                answer = client.post(
                    "/api/v1/known-issues/",
                    {"asset": old.pk, "text": "Late", "ends_at": ends_at.isoformat()},
                    content_type="application/json",
                    headers={"authorization": f"Bearer {token}"},
                )
            else:
                answer = client.post(
                    f"/assets/{old.pk}/known-issues/add/",
                    {"text": "Late", "ends_at": f"{ends_at:%Y-%m-%dT%H:%M}"},
                )
            answers.append(answer)
        finally:
            connection.close()

    writer = threading.Thread(target=write)
    with transaction.atomic():
        merge_assets(old_id=old.pk, into_id=into.pk, by=admin, at=at)
        writer.start()
        wait_until(somebody_waits, what="the write to wait for the merge")
    writer.join()
    assert [answer.status_code for answer in answers] == [409]
    assert b"meanwhile" in answers[0].content
    assert not KnownIssue.objects.exists()
    assert Asset.objects.get() == into
