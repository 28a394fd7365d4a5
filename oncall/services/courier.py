"""Many messages on their way in one thread, over connections that are open already.

A thread for each costs more than the message itself: they wait for each other at every
step. What needs a new connection, or more than one request, is sent from a thread.
"""

from __future__ import annotations

import logging
import selectors
import socket
import threading
import time
from collections import deque
from collections.abc import Callable, Iterable

from core.kept import FAILURES, Answer, Exchange, Failure
from oncall.services.claimed import Claimed

logger = logging.getLogger(__name__)

REST_SECONDS = 0.5

Begin = Callable[[Claimed], Exchange | None]
End = Callable[[Claimed, Answer | Failure], None]


class Courier:
    """Its thread starts with the first message, and calls `begin` (None: somebody else
    sees to it) and then, once, `end` for each."""

    def __init__(self, *, begin: Begin, end: End) -> None:
        self.begin = begin
        self.end = end
        self.handed: deque[Claimed] = deque()
        # In the order they were begun, and so in that of their deadlines.
        self.under_way: dict[Exchange, Claimed] = {}
        self.starting = threading.Lock()
        self.thread: threading.Thread | None = None
        self.sleeps = False

    def hand(self, notifications: Iterable[Claimed]) -> None:
        """Take these over. Returns at once; safe to call from any thread."""
        self.handed.extend(notifications)
        with self.starting:
            if self.thread is None or not self.thread.is_alive():
                self.selector = selectors.DefaultSelector()
                self.bell, self.ear = socket.socketpair()
                self.ear.setblocking(False)
                self.selector.register(self.ear, selectors.EVENT_READ)
                self.thread = threading.Thread(
                    target=self._run, name="courier", daemon=True
                )
                self.thread.start()
        if self.sleeps:
            self.sleeps = False
            self.bell.send(b".")

    def _run(self) -> None:
        while True:
            try:
                self._set_out()
                self._go_on()
                self._give_up()
            except Exception:
                # What was claimed keeps its lease and is claimed again after it.
                logger.exception("the courier stumbled")
                time.sleep(REST_SECONDS)

    def _set_out(self) -> None:
        while self.handed:
            notification = self.handed.popleft()
            exchange = self.begin(notification)
            if exchange is not None:
                self._send_off(exchange, notification)

    def _send_off(self, exchange: Exchange, notification: Claimed) -> None:
        try:
            exchange.go_on()
        except FAILURES as error:
            exchange.close()
            self.end(notification, error)
            return
        waits_for = selectors.EVENT_WRITE if exchange.unsent else selectors.EVENT_READ
        self.under_way[exchange] = notification
        self.selector.register(exchange, waits_for)

    def _go_on(self) -> None:
        """Wait until something can be done, and do it."""
        self.sleeps = True
        ready = self.selector.select(0 if self.handed else self._patience())
        self.sleeps = False
        for key, _ in ready:
            if isinstance(key.fileobj, Exchange):
                self._step(key.fileobj)
            else:
                self.ear.recv(1024)

    def _patience(self) -> float | None:
        first = next(iter(self.under_way), None)
        return max(0.0, first.deadline - time.monotonic()) if first else None

    def _step(self, exchange: Exchange) -> None:
        was_sending = bool(exchange.unsent)
        try:
            answer = exchange.go_on()
        except FAILURES as error:
            self._finish(exchange, error)
            return
        if answer is not None:
            self._finish(exchange, answer)
        elif was_sending and not exchange.unsent:
            self.selector.modify(exchange, selectors.EVENT_READ)

    def _give_up(self) -> None:
        now = time.monotonic()
        for exchange in list(self.under_way):
            if exchange.deadline > now:
                return
            self._finish(exchange, TimeoutError("timed out"))

    def _finish(self, exchange: Exchange, result: Answer | Failure) -> None:
        self.selector.unregister(exchange)
        notification = self.under_way.pop(exchange)
        exchange.close()
        self.end(notification, result)
