"""Which policy pages about an incident."""

from __future__ import annotations

from alerts.models import Integration, Route
from incidents.models import Incident
from oncall.models import EscalationPolicy


class PolicyBook:
    """All policies, read once: two queries, however many incidents are looked up.

    A team's policy is its default one, or another of its own if none is marked.
    """

    def __init__(self) -> None:
        self._by_id: dict[int, EscalationPolicy] = {}
        self._of_team: dict[int | None, EscalationPolicy] = {}
        for policy in EscalationPolicy.objects.order_by("-is_default", "name"):
            self._by_id[policy.pk] = policy
            if policy.team_id is not None or policy.is_default:
                self._of_team.setdefault(policy.team_id, policy)
        self._default_route = Route.objects.filter(is_default=True).first()

    def policies_for(
        self,
        incident: Incident,
        *,
        integration: Integration | None,
        route: Route | None = None,
    ) -> list[EscalationPolicy]:
        """The policies that may page about the incident; the first whose conditions
        hold does. That which the routing rule names, that of the suspected cause's
        team, the inlet's, that of the inlet's and of the incident's team, that of the
        default route, the install's default.

        `integration` and `route` are those of the alert that opened the incident.
        """
        cause = incident.suspected_asset
        found = (
            self._by_route(route),
            self._by_team(cause.team_id if cause else None),
            self._by_id.get((integration and integration.escalation_policy_id) or 0),
            self._by_team(integration.team_id if integration else None),
            self._by_team(incident.team_id),
            self._by_route(self._default_route),
            self._of_team.get(None),
        )
        return [one for one in dict.fromkeys(found) if one is not None]

    def _by_route(self, route: Route | None) -> EscalationPolicy | None:
        """The policy a rule names, itself or by its team."""
        if route is None:
            return None
        return self._by_id.get(route.policy_id or 0) or self._by_team(route.team_id)

    def _by_team(self, team_id: int | None) -> EscalationPolicy | None:
        return self._of_team.get(team_id) if team_id is not None else None
