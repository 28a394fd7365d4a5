"""Answers that many ask for at once."""

import asyncio
from typing import Any

from core.answers import KeptAnswers, may_be_kept
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
        body = (await receive())["body"]
        return await respond(send, status, b"%d" % self.asked + body)


async def ask(
    answers: KeptAnswers, path: str, body: bytes = b"", **headers: str
) -> tuple[int, bytes]:
    sent: list[Any] = []

    async def receive() -> dict[str, Any]:
        return {"type": "http.request", "body": body, "more_body": False}

    async def send(message: Any) -> None:
        sent.append(message)

    named = [(name.encode(), value.encode()) for name, value in headers.items()]
    method = "POST" if body else "GET"
    scope = {"method": method, "path": path, "query_string": b"", "headers": named}
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


def test_questions_with_the_same_body_cost_one_page_and_others_their_own() -> None:
    async def story() -> list[tuple[int, bytes]]:
        answers = KeptAnswers(page)
        return [
            await ask(answers, "/a", body) for body in (b" x", b" x", b" y", b" x", b"")
        ]

    page = Page()
    answered = asyncio.run(story())
    assert [body for _, body in answered] == [b"1 x", b"1 x", b"2 y", b"1 x", b"3"]


def test_only_short_questions_without_a_key_of_their_own_are_kept() -> None:
    def asked(method: str, *headers: tuple[bytes, bytes]) -> Scope:
        return {"method": method, "headers": list(headers)}

    length = (b"content-length", b"20")
    assert may_be_kept(asked("GET"))
    assert may_be_kept(asked("POST", length))
    assert not may_be_kept(asked("POST"))
    assert not may_be_kept(asked("POST", (b"content-length", b"9000000")))
    assert not may_be_kept(asked("POST", length, (b"idempotency-key", b"k")))
    assert not may_be_kept(asked("PUT", length))
