"""How static files are stored for serving: hashed, compressed, one style sheet."""

import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from whitenoise.storage import (  # type: ignore[import-untyped]  # no stubs
    CompressedManifestStaticFilesStorage,
)

SHEET = "css/app.css"
IMPORT = re.compile(
    r'@import url\("(?P<name>[^"]+)"\) layer\((?P<layer>\w+)\)(?P<media>[^;]*);'
)


def with_imports(sheet: str, *, read: Callable[[str], str]) -> str:
    """Return `sheet` with every `@import url("x") layer(y)` replaced by what it loads.

    `@layer y { … }` gives the same cascade as the import does.
    """

    def loaded(match: re.Match[str]) -> str:
        block = f"@layer {match['layer']} {{\n{read(match['name'])}}}"
        media = match["media"].strip()
        return f"@media {media} {{\n{block}\n}}" if media else block

    return IMPORT.sub(loaded, sheet)


class OneSheetStorage(CompressedManifestStaticFilesStorage):  # type: ignore[misc]  # no stubs
    """Collects css/app.css with its imports put in, so that a page waits for one.

    Forty small files are forty requests on HTTP/1.1 and a second look after the first.
    While developing, the browser follows the imports and nothing needs building.
    """

    def post_process(
        self, paths: dict[str, tuple[Any, str]], dry_run: bool = False, **options: Any
    ) -> Iterator[tuple[str, str | None, bool | Exception]]:
        if SHEET in paths and not dry_run:
            source, name = paths[SHEET]
            folder = Path(source.path(name)).parent
            whole = with_imports(
                Path(source.path(name)).read_text(),
                read=lambda sheet: (folder / sheet).read_text(),
            )
            Path(self.path(SHEET)).write_text(whole)
            paths = {**paths, SHEET: (self, SHEET)}
        yield from super().post_process(paths, dry_run=dry_run, **options)
