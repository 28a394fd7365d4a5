"""What feeds what, who said so, since when and until when."""

from __future__ import annotations

from datetime import datetime

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import F, Q

from catalog.models.asset import Asset


class Source(models.TextChoices):
    """Who told. Several may tell the same, and each is believed until it takes it
    back."""

    IMPORT = "import", "Bulk import"
    OPENLINEAGE = "openlineage", "OpenLineage"
    DBT = "dbt", "dbt"
    AIRFLOW = "airflow", "Airflow"
    SQL = "sql", "SQL"
    HAND = "hand", "By hand"


class ToldQuerySet(models.QuerySet["Edge"]):
    def current(self) -> ToldQuerySet:
        return self.filter(ended_at=None)

    def touching(self, asset: Asset) -> ToldQuerySet:
        """Those that begin or end at the asset."""
        return self.filter(Q(upstream=asset) | Q(downstream=asset))

    def as_of(self, at: datetime) -> ToldQuerySet:
        """Those that held at `at`."""
        return self.filter(Q(ended_at=None) | Q(ended_at__gt=at), first_seen_at__lte=at)


class Edge(models.Model):
    """`source` says that data flows from `upstream` to `downstream`.

    `origin` tells apart what a source has several of: the dbt project, the DAG. An
    edge is never deleted but ended, and one that comes back is a new row; so what
    held at any time can be told.
    """

    Source = Source

    upstream = models.ForeignKey(Asset, models.CASCADE, related_name="edges_down")
    downstream = models.ForeignKey(Asset, models.CASCADE, related_name="edges_up")
    source = models.CharField(max_length=12, choices=Source)
    origin = models.CharField(max_length=255, blank=True, default="")
    first_seen_at = models.DateTimeField()
    last_seen_at = models.DateTimeField()
    ended_at = models.DateTimeField(null=True, blank=True)

    objects = ToldQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["upstream", "downstream", "source", "origin"],
                name="edge_once_per_pair_and_origin",
                condition=Q(ended_at=None),
            ),
            models.CheckConstraint(
                name="edge_joins_two_assets", condition=~Q(upstream=F("downstream"))
            ),
            models.CheckConstraint(
                name="edge_ends_after_it_was_seen",
                condition=Q(ended_at=None) | Q(ended_at__gte=F("first_seen_at")),
            ),
        ]
        indexes = [
            models.Index(
                fields=["ended_at"],
                name="edge_ended",
                condition=Q(ended_at__isnull=False),
            ),
            models.Index(fields=["first_seen_at"], name="edge_first_seen"),
        ]

    def __str__(self) -> str:
        return f"{self.upstream_id} → {self.downstream_id}"


class Sighting(models.Model):
    """`source` knows the asset: since when, when last, and until when.

    An asset all of whose sightings have ended is gone, as far as anybody tells. One
    without sightings was made by hand or by an alert that named it. `feeds_itself`: it
    was told to, which no edge can say.
    """

    asset = models.ForeignKey(Asset, models.CASCADE, related_name="sightings")
    source = models.CharField(max_length=12, choices=Source)
    origin = models.CharField(max_length=255, blank=True, default="")
    first_seen_at = models.DateTimeField()
    last_seen_at = models.DateTimeField()
    ended_at = models.DateTimeField(null=True, blank=True)
    feeds_itself = models.BooleanField(default=False, db_default=False)

    class Meta:
        ordering = ["-last_seen_at"]
        constraints = [
            models.UniqueConstraint(
                fields=["asset", "source", "origin"],
                name="sighting_once_per_asset_and_origin",
            )
        ]
        indexes = [
            models.Index(fields=["source", "origin"], name="sighting_by_origin"),
        ]

    def __str__(self) -> str:
        return f"{self.asset_id} by {self.source}"


class ColumnMap(models.Model):
    """Which columns of `upstream` each column of `downstream` is made from.

    `columns` is {downstream column: [upstream columns]}; `everywhere` are the upstream
    columns that touch every row of it, in a join or a filter. Names are in lower
    case. Kept like edges: what is taken back or changed ends.
    """

    upstream = models.ForeignKey(Asset, models.CASCADE, related_name="column_maps_down")
    downstream = models.ForeignKey(Asset, models.CASCADE, related_name="column_maps_up")
    source = models.CharField(max_length=12, choices=Source)
    origin = models.CharField(max_length=255, blank=True, default="")
    columns = models.JSONField(default=dict)
    everywhere = models.JSONField(default=list)
    first_seen_at = models.DateTimeField()
    last_seen_at = models.DateTimeField()
    ended_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["upstream", "downstream", "source", "origin"],
                name="column_map_once_per_pair_and_origin",
                condition=Q(ended_at=None),
            )
        ]

    def __str__(self) -> str:
        return f"columns {self.upstream_id} → {self.downstream_id}"


class AssetSchema(models.Model):
    """The columns of a table as last told: [{"name", "type", "description"}]."""

    asset = models.OneToOneField(Asset, models.CASCADE, related_name="schema")
    columns = models.JSONField(default=list)
    source = models.CharField(max_length=12, choices=Source)
    seen_at = models.DateTimeField()

    def __str__(self) -> str:
        return f"schema of {self.asset_id}"


class SqlText(models.Model):
    """The SQL of a job or model, read for its lineage after it was kept.

    `digest` is that of `text` and `dialect`: the same text is read once. `problem`
    says why it could not be read.
    """

    class State(models.TextChoices):
        WAITING = "waiting", "Waiting to be read"
        READ = "read", "Read"
        FAILED = "failed", "Not understood"

    asset = models.OneToOneField(Asset, models.CASCADE, related_name="sql_text")
    source = models.CharField(max_length=12, choices=Source)
    origin = models.CharField(max_length=255, blank=True, default="")
    text = models.TextField()
    dialect = models.CharField(max_length=30, blank=True)
    digest = models.CharField(max_length=64)
    state = models.CharField(max_length=7, choices=State, default=State.WAITING)
    problem = models.CharField(max_length=300, blank=True)
    told_at = models.DateTimeField()
    read_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        indexes = [
            models.Index(
                fields=["id"], name="sql_text_waiting", condition=Q(state="waiting")
            ),
            models.Index(fields=["source", "origin", "state"], name="sql_by_origin"),
        ]

    def __str__(self) -> str:
        return f"SQL of {self.asset_id}"


class LineageVersion(models.Model):
    """One row. Its version rises in the transaction of every change to the graph."""

    version = models.BigIntegerField(default=0)
    changed_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.CheckConstraint(name="lineage_version_is_one_row", condition=Q(pk=1))
        ]

    def __str__(self) -> str:
        return str(self.version)


class LineageStep(models.Model):
    """What a version changed against the one before it.

    The arrays are (upstream id, downstream id) one after the other. A step that is
    not `is_complete` was too large to write down: read the whole graph again.
    """

    version = models.BigIntegerField(primary_key=True)
    after = models.BigIntegerField()
    added = ArrayField(models.BigIntegerField(), default=list)
    removed = ArrayField(models.BigIntegerField(), default=list)
    is_complete = models.BooleanField()

    def __str__(self) -> str:
        return f"{self.after} → {self.version}"
