"""What the language check says about one stretch of text."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

Level = Literal["blame", "advice"]


@dataclass(frozen=True, slots=True)
class Finding:
    """One marked stretch: `text == source[start:end]`, offsets in characters.

    `level` is "blame" where every guide agrees and "advice" where it is style.
    `kind` is a short slug for grouping. `suggestion` can stand in place of `text`.
    """

    start: int
    end: int
    text: str
    level: Level
    kind: str
    why: str
    suggestion: str


def without_overlaps(findings: Iterable[Finding]) -> list[Finding]:
    """Return the findings in order of place; of two that overlap the graver stays.

    Between equals the longer stays, because its rewording covers the other.
    """
    kept: list[Finding] = []
    for finding in sorted(findings, key=lambda f: (f.start, -f.end)):
        if not kept or kept[-1].end <= finding.start:
            kept.append(finding)
        elif _weight(finding) > _weight(kept[-1]):
            kept[-1] = finding
    return kept


def _weight(finding: Finding) -> tuple[bool, int]:
    return finding.level == "blame", finding.end - finding.start
