"""Every delivery that is owed or was made."""

from __future__ import annotations

from datetime import datetime, timedelta
from urllib.parse import urlsplit

from django.db import models
from django.db.models import Q

from accounts.models import User
from oncall.models.contact import ContactMethod
from oncall.models.escalation import Notice, Page

INFORMS = 9
LONGEST_LEASE = timedelta(minutes=20)


class NotificationQuerySet(models.QuerySet["Notification"]):
    def lost(self, *, at: datetime) -> NotificationQuerySet:
        """Rows whose sender's lease has run out before it recorded the outcome.

        A lease that ends later than any could was taken by a clock that went wrong.
        """
        is_over = Q(lease_until__lte=at) | Q(lease_until__gt=at + LONGEST_LEASE)
        return self.filter(is_over, state=Notification.State.SENDING)


class Notification(models.Model):
    """One delivery of a page, of a step's notice to a channel, or of an update to
    somebody who is only informed.

    `idempotency_key` is the same for every try and unique over all rows, so
    nothing can be owed twice: "page:<page>:<method>", "incident:12:start:<e-mail>".
    `answer_lost` says that the provider was asked and we never heard what it answered:
    the line broke, or the sender died. It is tried again; `possibly_twice` is set then
    where the provider knows no idempotency key, so that it may arrive twice.
    `delivered_at` is when the provider said that it arrived, where it says so.
    Every change of its state writes a row in each index anew, so there are few.
    `rank` says what goes first when much is due: 1 to 4 the first pages about subjects
    of SEV1 to SEV4, 5 to 8 all later ones, 9 what only informs.
    """

    class State(models.TextChoices):
        DUE = "due", "Due"
        SENDING = "sending", "Sending"
        SENT = "sent", "Sent"
        FAILED = "failed", "Failed"
        CANCELLED = "cancelled", "Not needed"

    page = models.ForeignKey(
        Page, models.CASCADE, null=True, blank=True, related_name="notifications"
    )
    notice = models.ForeignKey(
        Notice,
        models.CASCADE,
        null=True,
        blank=True,
        related_name="notifications",
        db_index=False,
    )
    user = models.ForeignKey(  # people are deactivated, not deleted
        User, models.SET_NULL, null=True, blank=True, related_name="+", db_index=False
    )
    method = models.ForeignKey(
        ContactMethod, models.SET_NULL, null=True, blank=True, related_name="+"
    )
    subject = models.CharField(max_length=100, blank=True)
    channel = models.CharField(max_length=20)
    address = models.CharField(max_length=1000)
    title = models.CharField(max_length=1024)
    body = models.TextField(blank=True)
    url = models.CharField(max_length=2000, blank=True)
    urgent = models.BooleanField(default=False)
    rank = models.PositiveSmallIntegerField(default=INFORMS)
    idempotency_key = models.CharField(max_length=255)
    state = models.CharField(max_length=9, choices=State, default=State.DUE)
    created_at = models.DateTimeField()
    due_at = models.DateTimeField()
    lease_until = models.DateTimeField(null=True, blank=True)
    attempts = models.PositiveSmallIntegerField(default=0)
    first_attempt_at = models.DateTimeField(null=True, blank=True)
    sent_at = models.DateTimeField(null=True, blank=True)
    delivered_at = models.DateTimeField(null=True, blank=True)
    provider_id = models.CharField(max_length=300, blank=True)
    detail = models.TextField(blank=True)
    answer_lost = models.BooleanField(default=False, db_default=False)
    possibly_twice = models.BooleanField(default=False)

    objects = NotificationQuerySet.as_manager()

    class Meta:
        ordering = ["due_at", "pk"]
        constraints = [
            # As a constraint, it has no second index for searches by pattern.
            models.UniqueConstraint(
                fields=["idempotency_key"], name="notification_owed_once"
            ),
            models.CheckConstraint(
                name="notification_lease_iff_sending",
                condition=Q(state="sending", lease_until__isnull=False)
                | (~Q(state="sending") & Q(lease_until=None)),
            ),
            models.CheckConstraint(
                name="notification_sent_at_iff_sent",
                condition=Q(state="sent", sent_at__isnull=False)
                | (~Q(state="sent") & Q(sent_at=None)),
            ),
        ]
        indexes = [
            models.Index(
                fields=["rank", "due_at", "id"],
                name="notification_due",
                condition=Q(state="due"),
            ),
            models.Index(
                fields=["lease_until"],
                name="notification_leased",
                condition=Q(state="sending"),
            ),
            models.Index(fields=["subject"], name="notification_by_subject"),
            models.Index(
                fields=["notice"],
                name="notification_by_notice",
                condition=Q(notice__isnull=False),
            ),
            models.Index(
                fields=["provider_id"],
                name="notification_by_provider",
                condition=~Q(provider_id=""),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.channel} to {self.address}"

    @property
    def place(self) -> str:
        """The address without what is secret in it: of a URL its host, and nothing of
        one that is all secret."""
        if self.channel in ("apprise", "push"):
            return ""
        return urlsplit(self.address).hostname or self.address
