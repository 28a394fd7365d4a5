"""The blameless document of an incident, its versions and its action items."""

from __future__ import annotations

from django.db import models
from django.db.models import Q
from django.urls import reverse

from accounts.models import User
from incidents.models import Incident


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

    class Meta:
        ordering = ["due_on", "pk"]
        indexes = [
            models.Index(
                fields=["due_on"], name="action_item_open", condition=Q(done_at=None)
            )
        ]

    def __str__(self) -> str:
        return self.title
