"""The formats there are. Adding one is one line here."""


def choices() -> list[tuple[str, str]]:
    return [
        ("generic", "Generic JSON"),
        ("pagerduty", "PagerDuty Events v2"),
        ("alertmanager", "Alertmanager"),
        ("airflow", "Airflow"),
        ("openlineage", "OpenLineage"),
    ]
