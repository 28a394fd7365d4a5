"""Answers that many ask for at once."""

import asyncio
from typing import Any

from core.answers import KeptAnswers
from core.asgi import Receive, Scope, Send, respond


class Page:
    """Counts how often it is asked; a stranger is sent away from /closed."""

    def __init__(self) -> None:
        self.asked = 0

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        self.asked += 1
        await asyncio.sleep(0)
        cookies = [value for name, value in scope["headers"] if name == b"cookie"]
        if scope["path"] == "/closed" and not cookies:
            return await respond(send, 302, b"")
        status = 404 if scope["path"] == "/none" else 200
        return await respond(send, status, b"%d" % self.asked)


async def ask(answers: KeptAnswers, path: str, **headers: str) -> tuple[int, bytes]:
    sent: list[Any] = []

    async def receive() -> dict[str, Any]:
        return {"type": "http.request", "body": b"", "more_body": False}

    async def send(message: Any) -> None:
        sent.append(message)

    named = [(name.encode(), value.encode()) for name, value in headers.items()]
    scope = {"path": path, "query_string": b"", "headers": named}
    await answers(scope, receive, send)
    return sent[0]["status"], sent[1]["body"]


def test_those_who_ask_the_same_at_once_cost_one_page() -> None:
    async def many() -> list[tuple[int, bytes]]:
        answers = KeptAnswers(page)
        return list(await asyncio.gather(*(ask(answers, "/a") for _ in range(50))))

    page = Page()
    assert asyncio.run(many()) == [(200, b"1")] * 50


def test_what_changed_is_asked_again_even_while_it_is_being_asked() -> None:
    async def story() -> list[tuple[int, bytes]]:
        answers = KeptAnswers(page)
        first = asyncio.create_task(ask(answers, "/a"))
        while not page.asked:
            await asyncio.sleep(0)
        answers.forget()
        return [await first, await ask(answers, "/a"), await ask(answers, "/a")]

    page = Page()
    assert asyncio.run(story()) == [(200, b"1"), (200, b"2"), (200, b"2")]


def test_askers_with_other_tokens_or_a_session_are_told_apart() -> None:
    async def story() -> list[tuple[int, bytes]]:
        answers = KeptAnswers(page)
        return [
            await ask(answers, "/a", authorization="one"),
            await ask(answers, "/a", authorization="two"),
            await ask(answers, "/closed"),
            await ask(answers, "/closed", cookie="mine"),
            await ask(answers, "/closed"),
            await ask(answers, "/none"),
            await ask(answers, "/none"),
        ]

    page = Page()
    assert asyncio.run(story()) == [
        (200, b"1"),
        (200, b"2"),
        (302, b""),
        (200, b"4"),
        (302, b""),
        (404, b"5"),
        (404, b"6"),
    ]
