"""Assets that became part of others."""

from __future__ import annotations

from django.db import models

from accounts.models import User
from catalog.models.asset import Asset


class MergedAsset(models.Model):
    """Where an asset went that was merged, so that its old address leads there.

    Its row is gone; `moved` is {what: how many} of what came along.
    """

    old_id = models.BigIntegerField(primary_key=True)
    into = models.ForeignKey(Asset, models.CASCADE, related_name="merged_assets")
    namespace = models.CharField(max_length=255)
    name = models.CharField(max_length=400)
    at = models.DateTimeField()
    by = models.ForeignKey(User, models.SET_NULL, null=True, related_name="+")
    moved = models.JSONField(default=dict)

    class Meta:
        ordering = ["-at"]

    def __str__(self) -> str:
        return f"{self.namespace} {self.name}"
