"""The demonstration's world, as it is put into an empty database."""

import pytest

from catalog.models import Asset
from config.demo.loading import is_loaded, load
from incidents.models import Incident
from oncall.models import Notification
from postmortems.models import Postmortem
from postmortems.outline import missing
from tests.factories import NOON


@pytest.mark.django_db
def test_the_demonstration_has_a_closed_incident_with_its_published_postmortem() -> (
    None
):
    assert not is_loaded()
    load(at=NOON)
    assert is_loaded()
    incident = Incident.objects.get()
    assert incident.status == Incident.Status.RESOLVED
    postmortem = Postmortem.objects.get(incident=incident)
    assert postmortem.status == Postmortem.Status.PUBLISHED
    assert not missing(postmortem.body).gaps
    items = postmortem.action_items.all()
    assert [bool(item.owner and item.due_on) for item in items] == [True, True]
    assert Asset.objects.count() > 35


@pytest.mark.django_db
def test_nobody_is_told_now_of_what_the_demonstration_says_about_the_past() -> None:
    load(at=NOON)
    assert not Notification.objects.filter(state=Notification.State.DUE).exists()
