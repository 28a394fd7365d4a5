"""Fixtures every test may ask for."""

import os
from collections.abc import Callable, Iterator
from datetime import timedelta

import pytest
from django.conf import settings
from django.test import Client, override_settings

from accounts.models import User
from oncall import queries
from tests.factories import make_user
from tests.processes import Prepared

pytest_plugins = ["tests.fakes.fixtures", "tests.ordering", "tests.server"]


@pytest.fixture(scope="session", autouse=True)
def _settings_of_tests() -> Iterator[None]:
    """Static files without the hashes that collecting them gives; a fast hasher."""
    settings.STATIC_ROOT.mkdir(parents=True, exist_ok=True)
    plain = {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"}
    with override_settings(
        STORAGES={**settings.STORAGES, "staticfiles": plain},
        PASSWORD_HASHERS=["django.contrib.auth.hashers.MD5PasswordHasher"],
    ):
        yield


@pytest.fixture(scope="session", autouse=True)
def _root_of_prepared_folder(tmp_path_factory: pytest.TempPathFactory) -> None:
    """One for all processes of a run, each of which has a folder in it."""
    own = tmp_path_factory.getbasetemp()
    Prepared.root = own.parent if "PYTEST_XDIST_WORKER" in os.environ else own


@pytest.fixture(autouse=True)
def _kept_from_no_other_test(monkeypatch: pytest.MonkeyPatch) -> None:
    """What a page costs hangs neither on the clock nor on the test before."""
    monkeypatch.setattr(queries, "_kept", None)
    monkeypatch.setattr(queries, "NAVIGATION_LIFETIME", timedelta(hours=1))


@pytest.fixture
def user(db: None) -> User:
    return make_user(role="responder", name="Robin Responder")


@pytest.fixture
def signed_in(client: Client, user: User) -> Client:
    """A browser-like client of `user`, a responder."""
    client.force_login(user)
    return client


@pytest.fixture
def sign_in() -> Callable[..., Client]:
    """Return a client signed in as a new person with the given values."""

    def _sign_in(**values: object) -> Client:
        client = Client()
        client.force_login(make_user(**values))
        return client

    return _sign_in
