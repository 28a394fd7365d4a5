"""Who may open which page, and what looks absent to whom."""

from collections.abc import Callable

import pytest
from django.test import Client

from accounts.models import User
from incidents.models import Incident
from tests.factories import make_asset, make_incident, make_team
from tests.incidents.world import correlate, fire, make_lineage

pytestmark = pytest.mark.django_db
SignIn = Callable[..., Client]

PARTS = (
    "strip", "situation", "picture", "cause", "affected", "people", "facts",
    "timeline", "alerts", "updates",
)  # fmt: skip
SECTIONS = (
    "severity", "roles", "situation", "times", "root-cause", "details", "snooze",
    "merge",
)  # fmt: skip
ACTS = (
    "acknowledge", "status", "resolve", "reopen", "escalate", "snooze", "severity",
    "details", "situation", "roles", "notes", "times", "root-cause", "updates",
    "merge", "split",
)  # fmt: skip


def pages_of(incident: Incident) -> list[str]:
    base = f"/incidents/{incident.pk}/"
    return [
        base,
        *(f"{base}?tab={tab}" for tab in ("alerts", "updates")),
        *(f"{base}parts/{name}/" for name in PARTS),
        f"{base}picture/",
    ]


def forms_of(incident: Incident) -> list[str]:
    base = f"/incidents/{incident.pk}/edit/"
    return [base, *(f"{base}{name}/" for name in SECTIONS)]


def acts_of(incident: Incident) -> list[str]:
    base = f"/incidents/{incident.pk}/"
    return [
        *(f"{base}{name}/" for name in ACTS),
        f"{base}notes/1/pin/",
        f"{base}causes/1/",
        f"{base}undo/severity/SEV1/",
    ]


def test_whoever_is_signed_in_may_look(sign_in: SignIn) -> None:
    viewer = sign_in(role="viewer")
    for page in pages_of(make_incident()):
        assert viewer.get(page).status_code == 200, page


def test_a_viewer_is_shown_no_act_and_may_do_none(sign_in: SignIn) -> None:
    viewer, incident = sign_in(role="viewer"), make_incident()
    page = viewer.get(f"/incidents/{incident.pk}/").content.decode()
    main = page[page.index("<main") : page.index("</main>")]
    assert '<form method="post"' not in main
    for address in forms_of(incident):
        assert viewer.get(address).status_code == 403, address
    for address in acts_of(incident):
        assert viewer.post(address).status_code == 403, address
    incident.refresh_from_db()
    assert incident.status == "triggered"
    assert not incident.timeline.exists()


def test_a_responder_may_open_every_form(signed_in: Client) -> None:
    for address in forms_of(make_incident()):
        assert signed_in.get(address).status_code == 200, address


def test_what_a_resolved_incident_cannot_do_has_no_form(signed_in: Client) -> None:
    done = make_incident(status="resolved", resolved_at="2026-03-29T13:00Z")
    for name in ("snooze", "merge"):
        url = f"/incidents/{done.pk}/edit/{name}/"
        assert signed_in.get(url).status_code == 404
    assert signed_in.get(f"/incidents/{done.pk}/edit/nothing/").status_code == 404


def test_a_private_incident_looks_absent_everywhere(
    signed_in: Client, sign_in: SignIn
) -> None:
    assets = make_lineage("secret_raw > secret_board", secret_board="dashboard")
    fire("secret_raw", title="Payroll is wrong")
    correlate()
    incident = Incident.objects.get()
    Incident.objects.update(private=True)
    gone = [*pages_of(incident), *forms_of(incident)]
    assert {signed_in.get(page).status_code for page in gone} == {404}
    acts = acts_of(incident)
    assert {signed_in.post(act).status_code for act in acts} == {404}
    for page in (
        "/",
        "/incidents/",
        f"/search/?q={incident.pk}",
        f"/search/?q=%23{incident.pk}",
        "/search/?q=Payroll",
        "/analytics/",
        assets["secret_raw"].get_absolute_url(),
        assets["secret_board"].get_absolute_url(),
    ):
        text = signed_in.get(page).content.decode()
        assert "Payroll is wrong" not in text, page
        assert text.count('class="rail__count" hidden') == 4, page
    admin = sign_in(role="admin")
    assert {admin.get(page).status_code for page in gone} == {200}


def test_its_team_and_its_responders_see_a_private_incident(
    signed_in: Client, user: User
) -> None:
    team = make_team()
    ours = make_incident(private=True, team=team)
    held = make_incident(private=True)
    team.members.add(user)
    held.roles.create(role="scribe", user=user, assigned_at=held.detected_at)
    for incident in (ours, held):
        assert signed_in.get(f"/incidents/{incident.pk}/").status_code == 200


def test_another_private_incident_is_named_on_no_page(signed_in: Client) -> None:
    shown, hidden = make_incident(), make_incident(private=True, title="Hidden one")
    tie = make_asset("tie")
    for one, other in ((shown, hidden), (hidden, shown)):
        one.merge_offers.create(other=other, asset=tie, at=shown.detected_at)
    page = signed_in.get(f"/incidents/{shown.pk}/").content.decode()
    merging = signed_in.get(f"/incidents/{shown.pk}/edit/merge/").content.decode()
    assert "Hidden one" not in page + merging
    assert f"/incidents/{hidden.pk}/" not in page
    refused = signed_in.post(
        f"/incidents/{shown.pk}/merge/", {"number": str(hidden.pk)}
    )
    assert refused.status_code == 422
    assert "There is no other open incident" in refused.content.decode()


@pytest.mark.parametrize("name", ["nothing", "detail", "rung"])
def test_there_are_no_other_parts(signed_in: Client, name: str) -> None:
    incident = make_incident()
    response = signed_in.get(f"/incidents/{incident.pk}/parts/{name}/")
    assert response.status_code == 404
