"""The formats there are. Adding one is one line here."""

from alerts.formats import airflow, alertmanager, dbt, generic, openlineage, pagerduty
from alerts.formats.base import Format

FORMATS: dict[str, Format] = {
    "generic": generic,
    "pagerduty": pagerduty,
    "alertmanager": alertmanager,
    "airflow": airflow,
    "openlineage": openlineage,
    "dbt": dbt,
}


def choices() -> list[tuple[str, str]]:
    """Return (name, label) of each format, for models and forms."""
    return [(name, format_.LABEL) for name, format_ in FORMATS.items()]
