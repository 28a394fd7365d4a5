"""docs/operations.md lists exactly the settings that are read."""

import re
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
READ = re.compile(
    r"""(?:env(?:\.\w+)?|whole_number|yes_or_no|one_of|numbers_by_name)\(\s*"([A-Z][A-Z_]+)\"""",
)
LISTED = re.compile(r"^\| `([A-Z][A-Z_]+)`", re.MULTILINE)


def test_every_setting_is_documented_and_every_documented_one_is_read() -> None:
    read = {
        name
        for path in (ROOT / "config").glob("*.py")
        for name in READ.findall(path.read_text())
    }
    listed = set(LISTED.findall((ROOT / "docs" / "operations.md").read_text()))
    assert read == listed - {"TEST_DATABASE_NAME"} | (read & {"TEST_DATABASE_NAME"})
