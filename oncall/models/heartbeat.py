"""Signs of life of the engine."""

from django.db import models


class EngineHeartbeat(models.Model):
    """When each periodic duty last finished, for `/readyz` and the watchdog."""

    duty = models.CharField(max_length=40, unique=True)
    finished_at = models.DateTimeField()
    detail = models.CharField(max_length=300, blank=True)

    def __str__(self) -> str:
        return self.duty


class RestingProvider(models.Model):
    """A provider that a sending process leaves alone until then, as it has not answered
    several times in a row. Written for people and the watchdog to see; each process
    decides by what it has seen itself."""

    provider = models.CharField(max_length=300, unique=True)
    since = models.DateTimeField()
    until = models.DateTimeField()
    detail = models.CharField(max_length=300, blank=True)

    def __str__(self) -> str:
        return self.provider


class Finding(models.Model):
    """Something the watchdog found wrong and that is still so. `told_at` is when the
    fallback contact was told of it."""

    key = models.CharField(max_length=120, unique=True)
    text = models.CharField(max_length=500)
    since = models.DateTimeField()
    told_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["since", "key"]

    def __str__(self) -> str:
        return self.text
