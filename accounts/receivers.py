"""What allauth does for a person, noted in the audit log.

Its own signals come after the commit; Django's come inside the transaction.
"""

from allauth.mfa.models import Authenticator
from django.utils import timezone

from accounts.services import record_audit


def note_new_second_factor(
    *, instance: Authenticator, created: bool, **_: object
) -> None:
    if created:
        _note("person.second_factor_added", instance)


def note_removed_second_factor(*, instance: Authenticator, **_: object) -> None:
    _note("person.second_factor_removed", instance)


def _note(action: str, authenticator: Authenticator) -> None:
    record_audit(
        actor=authenticator.user,
        action=action,
        target=authenticator.user,
        changes={"kind": [None, authenticator.type]},
        at=timezone.now(),
    )
