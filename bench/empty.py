"""A function that reads the body and answers: what the server alone can do."""

from core.asgi import Receive, Scope, Send, read_body, respond


async def application(scope: Scope, receive: Receive, send: Send) -> None:
    if scope["type"] == "http":
        await read_body(receive, limit=1 << 20)
        await respond(send, 202, b'{"status":"success"}')
