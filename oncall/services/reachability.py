"""Who cannot be reached: nobody's page finds them by a way that works."""

from __future__ import annotations

from django.db.models import QuerySet

from accounts.models import User
from oncall.channels.registry import CHANNELS
from oncall.models import ContactMethod


def working_methods() -> QuerySet[ContactMethod]:
    """Verified ones of channels this installation can use, but for those whose last
    message failed for good."""
    usable = [kind for kind, one in CHANNELS.items() if one.is_configured()]
    verified = ContactMethod.objects.exclude(verified_at=None)
    return verified.filter(kind__in=usable, failing_since=None)


def unreachable_ids() -> frozenset[int]:
    """The ids of active people without a working method. One query.

    Pages to them go to the address they sign in with, which nobody has verified.
    """
    reachable = working_methods().values("user")
    lost = User.objects.filter(is_active=True).exclude(pk__in=reachable)
    return frozenset(lost.values_list("pk", flat=True))
