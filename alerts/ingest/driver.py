"""Runs the inlet's statements straight through libpq, which psycopg wraps.

psycopg's cursors look at each parameter, its type and the query anew, about 190
microseconds for a batch. Here a statement is prepared once for a connection, and all
goes in and out in binary. https://www.psycopg.org/psycopg3/docs/api/pq.html
"""

import asyncio
import re
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from functools import cache
from itertools import count
from typing import Any

import psycopg
from psycopg import pq
from psycopg.errors import lookup

from alerts.ingest.columns import EPOCH, Column

Connection = psycopg.AsyncConnection[tuple[Any, ...]]
Rows = list[tuple[Any, ...]]

_WELL = (pq.ExecStatus.TUPLES_OK, pq.ExecStatus.COMMAND_OK)


def _number(data: bytes) -> int:
    return int.from_bytes(data, signed=True)


def _instant(data: bytes) -> datetime:
    return EPOCH + timedelta(microseconds=_number(data))


# By the type's oid: int8, text, varchar, bool, timestamptz.
_READERS: dict[int, Callable[[bytes], Any]] = {
    20: _number,
    25: bytes.decode,
    1043: bytes.decode,
    16: b"\x01".__eq__,
    1184: _instant,
}


class Driver:
    """The statements of one connection that is in autocommit.

    The connection may be used in other ways, but not at the same time.
    """

    def __init__(self, connection: Connection) -> None:
        self.connection = connection
        self.names: dict[str, bytes] = {}

    async def fetch(self, sql: str, columns: Sequence[Column]) -> Rows:
        """Run a statement with `%s` for each column; return its rows.

        Raises psycopg.Error.
        """
        link = self.connection.pgconn
        name = self.names.get(sql)
        if name is None:
            name = b"inlet_%d" % len(self.names)
            oids = [column.oid for column in columns]
            await self._answer(lambda: link.send_prepare(name, _numbered(sql), oids))
            self.names[sql] = name
        data: list[pq.abc.Buffer | None] = [column.data for column in columns]
        formats = [pq.Format.BINARY] * len(data)
        answer = await self._answer(
            lambda: link.send_query_prepared(name, data, formats, pq.Format.BINARY)
        )
        return _rows_of(answer)

    async def _answer(self, send: Callable[[], None]) -> pq.abc.PGresult:
        """What came of the command that `send` gives to libpq."""
        exchange = _Exchange(self.connection.pgconn)
        send()
        results = await exchange.run(self.connection.fileno())
        for one in results:
            if one.status not in _WELL:
                raise _error_of(one)
        return results[-1]


class _Exchange:
    """One command on its way and the results that come of it."""

    __slots__ = ("answered", "link", "results")

    def __init__(self, link: pq.abc.PGconn) -> None:
        self.link = link
        self.results: list[pq.abc.PGresult] = []
        self.answered = asyncio.get_running_loop().create_future()

    async def run(self, descriptor: int) -> list[pq.abc.PGresult]:
        """Raises psycopg.OperationalError when the connection is lost."""
        loop = asyncio.get_running_loop()
        is_sent = self.link.flush() == 0
        loop.add_reader(descriptor, self._read)
        if not is_sent:
            loop.add_writer(descriptor, self._write, descriptor)
        try:
            await self.answered
        finally:
            loop.remove_reader(descriptor)
            if not is_sent:
                loop.remove_writer(descriptor)
        return self.results

    def _read(self) -> None:
        try:
            self.link.consume_input()
            while not self.answered.done() and not self.link.is_busy():
                result = self.link.get_result()
                if result is None:
                    self.answered.set_result(None)
                else:
                    self.results.append(result)
        except psycopg.Error as error:
            self._fail(error)

    def _write(self, descriptor: int) -> None:
        try:
            if self.link.flush() == 0:
                asyncio.get_running_loop().remove_writer(descriptor)
        except psycopg.Error as error:
            self._fail(error)

    def _fail(self, error: psycopg.Error) -> None:
        if not self.answered.done():
            self.answered.set_exception(error)


def _error_of(answer: pq.abc.PGresult) -> psycopg.Error:
    state = answer.error_field(pq.DiagnosticField.SQLSTATE) or b"XX000"
    text = answer.error_message.decode("utf-8", "replace").strip()
    try:
        return lookup(state.decode())(text)
    except KeyError:
        return psycopg.DatabaseError(text)


def _rows_of(answer: pq.abc.PGresult) -> Rows:
    columns = []
    for position in range(answer.nfields):
        read = _READERS[answer.ftype(position)]
        values = [answer.get_value(row, position) for row in range(answer.ntuples)]
        columns.append([None if data is None else read(data) for data in values])
    return list(zip(*columns, strict=True))


@cache
def _numbered(sql: str) -> bytes:
    """The statement with $1, $2 … for each %s, as libpq wants them."""
    numbers = count(1)
    return re.sub("%s", lambda _: f"${next(numbers)}", sql).encode()
