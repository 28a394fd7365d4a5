"""Runs the WSGI application on threads behind the ASGI server.

Measured against a2wsgi's middleware, which hops between threads for every chunk:
2.5 times the requests a second (docs/decisions/001-server.md).
"""

import asyncio
import io
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any
from wsgiref.types import StartResponse, WSGIApplication

from a2wsgi.wsgi import build_environ

from core.asgi import BodyTooLargeError, Receive, Scope, Send, read_body, respond

Answer = tuple[int, list[tuple[bytes, bytes]], bytes]


class ThreadedPages:
    """An ASGI application that answers with a WSGI one, a thread a request."""

    def __init__(
        self,
        application: WSGIApplication,
        *,
        threads: int,
        body_limit: Callable[[str], int],
    ) -> None:
        self.application = application
        self.body_limit = body_limit
        self.threads = ThreadPoolExecutor(threads, thread_name_prefix="pages")

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        try:
            body = await read_body(receive, limit=self.body_limit(scope["path"]))
        except BodyTooLargeError:
            text = b'{"detail": "The body is larger than this address accepts."}'
            json_type = (b"content-type", b"application/json")
            return await respond(
                send, 413, text, [json_type, (b"connection", b"close")]
            )
        except ConnectionResetError:
            return None
        # Sent in one piece, so the length is known even when it came in chunks.
        stream = io.BytesIO(body)
        environ = build_environ(scope, stream)  # type: ignore[arg-type]  # a whole body
        environ["CONTENT_LENGTH"] = str(len(body))
        status, sent, content = await asyncio.get_running_loop().run_in_executor(
            self.threads, self._run, environ
        )
        await send({"type": "http.response.start", "status": status, "headers": sent})
        return await send({"type": "http.response.body", "body": content})

    def _run(self, environ: Any) -> Answer:
        started: list[tuple[str, list[tuple[str, str]]]] = []

        def start_response(
            status: str, headers: list[tuple[str, str]], exc_info: Any = None
        ) -> Callable[[bytes], object]:
            started.append((status, headers))
            return lambda _: None

        start: StartResponse = start_response
        chunks = self.application(environ, start)
        try:
            content = b"".join(chunks)
        finally:
            close = getattr(chunks, "close", None)
            if close is not None:
                close()
        status, headers = started[-1]
        encoded = [
            (name.lower().encode("latin-1"), value.encode("latin-1"))
            for name, value in headers
        ]
        return int(status.split(" ", 1)[0]), encoded, content
