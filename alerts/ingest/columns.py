"""Columns of a batch as PostgreSQL's binary arrays.

psycopg adapts a list value by value in Python, about 3 microseconds each: more than
all else together that is done for a message. Format: `array_send` in
https://github.com/postgres/postgres/blob/master/src/backend/utils/adt/arrayfuncs.c
"""

from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from itertools import chain
from struct import Struct, pack
from typing import Any

import msgspec
from psycopg.adapt import AdaptersMap, Dumper
from psycopg.pq import Format

_EPOCH = datetime(2000, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)
_NULL = pack(">i", -1)
_length = Struct(">i").pack
_encode_json = msgspec.json.Encoder().encode


class Column:
    """One column of many rows. Each subclass is an array type of PostgreSQL."""

    __slots__ = ("data",)
    oid: int
    element_oid: int

    def __init__(self, data: bytes) -> None:
        self.data = data

    @classmethod
    def _of(cls, items: Sequence[bytes]) -> bytes:
        return cls._head(len(items)) + b"".join(
            chain.from_iterable((_length(len(item)), item) for item in items)
        )

    @classmethod
    def _head(cls, count: int, *, has_null: bool = False) -> bytes:
        if not count:
            return pack(">iii", 0, 0, cls.element_oid)
        return pack(">iiiii", 1, has_null, cls.element_oid, count, 1)


class Texts(Column):
    oid, element_oid = 1009, 25

    def __init__(self, values: Iterable[str]) -> None:
        super().__init__(self._of([value.encode() for value in values]))


class Blobs(Column):
    oid, element_oid = 1001, 17

    def __init__(self, values: Sequence[bytes]) -> None:
        super().__init__(self._of(values))


class Documents(Column):
    """jsonb: a version byte, then the text."""

    oid, element_oid = 3807, 3802

    def __init__(self, values: Iterable[Mapping[str, str]]) -> None:
        super().__init__(self._of([b"\x01" + _encode_json(value) for value in values]))


class Flags(Column):
    oid, element_oid = 1000, 16

    def __init__(self, values: Iterable[bool]) -> None:
        super().__init__(self._of([b"\x01" if value else b"\x00" for value in values]))


class Numbers(Column):
    oid, element_oid = 1016, 20

    def __init__(self, values: Sequence[int]) -> None:
        numbers = chain.from_iterable((8, value) for value in values)
        rows = pack(">" + "iq" * len(values), *numbers)
        super().__init__(self._head(len(values)) + rows)


class Instants(Column):
    """timestamptz; None is NULL."""

    oid, element_oid = 1185, 1184

    def __init__(self, values: Sequence[datetime | None]) -> None:
        rows = [
            _NULL if at is None else pack(">iq", 8, (at - _EPOCH) // _MICROSECOND)
            for at in values
        ]
        head = self._head(len(values), has_null=_NULL in rows)
        super().__init__(head + b"".join(rows))


class _ColumnDumper(Dumper):
    format = Format.BINARY

    def dump(self, obj: Any) -> bytes:
        data: bytes = obj.data
        return data


def register(adapters: AdaptersMap) -> None:
    """Let a connection or cursor take columns as parameters."""
    for kind in (Texts, Blobs, Documents, Flags, Numbers, Instants):
        dumper = type(f"{kind.__name__}Dumper", (_ColumnDumper,), {"oid": kind.oid})
        adapters.register_dumper(kind, dumper)
