"""The first person."""

from datetime import datetime

from django.db import connection, transaction

from accounts.models import User
from accounts.services.audit import record_audit
from core.errors import InvalidTransitionError

# Any number will do, as long as nothing else locks it.
FIRST_RUN_LOCK = 0x48454144


@transaction.atomic
def create_first_admin(
    *, email: str, name: str, password: str, time_zone: str, at: datetime
) -> User:
    """Make the admin who starts everything.

    Of two calls at once one waits for the other, and then
    raises InvalidTransitionError, as any call does once there is somebody.
    """
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s)", [FIRST_RUN_LOCK])
    if User.objects.exists():
        raise InvalidTransitionError(
            "The first account has just been made by somebody else. Ask them for an "
            "invitation."
        )
    admin = User.objects.create_user(
        email, password, name=name, time_zone=time_zone, role=User.Role.ADMIN
    )
    record_audit(
        actor=admin, action="person.first_admin", target=admin, changes={}, at=at
    )
    return admin
