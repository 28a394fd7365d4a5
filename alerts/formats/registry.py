"""The formats there are. Adding one is one line here."""

from alerts.formats import (
    airflow,
    alertmanager,
    dagster,
    datadog,
    dbt,
    elementary,
    generic,
    grafana,
    great_expectations,
    monte_carlo,
    openlineage,
    opsgenie,
    pagerduty,
    prefect,
    soda,
)
from alerts.formats.base import Format

FORMATS: dict[str, Format] = {
    "generic": generic,
    "pagerduty": pagerduty,
    "alertmanager": alertmanager,
    "grafana": grafana,
    "airflow": airflow,
    "dbt": dbt,
    "openlineage": openlineage,
    "great_expectations": great_expectations,
    "soda": soda,
    "dagster": dagster,
    "prefect": prefect,
    "elementary": elementary,
    "monte_carlo": monte_carlo,
    "datadog": datadog,
    "opsgenie": opsgenie,
}


def choices() -> list[tuple[str, str]]:
    """Return (name, label) of each format, for models and forms."""
    return [(name, format_.LABEL) for name, format_ in FORMATS.items()]
