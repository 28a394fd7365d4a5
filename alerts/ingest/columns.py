"""Columns of a batch as PostgreSQL's binary arrays.

psycopg adapts a list value by value in Python, about 3 microseconds each: more than
all else together that is done for a message. Format: `array_send` in
https://github.com/postgres/postgres/blob/master/src/backend/utils/adt/arrayfuncs.c
"""

from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from itertools import chain, repeat
from struct import Struct, pack
from typing import Any

import msgspec
from psycopg.adapt import AdaptersMap, Dumper
from psycopg.pq import Format

EPOCH = datetime(2000, 1, 1, tzinfo=UTC)
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
        head = cls._head(len(items))
        if items and items.count(items[0]) == len(items):  # much of a batch is alike
            return head + (_length(len(items[0])) + items[0]) * len(items)
        return head + b"".join(
            chain.from_iterable([(_length(len(item)), item) for item in items])
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
        super().__init__(self._head(len(values)) + _eight_bytes_each(values))


class Instants(Column):
    """timestamptz; None is NULL."""

    oid, element_oid = 1185, 1184

    def __init__(self, values: Sequence[datetime | None]) -> None:
        head = self._head(len(values), has_null=None in values)
        told = _eight_bytes_each(
            [(at - EPOCH) // _MICROSECOND for at in values if at is not None]
        )
        if None in values:
            each = iter(told[start : start + 12] for start in range(0, len(told), 12))
            told = b"".join(_NULL if at is None else next(each) for at in values)
        super().__init__(head + told)


def _eight_bytes_each(values: Sequence[int]) -> bytes:
    sizes = repeat(8)
    return pack(
        ">" + "iq" * len(values),
        *chain.from_iterable(zip(sizes, values)),  # noqa: B905
    )


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
