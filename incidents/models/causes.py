"""What people said about suspected causes."""

from __future__ import annotations

from django.db import models

from accounts.models import User
from catalog.models import Asset


class CauseVerdict(models.Model):
    """A person's word on a suggested cause; kept, and measured.

    `rank` is the place the suggestion had, counted from 1; None when a person named
    an asset that was not suggested.
    """

    class Verdict(models.TextChoices):
        CONFIRMED = "confirmed", "That is it"
        REJECTED = "rejected", "It is not"

    incident = models.ForeignKey(
        "incidents.Incident", models.CASCADE, related_name="verdicts"
    )
    asset = models.ForeignKey(Asset, models.CASCADE, related_name="+")
    verdict = models.CharField(max_length=9, choices=Verdict)
    rank = models.PositiveSmallIntegerField(null=True, blank=True)
    by = models.ForeignKey(User, models.SET_NULL, null=True, related_name="+")
    at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["incident", "asset"], name="one_verdict_per_suspect"
            )
        ]

    def __str__(self) -> str:
        return f"{self.asset} {self.verdict}"
