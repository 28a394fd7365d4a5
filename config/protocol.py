"""What uvicorn's `--http` names. It is loaded before the application in each of several
web processes, so Django is set up here as well."""

from config.wsgi import application  # first: it sets Django up

# isort: split
from alerts.ingest.protocol import InletProtocol

__all__ = ["InletProtocol", "application"]
