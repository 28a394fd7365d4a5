"""How urgently whom is paged: settings of a person, of a team and of everybody."""

from __future__ import annotations

from datetime import time

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q

from accounts.models import Team, User
from oncall.urgency import Habits, Span


def monday_to_friday() -> list[int]:
    return [0, 1, 2, 3, 4]


class PagingHabits(models.Model):
    """One person's. `urgencies` is {severity: "now", "hold" or "digest"}; a severity
    that is not in it is as the team has it. Times are in the person's own zone.

    More than `most_pages` pages in ten minutes are held back and bundled; 0 is no
    bound, None that of the installation.
    """

    user = models.OneToOneField(User, models.CASCADE, related_name="paging_habits")
    urgencies = models.JSONField(default=dict)
    work_days = ArrayField(models.SmallIntegerField(), default=monday_to_friday)
    work_start = models.TimeField(default=time(9))
    work_end = models.TimeField(default=time(18))
    digest_at = models.TimeField(default=time(9))
    quiet_start = models.TimeField(null=True, blank=True)
    quiet_end = models.TimeField(null=True, blank=True)
    breaks_through = models.BooleanField(default=False)
    most_pages = models.PositiveSmallIntegerField(null=True, blank=True)

    class Meta:
        verbose_name_plural = "paging habits"
        constraints = [
            models.CheckConstraint(
                name="quiet_hours_have_both_ends",
                condition=Q(quiet_start=None, quiet_end=None)
                | Q(quiet_start__isnull=False, quiet_end__isnull=False),
            ),
            models.CheckConstraint(
                name="somebody_works_some_day", condition=Q(work_days__len__gt=0)
            ),
        ]

    def __str__(self) -> str:
        return f"paging habits of {self.user}"

    def values(self) -> Habits:
        """As the rules take them."""
        quiet = None
        if self.quiet_start is not None and self.quiet_end is not None:
            quiet = Span(self.quiet_start, self.quiet_end)
        return Habits(
            zone=self.user.tz,
            urgencies=self.urgencies,
            work_days=frozenset(self.work_days),
            work=Span(self.work_start, self.work_end),
            digest_at=self.digest_at,
            quiet=quiet,
            breaks_through=self.breaks_through,
        )

    @classmethod
    def of(cls, user: User) -> PagingHabits:
        """The person's, or an unsaved one with the defaults. A query, unless `user`
        was read with `select_related("paging_habits")`."""
        try:
            return user.paging_habits
        except cls.DoesNotExist:
            return cls(user=user)


class TeamPaging(models.Model):
    """How urgently pages by a team's policies are. As `PagingHabits.urgencies`; what
    is not in it is as the whole installation has it."""

    team = models.OneToOneField(Team, models.CASCADE, related_name="paging")
    urgencies = models.JSONField(default=dict)

    class Meta:
        verbose_name_plural = "team paging"

    def __str__(self) -> str:
        return f"paging of {self.team}"


class Bundle(models.Model):
    """Several held pages to one person that went out as one message."""

    user = models.ForeignKey(User, models.CASCADE, related_name="+")
    created_at = models.DateTimeField()

    def __str__(self) -> str:
        return f"bundle {self.pk} to {self.user}"

    @property
    def subject(self) -> str:
        return f"{BUNDLE_PREFIX}{self.pk}"


BUNDLE_PREFIX = "bundle:"


class Fallback(models.Model):
    """Whom a policy that is exhausted ends at. At most one row; every admin without
    it, and where those it names reach nobody.

    `targets` are as those of a frozen step.
    """

    is_only = models.BooleanField(default=True, unique=True, editable=False)
    targets = models.JSONField()

    class Meta:
        constraints = [
            models.CheckConstraint(name="one_fallback", condition=Q(is_only=True)),
            models.CheckConstraint(
                name="fallback_is_not_empty", condition=~Q(targets=[])
            ),
        ]

    def __str__(self) -> str:
        return ", ".join(target["label"] for target in self.targets)
