"""The bulk import of docs/api.md section 3: a whole catalog as one JSON document.

Pure reader: it checks every field, names each bad one by its path
(`assets[3].type`) and returns plain values. Nothing is accepted in part.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

from catalog.importers.base import (
    ASSET_TYPES,
    DESCRIPTION_LENGTH,
    NAME_LENGTH,
    NAMESPACE_LENGTH,
    OWNER_LENGTH,
    AssetKey,
    users_of,
)
from core.errors import InvalidInputError
from core.text import clean

URL_LENGTH = 2000
TEAM_LENGTH = 80
MAX_ERRORS = 100

_EMAIL = re.compile(r"[^@\s]+@[^@\s.]+(\.[^@\s.]+)*\Z")
_URL = re.compile(r"https?://[^\s/]+\S*\Z", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class DescribedAsset:
    """An asset as its sender describes it. None: not said."""

    namespace: str
    name: str
    type: str
    tier: int | None = None
    description: str | None = None
    url: str | None = None
    team: str | None = None
    owners: tuple[str, ...] | None = None
    users: int | None = None

    @property
    def key(self) -> AssetKey:
        return AssetKey(self.namespace, self.name)


@dataclass(frozen=True, slots=True)
class CatalogDocument:
    """What was read. Edges are (upstream, downstream); none joins a thing to itself:
    `loops` are those that do.

    `warnings` say what was left out and where it stood.
    """

    assets: tuple[DescribedAsset, ...] = ()
    edges: tuple[tuple[AssetKey, AssetKey], ...] = ()
    replace: bool = False
    warnings: tuple[str, ...] = ()
    loops: tuple[AssetKey, ...] = ()


def read_catalog(payload: object) -> CatalogDocument:
    """Return what the document says. Raises InvalidInputError."""
    reader = _Reader()
    document = reader.document(payload)
    if reader.errors:
        raise InvalidInputError(reader.errors)
    return document


class _Reader:
    """Reads on after a mistake, so that the sender hears of all of them at once."""

    def __init__(self) -> None:
        self.errors: dict[str, list[str]] = {}
        self.warnings: list[str] = []
        self.loops: list[AssetKey] = []

    def document(self, payload: object) -> CatalogDocument:
        if not isinstance(payload, dict):
            self.refuse("assets", "Must be in an object, beside edges or alone.")
            return CatalogDocument()
        if "assets" not in payload and "edges" not in payload:
            self.refuse("assets", "Give assets, edges or both.")
        replace = payload.get("replace", False)
        if not isinstance(replace, bool):
            self.refuse("replace", "Must be true or false.")
        return CatalogDocument(
            assets=tuple(
                asset
                for path, value in self.each(payload, "assets", "assets")
                if (asset := self.asset(path, value))
            ),
            edges=tuple(
                edge
                for path, value in self.each(payload, "edges", "edges")
                if (edge := self.edge(path, value))
            ),
            replace=replace is True,
            warnings=tuple(self.warnings[:MAX_ERRORS]),
            loops=tuple(dict.fromkeys(self.loops)),
        )

    def asset(self, path: str, value: dict[str, Any]) -> DescribedAsset | None:
        key = self.key(path, value)
        type_ = value.get("type")
        if not isinstance(type_, str) or type_ not in ASSET_TYPES:
            wanted = f"Must be one of {', '.join(ASSET_TYPES)}."
            self.refuse(f"{path}.type", wanted if "type" in value else _MISSING)
            type_ = ""
        tier = value.get("tier")
        if tier is not None and (type(tier) is not int or not 1 <= tier <= 4):
            self.refuse(f"{path}.tier", "Must be a whole number from 1 to 4.")
        users = value.get("users")
        if users is not None and (type(users) is not int or users_of(users) is None):
            self.refuse(f"{path}.users", "Must be a whole number, 0 or more.")
        description = self.text(path, value, "description", DESCRIPTION_LENGTH)
        url = self.text(path, value, "url", URL_LENGTH)
        if url and not _URL.match(url):
            self.refuse(f"{path}.url", "Must begin with http:// or https://.")
        team = self.text(path, value, "team", TEAM_LENGTH)
        owners = self.owners(path, value)
        if key is None or self.errors:
            return None
        return DescribedAsset(
            *key, type_, tier, description, url, team or None, owners, users
        )

    def edge(
        self, path: str, value: dict[str, Any]
    ) -> tuple[AssetKey, AssetKey] | None:
        ends = []
        for side in ("upstream", "downstream"):
            end = value.get(side)
            if isinstance(end, dict):
                ends.append(self.key(f"{path}.{side}", end))
            else:
                self.refuse(f"{path}.{side}", "Must be an object: namespace and name.")
        if len(ends) < 2 or ends[0] is None or ends[1] is None:
            return None
        if ends[0] == ends[1]:
            self.warnings.append(f"{path} joins an asset to itself and was left out.")
            self.loops.append(ends[0])
            return None
        return ends[0], ends[1]

    def key(self, path: str, value: dict[str, Any]) -> AssetKey | None:
        parts = []
        for field, limit in (("namespace", NAMESPACE_LENGTH), ("name", NAME_LENGTH)):
            text = self.text(path, value, field, limit)
            if text is not None and text.strip():
                parts.append(text)
            elif f"{path}.{field}" not in self.errors:
                missing = value.get(field) is None
                wanted = _MISSING if missing else "Must not be empty."
                self.refuse(f"{path}.{field}", wanted)
        return AssetKey(*parts) if len(parts) == 2 else None

    def owners(self, path: str, value: dict[str, Any]) -> tuple[str, ...] | None:
        owners = value.get("owners")
        if owners is None:
            return None
        if not isinstance(owners, list):
            self.refuse(f"{path}.owners", "Must be a list of e-mail addresses.")
            return None
        for number, owner in enumerate(owners):
            if not is_email(owner):
                self.refuse(f"{path}.owners[{number}]", "Must be an e-mail address.")
        return None if self.errors else tuple(owners)

    def text(
        self, path: str, value: dict[str, Any], field: str, limit: int
    ) -> str | None:
        """Return the text as it stands; one that cannot be stored is refused."""
        text = value.get(field)
        if text is None:
            return None
        wanted = _text_error(text, limit)
        if wanted:
            self.refuse(f"{path}.{field}", wanted)
            return None
        assert isinstance(text, str)
        return text

    def each(
        self, payload: dict[str, Any], field: str, path: str
    ) -> list[tuple[str, dict[str, Any]]]:
        values = payload.get(field, [])
        if not isinstance(values, list):
            self.refuse(path, "Must be a list.")
            return []
        found = []
        for number, value in enumerate(values):
            if len(self.errors) >= MAX_ERRORS:
                break
            if isinstance(value, dict):
                found.append((f"{path}[{number}]", value))
            else:
                self.refuse(f"{path}[{number}]", "Must be an object.")
        return found

    def refuse(self, path: str, wanted: str) -> None:
        if len(self.errors) < MAX_ERRORS:
            self.errors.setdefault(path, [wanted])


_MISSING = "This field is required."


def _text_error(text: object, limit: int) -> str:
    if not isinstance(text, str):
        return "Must be text."
    if len(text) > limit:
        return f"Must have at most {limit} characters."
    if clean(text, limit) != text:
        return "Must not hold control characters."
    return ""


def is_email(value: object) -> bool:
    """Whether it looks like an address; only sending to it can tell whether it is."""
    return (
        isinstance(value, str)
        and len(value) <= OWNER_LENGTH
        and clean(value, OWNER_LENGTH) == value
        and _EMAIL.match(value) is not None
    )
