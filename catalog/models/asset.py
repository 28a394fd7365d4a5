"""What can break: assets, their other names and their owners."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any

from django.contrib.postgres.indexes import GinIndex
from django.contrib.postgres.search import (
    SearchQuery,
    SearchVector,
    SearchVectorField,
)
from django.db import models
from django.db.models import Func, Q, Value
from django.db.models.functions import Concat, Lower
from django.urls import reverse
from django.utils import timezone

from accounts.models import Team


class AssetQuerySet(models.QuerySet["Asset"]):
    def bulk_create(
        self, objs: Iterable[Asset], *args: Any, **kwargs: Any
    ) -> list[Asset]:
        assets = list(objs)
        for asset in assets:
            asset.set_identity()
        return super().bulk_create(assets, *args, **kwargs)

    def for_list(self) -> AssetQuerySet:
        """What the list page and its API show, in two queries."""
        listed = self.select_related("team").prefetch_related("owners")
        return listed.defer("words")

    def failing_first(self) -> AssetQuerySet:
        return self.order_by("health", Lower("name"), "pk")

    def matching(self, text: str) -> AssetQuerySet:
        """Those whose name or namespace has words that begin with those of `text`.

        When there are none, those that hold `text` anywhere: slower, as no index
        helps, and seldom needed.
        """
        words = re.findall(r"[^\W_]+", text)
        if words:
            query = " & ".join(f"'{word}':*" for word in words)
            found = self.filter(
                words=SearchQuery(query, search_type="raw", config="simple")
            )
            if found.exists():
                return found
        return self.filter(identity__contains=text.strip().lower())

    def named(self, namespace: str, name: str) -> AssetQuerySet:
        """The asset with that name or alias, ignoring case and quotes: one or none."""
        identity = Asset.make_identity(namespace, name)
        known_as = AssetAlias.objects.filter(identity=identity).values("asset")
        return self.filter(Q(identity=identity) | Q(pk__in=known_as))


class Asset(models.Model):
    """A pipeline, task, dataset, dashboard, ML model or data product.

    Identified by (namespace, name) as OpenLineage names them.
    https://openlineage.io/docs/spec/naming

    `users`: about how many people use it, None where nobody has said.
    """

    class Type(models.TextChoices):
        PIPELINE = "pipeline", "Pipeline"
        TASK = "task", "Task"
        DATASET = "dataset", "Dataset"
        DASHBOARD = "dashboard", "Dashboard"
        MODEL = "model", "ML model"
        PRODUCT = "product", "Data product"
        SOURCE = "source", "Source"

    class Health(models.TextChoices):
        HEALTHY = "healthy", "Healthy"
        FAILING = "failing", "Failing"

    # As in `importers.base`. Together they keep an entry of identity's index under
    # PostgreSQL's 2,704 bytes; lower case may take two letters for one.
    namespace = models.CharField(max_length=255)
    name = models.CharField(max_length=400)
    identity = models.CharField(max_length=1311, unique=True, editable=False)
    type = models.CharField(max_length=9, choices=Type, default=Type.DATASET)
    tier = models.PositiveSmallIntegerField(default=3)
    users = models.PositiveIntegerField(null=True, blank=True)
    description = models.TextField(blank=True)
    url = models.URLField(max_length=2000, blank=True)
    team = models.ForeignKey(
        Team, models.SET_NULL, null=True, blank=True, related_name="assets"
    )
    health = models.CharField(max_length=7, choices=Health, default=Health.HEALTHY)
    health_since = models.DateTimeField(null=True, blank=True)
    badge_is_public = models.BooleanField(default=False)
    created_at = models.DateTimeField(default=timezone.now)
    # Stored, as the planner may rather read the table in order than the index.
    words = models.GeneratedField(
        expression=SearchVector(
            Func(
                Concat("name", Value(" "), "namespace"),
                Value("[[:punct:]]+"),
                Value(" "),
                Value("g"),
                function="regexp_replace",
                output_field=models.TextField(),
            ),
            config="simple",
        ),
        output_field=SearchVectorField(),
        db_persist=True,
    )

    objects = AssetQuerySet.as_manager()

    class Meta:
        ordering = ["name", "namespace"]
        constraints = [
            models.CheckConstraint(
                name="asset_tier_from_1_to_4", condition=Q(tier__gte=1, tier__lte=4)
            ),
        ]
        indexes = [
            models.Index(
                fields=["health"], name="asset_failing", condition=Q(health="failing")
            ),
            models.Index(Lower("name"), name="asset_name_folded"),
            models.Index("health", Lower("name"), "id", name="asset_failing_first"),
            GinIndex(fields=["words"], name="asset_words"),
        ]

    def __str__(self) -> str:
        return self.name

    def save(self, *args: Any, **kwargs: Any) -> None:
        self.set_identity()
        super().save(*args, **kwargs)

    def get_absolute_url(self) -> str:
        return reverse("catalog:detail", args=[self.pk])

    def set_identity(self) -> None:
        self.identity = self.make_identity(self.namespace, self.name)

    @staticmethod
    def make_identity(namespace: str, name: str) -> str:
        """One spelling for all: lower case, without quotes."""
        unquoted = name.replace('"', "").replace("`", "").replace("'", "")
        return f"{namespace.rstrip('/').lower()} {unquoted.lower()}"

    @property
    def kind(self) -> str:
        """The symbol of its type in `static/icons.svg`."""
        return {"model": "ml_model", "product": "data_product"}.get(
            self.type, self.type
        )

    @property
    def short_name(self) -> str:
        """The last part: fct_orders of db.marts.fct_orders and of lake/fct_orders."""
        return self.name.rsplit("/", 1)[-1].rsplit(".", 1)[-1] or self.name


class AssetAlias(models.Model):
    """Another name of an asset, such as dbt's for a table of the warehouse.

    No asset has an alias as its own name; `named` and the importers see to that.
    """

    asset = models.ForeignKey(Asset, models.CASCADE, related_name="aliases")
    namespace = models.CharField(max_length=255)
    name = models.CharField(max_length=400)
    identity = models.CharField(max_length=1311, unique=True, editable=False)

    class Meta:
        verbose_name_plural = "asset aliases"

    def __str__(self) -> str:
        return f"{self.namespace} {self.name}"


class AssetOwner(models.Model):
    """Somebody to tell when the asset is affected; needs no account."""

    asset = models.ForeignKey(Asset, models.CASCADE, related_name="owners")
    email = models.EmailField(max_length=254)

    class Meta:
        ordering = ["email"]
        constraints = [
            models.UniqueConstraint(
                "asset", Lower("email"), name="owner_once_per_asset"
            )
        ]

    def __str__(self) -> str:
        return self.email
