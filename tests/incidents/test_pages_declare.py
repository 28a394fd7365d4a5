"""Declaring by hand: what is chosen, and whom it reaches before it goes."""

from datetime import timedelta
from typing import Any

import pytest
from django.test import Client

from accounts.models import User
from catalog.models import Asset
from incidents.models import Incident
from oncall.models import Notification, Page
from oncall.services.policies import PolicyValues, StepValues, create_policy
from tests.factories import NOON, make_asset, make_user
from tests.incidents.world import make_lineage, own

pytestmark = pytest.mark.django_db
URL = "/incidents/declare/"


@pytest.fixture
def assets(db: None) -> dict[str, Asset]:
    make_user(role="admin", name="Ada Admin", email="admin@example.com")
    assets = make_lineage("raw > mart > board", board="dashboard")
    own(assets["board"], "finance@example.com")
    return assets


def declare(client: Client, **data: Any) -> Any:
    filled = {"title": "Revenue is zero", "severity": "SEV2", "step": "go", **data}
    return client.post(URL, filled)


def test_declaring_opens_pages_and_tells(
    signed_in: Client, user: User, assets: dict[str, Asset]
) -> None:
    response = declare(signed_in, assets=[assets["raw"].pk], asset_name="mart")
    incident = Incident.objects.get()
    assert response["Location"] == f"/incidents/{incident.pk}/"
    assert (incident.severity, incident.declared_by) == ("SEV2", user)
    assert {f.asset.name for f in incident.failing_assets.all()} == {"raw", "mart"}
    assert [str(page.user) for page in Page.objects.all()] == ["Ada Admin"]
    told = Notification.objects.filter(page=None)
    assert [one.address for one in told] == ["finance@example.com"]


def test_whom_it_reaches_is_said_before_it_goes(
    signed_in: Client, assets: dict[str, Asset]
) -> None:
    page = signed_in.get(f"{URL}?asset={assets['raw'].pk}").content.decode()
    assert "Ada Admin" in page
    assert "By e-mail: finance@example.com" in page
    assert "1 dashboard affected" in page
    assert not Incident.objects.exists()


def test_looking_saves_nothing_and_keeps_what_was_typed(
    signed_in: Client, assets: dict[str, Asset]
) -> None:
    typed = {"title": "Half a title", "severity": "SEV1", "asset_name": "raw"}
    response = signed_in.post(URL, {**typed, "step": "look"})
    assert response.status_code == 200
    page = response.content.decode()
    assert 'value="Half a title"' in page
    assert f'name="assets" value="{assets["raw"].pk}"' in page
    assert "finance@example.com" in page
    assert "This field is required" not in signed_in.post(URL, {}).content.decode()
    assert not Incident.objects.exists()


def test_a_chosen_asset_is_taken_away_again(
    signed_in: Client, assets: dict[str, Asset]
) -> None:
    raw, mart = assets["raw"].pk, assets["mart"].pk
    page = signed_in.post(URL, {"assets": [raw, mart], "drop": raw}).content.decode()
    assert f'name="assets" value="{mart}"' in page
    assert f'name="assets" value="{raw}"' not in page


def test_nobody_may_be_paged_and_a_private_one_is_told_to_nobody(
    signed_in: Client, assets: dict[str, Asset]
) -> None:
    data = {"assets": [assets["raw"].pk], "page": "nobody", "private": "on"}
    looked = signed_in.post(URL, {**data, "step": "look"}).content.decode()
    assert "Nobody is paged" in looked
    assert "No owner is told by e-mail" in looked
    declare(signed_in, **data)
    assert Incident.objects.get().private
    assert not Page.objects.exists()
    assert not Notification.objects.exists()


def test_a_policy_may_be_chosen(
    signed_in: Client, user: User, assets: dict[str, Asset]
) -> None:
    first, second = make_user(name="First One"), make_user(name="Second One")
    steps = [
        StepValues(timedelta(minutes=5), [first]),
        StepValues(timedelta(minutes=5), [second]),
    ]
    values = PolicyValues(name="Ladder", steps=steps)
    policy = create_policy(values=values, by=user, at=NOON)
    looked = signed_in.post(URL, {"page": policy.pk}).content.decode()
    assert looked.index("First One") < looked.index("Second One")
    assert "after 5 min" in looked
    declare(signed_in, page=policy.pk)
    assert [page.user for page in Page.objects.all()] == [first]


def test_steps_that_are_not_for_its_severity_are_passed_over_in_what_is_shown(
    signed_in: Client, user: User, assets: dict[str, Asset]
) -> None:
    first, second = make_user(name="First One"), make_user(name="Second One")
    steps = [
        StepValues(timedelta(minutes=5), [first], when={"severities": ["SEV1"]}),
        StepValues(timedelta(minutes=5), [second]),
    ]
    values = PolicyValues(name="Ladder", steps=steps)
    policy = create_policy(values=values, by=user, at=NOON)
    asked = {"page": policy.pk, "step": "look"}
    worst = signed_in.post(URL, {**asked, "severity": "SEV1"}).content.decode()
    usual = signed_in.post(URL, {**asked, "severity": "SEV2"}).content.decode()
    assert "First One" in worst
    assert "First One" not in usual
    assert "passed over: only for SEV1" in usual
    declare(signed_in, page=policy.pk)
    assert [page.user for page in Page.objects.all()] == [second]


@pytest.mark.parametrize(
    ("data", "problem"),
    [
        ({"title": "  "}, "This field is required"),
        ({"title": "x" * 1025}, "at most 1024"),
        ({"severity": "SEV9"}, "SEV9 is not one of"),
        ({"asset_name": "no such thing"}, "No asset is called “no such thing”"),
        ({"assets": ["999999"]}, "Select a valid choice"),
        ({"assets": ["x"]}, "is not a valid value"),
        ({"impact_started_at": "2999-01-01T00:00"}, "This lies in the future"),
        ({"page": "999999"}, "Select a valid choice"),
    ],
)
def test_what_cannot_be_declared_is_shown_beside_its_field(
    signed_in: Client, assets: dict[str, Asset], data: dict[str, Any], problem: str
) -> None:
    response = declare(signed_in, **data)
    assert response.status_code == 422
    assert problem in response.content.decode()
    assert not Incident.objects.exists()


def test_two_assets_of_one_name_are_told_apart(
    signed_in: Client, assets: dict[str, Asset]
) -> None:
    other = make_asset("raw", namespace="lake")
    refused = declare(signed_in, asset_name="raw").content.decode()
    assert "raw (lake) or raw (warehouse)" in refused
    declare(signed_in, asset_name="raw (lake)")
    assert Incident.objects.get().failing_assets.get().asset == other


def test_assets_are_suggested_by_part_of_their_name(
    signed_in: Client, assets: dict[str, Asset]
) -> None:
    found = signed_in.get(f"{URL}assets/?asset_name=boa").content.decode()
    assert 'value="board (warehouse)"' in found
    assert signed_in.get(f"{URL}assets/").content.decode().strip() == ""


def test_viewers_declare_nothing(sign_in: Any) -> None:
    viewer = sign_in(role="viewer")
    assert viewer.get(URL).status_code == 403
    assert declare(viewer).status_code == 403
    assert viewer.get(f"{URL}assets/").status_code == 403
