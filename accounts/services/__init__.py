"""What people do with accounts. Each act is in the audit log of its transaction."""

from accounts.services.audit import record_audit
from accounts.services.first_run import create_first_admin
from accounts.services.idempotency import answer_once
from accounts.services.invitations import (
    accept_invitation,
    invite,
    revoke_invitation,
    send_invitation,
)
from accounts.services.people import (
    activate_person,
    add_person,
    change_profile,
    change_role,
    deactivate_person,
)
from accounts.services.team_ends import delete_team, holdings_of, move_holdings
from accounts.services.teams import (
    add_team_member,
    change_team,
    create_team,
    remove_team_member,
)
from accounts.services.tokens import create_api_token, revoke_api_token, use_api_token

__all__ = [
    "accept_invitation",
    "activate_person",
    "add_person",
    "add_team_member",
    "answer_once",
    "change_profile",
    "change_role",
    "change_team",
    "create_api_token",
    "create_first_admin",
    "create_team",
    "deactivate_person",
    "delete_team",
    "holdings_of",
    "invite",
    "move_holdings",
    "record_audit",
    "remove_team_member",
    "revoke_api_token",
    "revoke_invitation",
    "send_invitation",
    "use_api_token",
]
