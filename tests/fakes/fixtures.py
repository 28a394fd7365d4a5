"""Providers as fixtures: each runs for one test, with the settings that lead to it."""

from collections.abc import Iterator

import pytest
from pytest_django import Settings

from tests.fakes.smtp import FakeSMTP, running_smtp
from tests.fakes.webhook import FakeWebhook, running_webhook


@pytest.fixture
def smtp_server(settings: Settings) -> Iterator[FakeSMTP]:
    """A mail server, and EMAIL_* pointing to it."""
    with running_smtp() as smtp:
        settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
        settings.EMAIL_HOST = smtp.host
        settings.EMAIL_PORT = smtp.port
        settings.EMAIL_HOST_USER = settings.EMAIL_HOST_PASSWORD = ""
        settings.EMAIL_USE_TLS = settings.EMAIL_USE_SSL = False
        yield smtp


@pytest.fixture
def webhook_server(settings: Settings) -> Iterator[FakeWebhook]:
    """A webhook receiver, and private URLs allowed so that it may be reached."""
    with running_webhook() as webhook:
        settings.ALLOW_PRIVATE_URLS = True
        yield webhook
