"""A postmortem's Markdown as HTML, for the page, the preview and the export."""

from __future__ import annotations

import re
from collections.abc import Iterable

from django.utils.safestring import SafeString, mark_safe

from core.markdown import render_markdown
from postmortems.blameless import Finding
from postmortems.models import ActionItem, Postmortem
from postmortems.outline import asking, finished, with_action_items
from postmortems.prose import escape

# Private-use characters: they pass through Markdown and nh3 as they are.
_OPEN, _NUMBERED, _CLOSE = "\ue000", "\ue001", "\ue002"
_NOT_OURS = str.maketrans(dict.fromkeys((_OPEN, _NUMBERED, _CLOSE), "\ufffd"))
_MARKED = re.compile(f"{_OPEN}(\\d+){_NUMBERED}([^<]*?){_CLOSE}")
_LEFT_OVER = re.compile(f"{_OPEN}\\d+{_NUMBERED}|{_CLOSE}")

# Lists of tasks, which plain Markdown does not know.
_BOX = re.compile(r"(<li>(?:\s*<p>)?)\[([ x])\] ")
_BOXES = {" ": "\N{BALLOT BOX}", "x": "\N{BALLOT BOX WITH CHECK}"}


def render_with_findings(body: str, findings: Iterable[Finding]) -> SafeString:
    """The text as it will look, with each finding marked as `#finding-<n>`.

    One whose text holds markup of its own is left unmarked.
    """
    pieces: list[str] = []
    at = 0
    for number, finding in enumerate(findings, start=1):
        pieces.append(body[at : finding.start].translate(_NOT_OURS))
        pieces.append(f"{_OPEN}{number}{_NUMBERED}{finding.text}{_CLOSE}")
        at = finding.end
    pieces.append(body[at:].translate(_NOT_OURS))
    html = _MARKED.sub(
        r'<mark class="finding" id="finding-\1">\2</mark>',
        render_markdown("".join(pieces)),
    )
    return mark_safe(_LEFT_OVER.sub("", html))  # noqa: S308  # cleaned before


def render_article(postmortem: Postmortem, items: Iterable[ActionItem]) -> SafeString:
    """The document as HTML. Until it is published it shows the questions it asks."""
    body = _with_items(postmortem, items)
    if postmortem.may_be_edited:
        body = asking(body)
    html = _BOX.sub(lambda box: f"{box[1]}{_BOXES[box[2]]} ", render_markdown(body))
    return mark_safe(html)  # noqa: S308  # cleaned before


def export_markdown(postmortem: Postmortem, items: Iterable[ActionItem]) -> str:
    """The whole document as Markdown, with its title as the first heading."""
    return f"# {escape(postmortem.title)}\n\n{_with_items(postmortem, items)}"


def _with_items(postmortem: Postmortem, items: Iterable[ActionItem]) -> str:
    """The body with the recorded action items where it says that there are none;
    what was left unanswered goes when it is published."""
    body = with_action_items(postmortem.body, [_line(item) for item in items])
    return body if postmortem.may_be_edited else finished(body)


def _line(item: ActionItem) -> str:
    parts = [
        item.get_kind_display().lower(),
        escape(str(item.owner)) if item.owner else "no owner",
        f"due {item.due_on.isoformat()}" if item.due_on else "no due date",
    ]
    box = "[x]" if item.is_done else "[ ]"
    return f"{box} {escape(item.title)} ({', '.join(parts)})"
