"""Cause and effect are reckoned anew when an alert says something new, not for each."""

from collections.abc import Callable

import pytest

from incidents.models import Incident
from tests.factories import make_integration
from tests.incidents.world import correlate, fire, make_lineage

pytestmark = pytest.mark.django_db
Commits = Callable[..., object]


@pytest.fixture(autouse=True)
def _commit(django_capture_on_commit_callbacks: Commits) -> None:
    """A table with a dashboard, and one alert of it that was taken and committed."""
    assets = make_lineage("orders > sales", sales="dashboard")
    fire("orders", severity="SEV4", integration=make_integration(name="checks"))
    with django_capture_on_commit_callbacks(execute=True):  # type: ignore[attr-defined]
        correlate(at=0)
    assets["sales"].tier = 1
    assets["sales"].save(update_fields=["tier"])


def the_incident() -> Incident:
    return Incident.objects.get()


def test_an_alert_that_says_the_same_right_away_changes_no_assessment() -> None:
    fire("orders", severity="SEV4")
    correlate(at=0.5)
    assert (the_incident().severity, the_incident().alert_count) == ("SEV4", 2)


def test_a_worse_alert_is_weighed_with_all_that_hangs_from_its_asset() -> None:
    fire("orders", severity="SEV3")
    correlate(at=0.5)
    assert the_incident().severity == "SEV2"


def test_after_a_minute_the_same_is_weighed_anew() -> None:
    fire("orders", severity="SEV4")
    correlate(at=1)
    assert the_incident().severity == "SEV3"


def test_new_lineage_is_weighed_at_once() -> None:
    make_lineage("bills > billing")
    fire("orders", severity="SEV4")
    correlate(at=0.5)
    assert the_incident().severity == "SEV3"


def test_another_column_that_fails_is_weighed_at_once() -> None:
    fire("orders", severity="SEV4", labels={"column": "price"})
    correlate(at=0.5)
    assert the_incident().severity == "SEV3"
