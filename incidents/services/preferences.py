"""What people ask to be told, and what they no longer want to hear."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from django.db import transaction

from accounts.models import Team, User
from catalog.models import Asset
from incidents.models import Stakeholder, Subscription, TellingPreference


def subscribe(
    *, user: User, asset: Asset | None = None, team: Team | None = None, at: datetime
) -> None:
    """Tell `user` from now on when the asset, or any of the team's, is affected.

    Safe to repeat.
    """
    Subscription.objects.get_or_create(
        user=user, asset=asset, team=team, defaults={"created_at": at}
    )


def unsubscribe(
    *, user: User, asset: Asset | None = None, team: Team | None = None
) -> None:
    Subscription.objects.filter(user=user, asset=asset, team=team).delete()


def preference_of(email: str) -> TellingPreference:
    """The stored one, or one with the defaults that is not stored."""
    stored = TellingPreference.objects.filter(email=email.lower()).first()
    return stored or TellingPreference(email=email.lower())


def save_preferences(*, email: str, values: Mapping[str, object]) -> None:
    """Store what somebody chose, and take them back if they had stopped everything."""
    chosen = {name: values[name] for name in TellingPreference.FIELDS}
    TellingPreference.objects.update_or_create(
        email=email.lower(), defaults={**chosen, "stopped_at": None}
    )


@transaction.atomic
def stop_telling(*, email: str, incident_id: int | None, at: datetime) -> None:
    """Tell that address no more of one incident; without it, of any. Safe to repeat."""
    if incident_id is None:
        TellingPreference.objects.update_or_create(
            email=email.lower(), defaults={"stopped_at": at}
        )
        return
    Stakeholder.objects.filter(
        email=email.lower(), incident=incident_id, muted_at=None
    ).update(muted_at=at)


@transaction.atomic
def resume_telling(*, email: str, incident_id: int | None) -> None:
    """Undo `stop_telling`: of everything, and of that incident."""
    TellingPreference.objects.filter(email=email.lower()).update(stopped_at=None)
    Stakeholder.objects.filter(email=email.lower(), incident=incident_id).update(
        muted_at=None
    )
