"""The blameless document of an incident, its versions and its action items."""

from __future__ import annotations

from datetime import date, datetime

from django.db import models
from django.db.models import F, Q
from django.urls import reverse

from accounts.models import User
from core.errors import InvalidTransitionError
from incidents.models import Incident


class PostmortemQuerySet(models.QuerySet["Postmortem"]):
    def visible_to(self, user: User) -> PostmortemQuerySet:
        """Who may see the incident may see its postmortem, and nobody else."""
        if user.is_admin:
            return self
        return self.filter(incident__in=Incident.objects.visible_to(user).values("pk"))

    def for_list(self) -> PostmortemQuerySet:
        """What a line of the list and the API show, the last changed first, in one
        query."""
        rows = self.select_related("incident__team", "created_by")
        return rows.order_by("-updated_at", "-pk")

    def matching(self, text: str) -> PostmortemQuerySet:
        """Those with `text` in title or body, or about the incident #12."""
        found = Q(title__icontains=text) | Q(body__icontains=text)
        number = text.removeprefix("#")
        if number.isdecimal() and len(number) < 19:
            found |= Q(incident=int(number))
        return self.filter(found)


class Postmortem(models.Model):
    """What happened and what will change. Every save is a version."""

    class Status(models.TextChoices):
        DRAFT = "draft", "Draft"
        IN_REVIEW = "in_review", "In review"
        APPROVED = "approved", "Approved"
        PUBLISHED = "published", "Published"

    incident = models.OneToOneField(Incident, models.PROTECT, related_name="postmortem")
    status = models.CharField(max_length=9, choices=Status, default=Status.DRAFT)
    title = models.CharField(max_length=1024)
    body = models.TextField()
    version = models.PositiveIntegerField(default=1)
    created_by = models.ForeignKey(User, models.SET_NULL, null=True, related_name="+")
    created_at = models.DateTimeField()
    updated_at = models.DateTimeField()
    published_at = models.DateTimeField(null=True, blank=True)

    objects = PostmortemQuerySet.as_manager()

    class Meta:
        ordering = ["-updated_at"]
        constraints = [
            models.CheckConstraint(
                name="postmortem_published_at_iff_published",
                condition=Q(status="published", published_at__isnull=False)
                | (~Q(status="published") & Q(published_at=None)),
            )
        ]

    def __str__(self) -> str:
        return self.title

    def get_absolute_url(self) -> str:
        return reverse("postmortems:detail", args=[self.pk])

    @property
    def topic(self) -> str:
        """Where changes are announced to open pages."""
        return f"postmortem:{self.pk}"

    @property
    def may_be_edited(self) -> bool:
        return self.status != self.Status.PUBLISHED

    def keep_version(self, *, by: User, at: datetime) -> PostmortemVersion:
        """Add the text as it stands to the versions."""
        return self.versions.create(
            version=self.version, title=self.title, body=self.body, by=by, at=at
        )

    def write(self, *, title: str, body: str, by: User, at: datetime) -> None:
        """Save a new version of the text. An approved text that changes is in review
        again, for nobody has approved what it says now.

        Raises InvalidTransitionError when it is published.
        """
        if not self.may_be_edited:
            raise InvalidTransitionError(
                "It is published. Return it to draft to change it.",
                current=self.status,
            )
        self.title, self.body, self.updated_at = title, body, at
        self.version += 1
        self.save(update_fields=["title", "body", "updated_at", "version"])
        self.keep_version(by=by, at=at)
        if self.status == self.Status.APPROVED:
            self._move(ReviewStep.Act.CHANGED, by=by, at=at)

    def submit(self, *, by: User, at: datetime, note: str = "") -> None:
        self._move(ReviewStep.Act.SUBMITTED, by=by, at=at, note=note)

    def approve(self, *, by: User, at: datetime, note: str = "") -> None:
        self._move(ReviewStep.Act.APPROVED, by=by, at=at, note=note)

    def publish(self, *, by: User, at: datetime, note: str = "") -> None:
        self._move(ReviewStep.Act.PUBLISHED, by=by, at=at, note=note)

    def return_to_draft(self, *, by: User, at: datetime, note: str = "") -> None:
        self._move(ReviewStep.Act.RETURNED, by=by, at=at, note=note)

    def _move(
        self, act: ReviewStep.Act, *, by: User, at: datetime, note: str = ""
    ) -> None:
        """Take the status that `act` leads to, and record the act.

        Raises InvalidTransitionError where it cannot follow (see LEADS).
        """
        status = LEADS[act].get(self.status)
        if status is None:
            now = self.get_status_display().lower()
            raise InvalidTransitionError(
                f"A postmortem that is {now} cannot be {act.label.lower()}.",
                current=self.status,
            )
        self.status = status
        self.published_at = at if status == self.Status.PUBLISHED else None
        self.updated_at = at
        self.save(update_fields=["status", "published_at", "updated_at"])
        self.steps.create(act=act, version=self.version, by=by, at=at, note=note)


class PostmortemVersion(models.Model):
    """The text as it was saved once. Added, never edited."""

    postmortem = models.ForeignKey(Postmortem, models.CASCADE, related_name="versions")
    version = models.PositiveIntegerField()
    title = models.CharField(max_length=1024)
    body = models.TextField()
    by = models.ForeignKey(User, models.SET_NULL, null=True, related_name="+")
    at = models.DateTimeField()

    class Meta:
        ordering = ["-version"]
        constraints = [
            models.UniqueConstraint(
                fields=["postmortem", "version"], name="postmortem_version_once"
            )
        ]

    def __str__(self) -> str:
        return f"version {self.version}"

    def get_absolute_url(self) -> str:
        return reverse("postmortems:version", args=[self.postmortem_id, self.version])


class ReviewStep(models.Model):
    """Who submitted, approved, published or returned which version. Never edited."""

    class Act(models.TextChoices):
        SUBMITTED = "submitted", "Submitted for review"
        APPROVED = "approved", "Approved"
        PUBLISHED = "published", "Published"
        RETURNED = "returned", "Returned to draft"
        CHANGED = "changed", "Changed after approval"

    postmortem = models.ForeignKey(Postmortem, models.CASCADE, related_name="steps")
    act = models.CharField(max_length=9, choices=Act)
    version = models.PositiveIntegerField()
    by = models.ForeignKey(User, models.SET_NULL, null=True, related_name="+")
    at = models.DateTimeField()
    note = models.CharField(max_length=2000, blank=True)

    class Meta:
        ordering = ["at", "pk"]

    def __str__(self) -> str:
        return f"{self.act} version {self.version}"


_Status, _Act = Postmortem.Status, ReviewStep.Act

# Which status each act leads to, from each status it can follow.
LEADS: dict[str, dict[str, str]] = {
    _Act.SUBMITTED: {_Status.DRAFT: _Status.IN_REVIEW},
    _Act.APPROVED: {_Status.IN_REVIEW: _Status.APPROVED},
    _Act.PUBLISHED: {_Status.APPROVED: _Status.PUBLISHED},
    _Act.RETURNED: {
        _Status.IN_REVIEW: _Status.DRAFT,
        _Status.APPROVED: _Status.DRAFT,
        _Status.PUBLISHED: _Status.DRAFT,
    },
    _Act.CHANGED: {_Status.APPROVED: _Status.IN_REVIEW},
}


class ActionItemQuerySet(models.QuerySet["ActionItem"]):
    def visible_to(self, user: User) -> ActionItemQuerySet:
        """Those of incidents this person may see."""
        if user.is_admin:
            return self
        return self.filter(incident__in=Incident.objects.visible_to(user).values("pk"))

    def open(self) -> ActionItemQuerySet:
        return self.filter(done_at=None)

    def overdue(self, *, today: date) -> ActionItemQuerySet:
        """Open ones whose day has passed; `today` is the reader's."""
        return self.open().filter(due_on__lt=today)

    def for_list(self) -> ActionItemQuerySet:
        """What a line of a list and the API show, the most pressing first, in one
        query. Those without a date come last."""
        rows = self.select_related("owner", "incident", "postmortem")
        return rows.order_by(F("due_on").asc(nulls_last=True), "pk")


class ActionItem(models.Model):
    """Something that will be done so that it does not happen again, or hurts less."""

    class Kind(models.TextChoices):
        PREVENT = "prevent", "Prevent"
        DETECT = "detect", "Detect sooner"
        MITIGATE = "mitigate", "Mitigate faster"
        PROCESS = "process", "Process"

    class Priority(models.TextChoices):
        HIGH = "high", "High"
        MEDIUM = "medium", "Medium"
        LOW = "low", "Low"

    title = models.CharField(max_length=300)
    kind = models.CharField(max_length=8, choices=Kind, default=Kind.PREVENT)
    priority = models.CharField(max_length=6, choices=Priority, default=Priority.MEDIUM)
    owner = models.ForeignKey(
        User, models.SET_NULL, null=True, blank=True, related_name="action_items"
    )
    due_on = models.DateField(null=True, blank=True)
    incident = models.ForeignKey(Incident, models.PROTECT, related_name="action_items")
    postmortem = models.ForeignKey(
        Postmortem, models.SET_NULL, null=True, blank=True, related_name="action_items"
    )
    created_by = models.ForeignKey(User, models.SET_NULL, null=True, related_name="+")
    created_at = models.DateTimeField()
    done_at = models.DateTimeField(null=True, blank=True)

    objects = ActionItemQuerySet.as_manager()

    class Meta:
        ordering = ["due_on", "pk"]
        indexes = [
            models.Index(
                fields=["due_on"], name="action_item_open", condition=Q(done_at=None)
            )
        ]

    def __str__(self) -> str:
        return self.title

    def get_absolute_url(self) -> str:
        return reverse("postmortems:action", args=[self.pk])

    @property
    def is_done(self) -> bool:
        return self.done_at is not None

    def is_overdue(self, *, today: date) -> bool:
        return not self.is_done and self.due_on is not None and self.due_on < today

    def finish(self, *, at: datetime) -> bool:
        """Return False if it was done already."""
        if self.is_done:
            return False
        self.done_at = at
        self.save(update_fields=["done_at"])
        return True

    def reopen(self) -> bool:
        """Return False if it is open already."""
        if not self.is_done:
            return False
        self.done_at = None
        self.save(update_fields=["done_at"])
        return True
