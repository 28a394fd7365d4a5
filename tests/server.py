"""The whole ASGI application on a real port, inside the test process.

It uses the test database through connections of its own, so tests that ask for it
commit for real (`transactional_db`).
"""

import threading
from collections.abc import Iterator
from contextlib import contextmanager

import httpx
import pytest
import uvicorn

from alerts.ingest.protocol import InletProtocol
from config.asgi import Application
from tests.waiting import BOUND_SECONDS, wait_until

__all__ = ["running_server", "server", "wait_until"]


@contextmanager
def running_server(application: Application | None = None) -> Iterator[str]:
    """Yield the address of a server that stops at the end."""
    config = uvicorn.Config(
        application or Application(),
        host="127.0.0.1",
        port=0,
        http=InletProtocol,
        log_config=None,
        access_log=False,
    )
    config.timeout_graceful_shutdown = 1
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    wait_until(lambda: server.started, what="the server to start")
    port = server.servers[0].sockets[0].getsockname()[1]
    try:
        yield f"http://127.0.0.1:{port}"
    finally:
        server.should_exit = True
        thread.join(BOUND_SECONDS)


@pytest.fixture
def server(transactional_db: None) -> Iterator[httpx.Client]:
    """An HTTP client of a running Headwater."""
    with running_server() as address, httpx.Client(base_url=address) as client:
        yield client
