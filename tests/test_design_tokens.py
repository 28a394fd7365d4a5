"""The design system holds: contrast in both themes, only tokens, no inline anything.

Contrast is WCAG 2.2: 4.5:1 for text (1.4.3), 3:1 for the edges of controls and for
marks that carry meaning (1.4.11). OKLCH to sRGB as in CSS Color 4, section 10.
"""

import re
from math import cos, radians, sin
from pathlib import Path

import pytest

from core.static_files import with_imports

ROOT = Path(__file__).resolve().parent.parent
CSS = ROOT / "static" / "css"
# Read as a file, and in a frame of other people's pages, so they carry their own
# styles; the policy of the frame names the hash of its style.
FILES = {
    ROOT / "templates" / "postmortems" / "export.html",
    ROOT / "templates" / "incidents" / "badge.html",
}
TEMPLATES = sorted(set((ROOT / "templates").rglob("*.html")) - FILES)
COMPONENTS = sorted((CSS / "components").glob("*.css"))
SHEETS = sorted(CSS.rglob("*.css"))

GROUNDS = ["ground", "surface", "raised", "sunken", "hover", "selected"]
MEANINGS = ["red", "orange", "amber", "green", "violet"]
TEXT_PAIRS = [
    *((ink, ground) for ink in ("ink", "ink-2") for ground in GROUNDS),
    *(("ink-3", ground) for ground in ("ground", "surface", "raised", "sunken")),
    *((ink, g) for ink in ("accent", *MEANINGS) for g in ("ground", "surface")),
    *((ink, g) for ink in ("red", "orange", "violet", "green") for g in GROUNDS[3:5]),
    *((name, f"{name}-wash") for name in (*MEANINGS, "accent")),
    *(("ink", f"{name}-wash") for name in (*MEANINGS, "accent")),
    *(("ink", f"hue-{n}") for n in range(8)),
    ("on-accent", "accent-fill"),
    ("on-accent", "accent-fill-hover"),
    ("on-red", "red-fill"),
    ("on-orange", "orange-fill"),
]
EDGE_PAIRS = [
    *((edge, g) for edge in ("line-firm", "focus") for g in ("ground", "surface")),
    *((edge, "surface") for edge in ("amber-line", "green-fill", "accent-fill")),
    ("focus", "selected"),
]


def tokens(theme: int) -> dict[str, tuple[float, float, float]]:
    """Return {name: linear sRGB} of the light (0) or dark (1) side of each colour."""
    text = (CSS / "tokens.css").read_text()
    found = {}
    for name, value in re.findall(r"--([\w-]+): ([^;]*oklch[^;]*);", text):
        sides = re.findall(r"oklch\(([\d.]+)% ([\d.]+) ([\d.]+)\)", value)
        if sides:
            lightness, chroma, hue = map(float, sides[min(theme, len(sides) - 1)])
            found[name] = linear_srgb(lightness / 100, chroma, radians(hue))
    return found


def linear_srgb(
    lightness: float, chroma: float, hue: float
) -> tuple[float, float, float]:
    a, b = chroma * cos(hue), chroma * sin(hue)
    long = (lightness + 0.3963377774 * a + 0.2158037573 * b) ** 3
    mid = (lightness - 0.1055613458 * a - 0.0638541728 * b) ** 3
    short = (lightness - 0.0894841775 * a - 1.2914855480 * b) ** 3
    channels = (
        4.0767416621 * long - 3.3077115913 * mid + 0.2309699292 * short,
        -1.2684380046 * long + 2.6097574011 * mid - 0.3413193965 * short,
        -0.0041960863 * long - 0.7034186147 * mid + 1.7076147010 * short,
    )
    red, green, blue = (min(1.0, max(0.0, channel)) for channel in channels)
    return red, green, blue


def contrast(
    one: tuple[float, float, float], other: tuple[float, float, float]
) -> float:
    low, high = sorted(
        0.2126 * red + 0.7152 * green + 0.0722 * blue
        for red, green, blue in (one, other)
    )
    return (high + 0.05) / (low + 0.05)


@pytest.mark.parametrize("theme", [0, 1], ids=["light", "dark"])
@pytest.mark.parametrize(
    ("pairs", "least"), [(TEXT_PAIRS, 4.5), (EDGE_PAIRS, 3.0)], ids=["text", "edges"]
)
def test_every_pair_of_colours_in_use_has_enough_contrast(
    theme: int, pairs: list[tuple[str, str]], least: float
) -> None:
    colours = tokens(theme)
    weak = {
        f"{one} on {other}": round(ratio, 2)
        for one, other in pairs
        if (ratio := contrast(colours[one], colours[other])) < least
    }
    assert weak == {}


def test_every_colour_has_a_day_and_a_night() -> None:
    text = (CSS / "tokens.css").read_text()
    single = re.findall(r"--([\w-]+): oklch", text)
    assert single == ["on-red", "on-orange"]  # the same by day and by night


@pytest.mark.parametrize("path", COMPONENTS, ids=lambda path: path.stem)
def test_components_take_their_colours_from_the_tokens(path: Path) -> None:
    raw = re.findall(r"oklch\(|rgba?\(|hsla?\(|:\s*#[0-9a-f]{3,8}\b", path.read_text())
    assert raw == []


def test_every_stylesheet_is_loaded_and_every_token_used_exists() -> None:
    app = (CSS / "app.css").read_text()
    sheets = {str(path.relative_to(CSS)) for path in CSS.rglob("*.css")} - {"app.css"}
    assert set(re.findall(r'url\("([^"]+)"\)', app)) == sheets
    whole = "".join((CSS / sheet).read_text() for sheet in sheets)
    defined = set(re.findall(r"(--[\w-]+)\s*:", whole))
    assert set(re.findall(r"var\((--[\w-]+)", whole)) - defined == set()


@pytest.mark.parametrize(
    "path", TEMPLATES, ids=lambda path: str(path.relative_to(ROOT / "templates"))
)
def test_templates_hold_nothing_the_content_policy_forbids(path: Path) -> None:
    text = re.sub(r"\{%.*?%\}", "", path.read_text())
    assert re.findall(r"<style\b|\sstyle=|\son[a-z]+=|\shx-on[:=-]", text) == []
    assert re.findall(r"<script(?![^>]*(?:\bsrc=|\bapplication/json))", text) == []


def test_the_collected_sheet_holds_what_it_imported_in_the_same_layers() -> None:
    sheets = {"a.css": "a {}\n", "print.css": "p {}\n"}
    app = (
        '@import url("a.css") layer(base);\n'
        '@import url("print.css") layer(utilities) print;\n'
    )
    assert with_imports(app, read=sheets.__getitem__) == (
        "@layer base {\na {}\n}\n@media print {\n@layer utilities {\np {}\n}\n}\n"
    )


def test_collecting_leaves_no_import_behind() -> None:
    app = (CSS / "app.css").read_text()
    whole = with_imports(app, read=lambda name: (CSS / name).read_text())
    assert "@import" not in whole
    assert ".btn--primary" in whole


def test_templates_use_only_classes_that_exist() -> None:
    known = set(re.findall(r"\.([a-zA-Z][\w-]*)", "".join(map(Path.read_text, SHEETS))))
    unknown = {
        f"{path.relative_to(ROOT / 'templates')}: {name}"
        for path in TEMPLATES
        for name in classes_of(path.read_text())
        if name not in known
    }
    assert unknown == set()


def classes_of(template: str) -> set[str]:
    """Return the class names a template writes whole, not those it composes."""
    text = re.sub(r"\{%.*?%\}", " ", re.sub(r"\{#.*?#\}", "", template))
    names = " ".join(re.findall(r'class="([^"]*)"', text)).split()
    return set(re.sub(r"\S*\{\{.*?\}\}\S*", "", " ".join(names)).split())
