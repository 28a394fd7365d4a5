"""Signs of life of the engine."""

from django.db import models


class EngineHeartbeat(models.Model):
    """When each periodic duty last finished, for `/readyz` and the watchdog."""

    duty = models.CharField(max_length=40, unique=True)
    finished_at = models.DateTimeField()
    detail = models.CharField(max_length=300, blank=True)

    def __str__(self) -> str:
        return self.duty
