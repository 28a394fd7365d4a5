"""What the documentation says is there."""

import re
from pathlib import Path

import pytest

from alerts.formats.registry import FORMATS

ROOT = Path(__file__).resolve().parent.parent
PAGES = [
    ROOT / "README.md",
    ROOT / "deploy" / "README.md",
    *sorted((ROOT / "docs").rglob("*.md")),
]
FENCED = re.compile(r"^```.*?^```", re.MULTILINE | re.DOTALL)
LINK = re.compile(r"\]\(([^)\s]+)\)")
HEADING = re.compile(r"^#+ (.+)$", re.MULTILINE)
URL = "https://headwater.example.com/in/<key>"


def anchors(page: Path) -> set[str]:
    """What a link may name after "#", as code hosts make it of the headings."""
    headings = HEADING.findall(FENCED.sub("", page.read_text()))
    return {re.sub(r"[^\w -]", "", one).lower().replace(" ", "-") for one in headings}


def is_dead(page: Path, link: str) -> bool:
    path, _, anchor = link.partition("#")
    target = (page.parent / path).resolve() if path else page
    if not target.exists():
        return True
    return bool(anchor) and anchor not in anchors(target)


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_every_relative_link_leads_somewhere(page: Path) -> None:
    links = LINK.findall(FENCED.sub("", page.read_text()))
    relative = [link for link in links if "://" not in link]
    assert [link for link in relative if is_dead(page, link)] == []


def page_of(name: str) -> str:
    return (ROOT / "docs" / "integrations" / f"{name.replace('_', '-')}.md").read_text()


@pytest.mark.parametrize("name", FORMATS)
def test_each_format_has_a_page_with_the_lines_the_integration_page_gives(
    name: str,
) -> None:
    page = page_of(name)
    assert page.startswith(f"# {FORMATS[name].LABEL}\n")
    assert FORMATS[name].snippet(URL, "<key>").rstrip() in page
    for told in ("**Key", "sset", "everity"):
        assert told in page
