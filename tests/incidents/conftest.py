"""What tests of the API of incidents ask for."""

import pytest
from django.test import Client

from catalog.models import Asset
from tests.factories import make_user
from tests.incidents.caller import Caller
from tests.incidents.world import correlate, fire, make_lineage, own


@pytest.fixture
def call(signed_in: Client) -> Caller:
    return Caller(signed_in)


@pytest.fixture
def broken(db: None) -> dict[str, Asset]:
    """raw and mart fail; a dashboard with an owner hangs from them."""
    make_user(role="admin", email="admin@example.com")
    assets = make_lineage("raw > mart > board", board="dashboard")
    own(assets["board"], "ana@example.com")
    fire("raw"), fire("mart", at=1)
    correlate()
    return assets
