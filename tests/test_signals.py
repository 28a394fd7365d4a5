"""docs/architecture.md lists every signal there is, and no other."""

import re
from pathlib import Path

from tests.test_architecture import FLOORS, ROOT, source_files

DEFINED = re.compile(r"^(\w+) = Signal\(\)", re.MULTILINE)
LISTED = re.compile(r"^\| `(\w+)` \| `\w+` \|", re.MULTILINE)


def test_every_signal_is_documented() -> None:
    defined = {
        name
        for app in FLOORS
        for path in source_files(app)
        for name in DEFINED.findall(path.read_text())
    }
    text = Path(ROOT / "docs" / "architecture.md").read_text()
    assert defined == set(LISTED.findall(text))
