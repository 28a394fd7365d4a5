"""Whom steps reach at one instant, and how urgently; the database is asked each
question once."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from datetime import datetime

from accounts.models import User
from core.errors import InvalidInputError
from oncall.conditions import fits
from oncall.models import ContactMethod, EscalationPolicy, PagingHabits, Schedule
from oncall.services.ladder import (
    FrozenStep,
    admins_step,
    fallback_step,
    freeze,
    turns_in,
    urgencies_of,
)
from oncall.services.schedules import (
    next_on_call_ids,
    on_call_ids,
    roster_ids,
)
from oncall.services.targets import FrozenTarget, Who
from oncall.services.turns import Turns
from oncall.urgency import Habits, Verdict, decide


class Reachable:
    """Who is on call, in a team or an admin at `at`. Kept for one batch only, so that
    a thousand escalations of one policy cost as many queries as one."""

    def __init__(self, *, at: datetime, turns: Turns | None = None) -> None:
        """Turns are only reckoned, unless `turns` keeps them."""
        self.at = at
        self.turns = turns or Turns()
        self._targets: dict[tuple[str, int, str], list[User]] = {}
        self._frozen: dict[int | None, list[FrozenStep]] = {}
        self._urgencies: dict[int | None, dict[str, str]] = {}
        self._habits: dict[int, Habits] = {}
        self._fallback: tuple[list[User], str] | None = None
        self._methods: dict[int, list[ContactMethod]] = {}
        # With what they were asked of, as nothing else may take its id meanwhile.
        self._users: dict[int, tuple[FrozenStep, list[User]]] = {}
        self._verdicts: dict[
            tuple[int, str, int], tuple[Mapping[str, str], Verdict]
        ] = {}

    def users_of(self, step: FrozenStep) -> list[User]:
        """The active people a step reaches, each once, in the step's order."""
        known = self._users.get(id(step))
        if known is None:
            found = self._users_of(step)
            if not turns_in([step]):
                self._users[id(step)] = step, found
            return found
        return known[1]

    def _users_of(self, step: FrozenStep) -> list[User]:
        users: dict[int, User] = {}
        for target in step["targets"]:
            if target["kind"] == "channel":
                continue
            found = self._people(target)
            if target.get("who") == Who.TURNS:
                chosen = self.turns.take(target["id"], [user.pk for user in found])
                found = [user for user in found if user.pk == chosen]
            for user in found:
                users.setdefault(user.pk, user)
        return list(users.values())

    def counts(
        self, step: FrozenStep, *, severity: str, labels: Mapping[str, str]
    ) -> bool:
        """Whether the step is for `severity` and `labels` at this instant."""
        when = step.get("when", {})
        return fits(when, severity=severity, at=self.at, labels=labels)

    def fallback(self) -> tuple[list[User], str]:
        """The people a policy that is exhausted ends at, and what they are called.
        Never those whom an admin has set if they reach nobody: every admin then."""
        if self._fallback is None:
            step = fallback_step()
            users = self.users_of(step) if step else []
            if not users or step is None:
                step = admins_step()
                users = self.users_of(step)
            names = ", ".join(target["label"] for target in step["targets"])
            self._fallback = users, names
        return self._fallback

    def freeze(self, policy: EscalationPolicy | None) -> list[FrozenStep]:
        """As `ladder.freeze`."""
        key = policy.pk if policy else None
        if key not in self._frozen:
            self._frozen[key] = freeze(policy)
        return self._frozen[key]

    def urgencies_of(self, policy: EscalationPolicy | None) -> dict[str, str]:
        """As `ladder.urgencies_of`."""
        key = policy.pk if policy else None
        if key not in self._urgencies:
            self._urgencies[key] = urgencies_of(policy)
        return self._urgencies[key]

    def verdict(
        self, user: User, *, severity: str, urgencies: Mapping[str, str]
    ) -> Verdict:
        """When a page to `user` goes out, by their habits."""
        key = user.pk, severity, id(urgencies)
        if key not in self._verdicts:
            if user.pk not in self._habits:
                self._habits[user.pk] = PagingHabits.of(user).values()
            habits = self._habits[user.pk]
            found = decide(severity, at=self.at, habits=habits, urgencies=urgencies)
            self._verdicts[key] = urgencies, found
        return self._verdicts[key][1]

    def methods_of(self, user_ids: Iterable[int]) -> dict[int, list[ContactMethod]]:
        """{person: verified contact methods in the person's own order}."""
        wanted = set(user_ids)
        unknown = wanted - self._methods.keys()
        if unknown:
            found: dict[int, list[ContactMethod]] = defaultdict(list)
            verified = ContactMethod.objects.exclude(verified_at=None)
            for method in verified.filter(user__in=unknown):
                found[method.user_id].append(method)
            self._methods |= {user_id: found[user_id] for user_id in unknown}
        return {user_id: self._methods[user_id] for user_id in wanted}

    def _people(self, target: FrozenTarget) -> list[User]:
        key = (target["kind"], target["id"], target.get("who", ""))
        if key not in self._targets:
            self._targets[key] = list(self._find(target))
        return self._targets[key]

    def _find(self, target: FrozenTarget) -> Iterable[User]:
        people = User.objects.select_related("paging_habits")
        active = people.filter(is_active=True).order_by("pk")
        match target["kind"]:
            case "user":
                return active.filter(pk=target["id"])
            case "team":
                return active.filter(teams=target["id"])
            case "admins":
                return active.filter(role=User.Role.ADMIN)
        schedule = Schedule.objects.filter(pk=target["id"]).first()
        if schedule is None:
            return ()
        ids = self._of_schedule(schedule, target.get("who") or Who.CURRENT)
        found = active.in_bulk(ids)
        return [found[pk] for pk in ids if pk in found]

    def _of_schedule(self, schedule: Schedule, who: str) -> list[int]:
        """Nobody, rather than no page at all, when a stored schedule cannot be read:
        the ladder goes on to its next step."""
        try:
            return _ASKED[Who(who)](schedule, at=self.at)
        except InvalidInputError:
            return []


_ASKED = {
    Who.CURRENT: on_call_ids,
    Who.NEXT: next_on_call_ids,
    Who.EVERYONE: roster_ids,
    Who.TURNS: roster_ids,
}
