"""A ready-made inlet, so that the first alert is one line to paste."""

from django.conf import settings
from django.utils import timezone

from accounts.models import hash_secret
from alerts.models import Integration
from alerts.services import create_integration, new_key
from config.environment import DATA_DIR

KEY_FILE = DATA_DIR / "first_alert_key"


def first_alert_command() -> str:
    """Return a curl line that fires an alert. Makes the inlet at the first start;
    its key is kept in the data folder, readable by the owner alone."""
    if not KEY_FILE.exists():
        KEY_FILE.touch(mode=0o600)
        KEY_FILE.write_text(new_key())
    key = KEY_FILE.read_text().strip()
    if not Integration.objects.filter(key_hash=hash_secret(key)).exists():
        create_integration(
            by=None, at=timezone.now(), key=key, name="First alert", format="generic"
        )
    return (
        f"curl {settings.PUBLIC_URL}/in/{key} "
        """-d '{"title": "orders_daily failed", "asset": """
        """{"namespace": "airflow", "name": "orders_daily"}}'"""
    )
