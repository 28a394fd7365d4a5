"""The figures on /metrics, read from the database when asked for."""

from collections.abc import Iterator

from django.db.models import Count
from django.utils import timezone
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.registry import Collector

from alerts.models import Alert
from incidents.models import Incident
from oncall.models import EngineHeartbeat, Escalation, Notification


class Measures(Collector):
    """Gauges over what is open, owed and late. Counts private incidents too, as the
    figures name none."""

    def describe(self) -> list[GaugeMetricFamily]:
        return []

    def collect(self) -> Iterator[GaugeMetricFamily]:
        yield _by_label(
            "headwater_incidents_open",
            "Open incidents",
            "severity",
            dict(
                Incident.objects.open()
                .order_by()
                .values_list("severity")
                .annotate(Count("pk"))
            ),
        )
        yield _by_label(
            "headwater_notifications",
            "Notifications that are not finished, and failed ones",
            "state",
            dict(
                Notification.objects.filter(state__in=["due", "sending", "failed"])
                .order_by()
                .values_list("state")
                .annotate(Count("pk"))
            ),
        )
        yield _one(
            "headwater_alerts_waiting",
            "Alerts that wait to be correlated",
            Alert.objects.changed().count(),
        )
        yield _one(
            "headwater_escalations_running",
            "Subjects somebody is being paged about",
            Escalation.objects.running().count(),
        )
        yield _by_label(
            "headwater_duty_age_seconds",
            "Seconds since a periodic duty last finished",
            "duty",
            {
                beat.duty: (timezone.now() - beat.finished_at).total_seconds()
                for beat in EngineHeartbeat.objects.all()
            },
        )


def _one(name: str, text: str, value: float) -> GaugeMetricFamily:
    return GaugeMetricFamily(name, text, value=value)


def _by_label(
    name: str, text: str, label: str, values: dict[str, float]
) -> GaugeMetricFamily:
    family = GaugeMetricFamily(name, text, labels=[label])
    for key, value in values.items():
        family.add_metric([key], value)
    return family
