"""Which parts of a Markdown text are prose, and which are left alone.

Code, quotations, link targets, addresses and comments are covered up, in place,
so that every offset stays the offset in the original text. It is one pass with
bounded look-ahead: time grows with the length of the text and no faster.
"""

import re
from collections import defaultdict, deque

CODE = "\ufffc"  # code or an address: in a sentence it stands for a system
QUOTE = "\ufffb"  # somebody's own words
GAP = " "  # nothing: a link's target, a tag
BREAK = "\x1e"  # no sentence reaches across

_LINE = re.compile(r"[^\n]*\n?")
_FENCE = re.compile(r"[ \t]*(`{3,}|~{3,})")
_HEADING = re.compile(r" {0,3}#{1,6}(?:[ \t]|$)")
_LIST_ITEM = re.compile(r"[ \t]*(?:[-*+]|\d{1,9}[.)])[ \t]")
_QUOTED_LINE = re.compile(r"[ \t]*>")
_INDENTED = re.compile(r"(?: {4}|\t)")
_REFERENCE = re.compile(r" {0,3}\[[^\]\n]{1,200}\]:[ \t]*\S")
_INLINE = re.compile(
    r"""(?P<escape>\\[!-/:-@\[-`{-~])
      | (?P<ticks>`+)
      | (?P<target>\]\([^()\s]*+(?:\([^()\s]*+\)[^()\s]*+)*+
                   (?:[ ]+"[^"\n]{0,300}")?\))
      | (?P<url>(?:https?://|www\.)[^\s<>()\[\]"“”]++)
      | (?P<tag></?[A-Za-z][^<>\n]{0,500}>)
      | (?P<quote>["“”„«»‘’'])""",
    re.VERBOSE,
)
_CLOSERS = {'"': '"', "“": "”", "„": "“”", "«": "»", "»": "«", "‘": "’", "'": "'"}
_SINGLE_QUOTE_MAX_CHARS = 300  # beyond this it was an apostrophe
_STATE_FENCE, _STATE_QUOTE, _STATE_LIST = "fence", "quote", "list"


def cover(text: str) -> str:
    """Return `text`, same length, with everything that is not prose covered."""
    chars = list(text)
    _cover_comments(text, chars)
    _cover_blocks("".join(chars), chars)
    prose = "".join(chars)
    start = 0
    for match in re.finditer(f"{BREAK}+", prose):
        _cover_inline(prose, start, match.start(), chars)
        start = match.end()
    _cover_inline(prose, start, len(prose), chars)
    return "".join(chars)


def _fill(chars: list[str], start: int, end: int, with_: str) -> None:
    chars[start:end] = with_ * (end - start)


def _cover_comments(text: str, chars: list[str]) -> None:
    """Cover HTML comments that do not begin inside code."""
    fence = ""
    position = 0
    while position < len(text):
        line = _LINE.match(text, position)
        assert line is not None
        fence, was_fence = _next_fence(fence, line.group())
        opening = -1 if was_fence else _comment_start(text, position, line.end())
        if opening < 0:
            position = line.end()
            continue
        closing = text.find("-->", opening + 4)
        end = len(text) if closing < 0 else closing + 3
        _fill(chars, opening, end, GAP)
        if "\n" in text[opening:end]:
            chars[opening] = BREAK
        position = end


def _comment_start(text: str, start: int, end: int) -> int:
    opening = text.find("<!--", start, end)
    if opening >= 0 and text.count("`", start, opening) % 2:
        return -1
    return opening


def _next_fence(fence: str, line: str) -> tuple[str, bool]:
    """Return the fence that is open after `line`, and whether `line` is code."""
    match = _FENCE.match(line)
    if not fence:
        return (match.group(1), True) if match else ("", False)
    if match and match.group(1).startswith(fence) and not line[match.end() :].strip():
        return "", True
    return fence, True


def _cover_blocks(text: str, chars: list[str]) -> None:
    """Cover fenced and indented code, quotations and reference definitions."""
    fence = state = ""
    blank_before = True
    for match in _LINE.finditer(text):
        start, end, line = match.start(), match.end(), match.group()
        fence, is_code = _next_fence(fence, line)
        if is_code or not line.strip():
            _fill(chars, start, end, BREAK)
            state = state if state == _STATE_LIST and not is_code else ""
            blank_before = True
            continue
        state, covered = _block(line, state, blank_before)
        if covered:
            _fill(chars, start, end, BREAK)
        elif _HEADING.match(line) and line.endswith("\n"):
            chars[end - 1] = BREAK
        if _starts_block(line) and start:
            chars[start - 1] = BREAK
        # A line of indented code lets the next one be indented code too.
        blank_before = covered and state == ""


def _starts_block(line: str) -> bool:
    return bool(_HEADING.match(line) or _LIST_ITEM.match(line) or "|" in line)


def _block(line: str, state: str, blank_before: bool) -> tuple[str, bool]:
    """Return the kind of block `line` belongs to and whether to cover it."""
    if _QUOTED_LINE.match(line):
        return _STATE_QUOTE, True
    if _LIST_ITEM.match(line) and not (
        _INDENTED.match(line) and blank_before and state != _STATE_LIST
    ):
        return _STATE_LIST, False
    if _HEADING.match(line):
        return "", False
    if state == _STATE_QUOTE and not blank_before:
        return _STATE_QUOTE, True  # a lazy continuation of the quotation
    if _INDENTED.match(line):
        return state, blank_before and state != _STATE_LIST
    if state == _STATE_LIST and blank_before and not line[0].isspace():
        state = ""
    return state, bool(_REFERENCE.match(line))


def _cover_inline(text: str, start: int, end: int, chars: list[str]) -> None:
    """Cover code spans, addresses, link targets and quotations of a paragraph."""
    ticks: defaultdict[int, deque[int]] = defaultdict(deque)
    for run in re.compile("`+").finditer(text, start, end):
        ticks[run.end() - run.start()].append(run.start())
    quotes = _Quotes(text, start, end)
    position = start
    while match := _INLINE.search(text, position, end):
        position = match.end()
        kind = match.lastgroup
        if kind == "ticks":
            position = _cover_code(match, ticks, chars)
        elif kind == "url":
            _fill(chars, match.start(), match.end(), CODE)
        elif kind == "target" or kind == "tag":
            _fill(chars, match.start(), match.end(), GAP)
        elif kind == "quote":
            quotes.see(match.start())
    for opening, closing in quotes.spans:
        _fill(chars, opening, closing, QUOTE)


def _cover_code(
    run: re.Match[str], ticks: dict[int, deque[int]], chars: list[str]
) -> int:
    """Cover the code span that opens with `run`; return where to go on."""
    length = run.end() - run.start()
    starts = ticks[length]
    while starts and starts[0] < run.end():
        starts.popleft()
    if not starts:
        return run.end()
    end = starts.popleft() + length
    _fill(chars, run.start(), end, CODE)
    return end


class _Quotes:
    """Pairs quotation marks of one paragraph; one that is never closed is prose."""

    def __init__(self, text: str, start: int, end: int) -> None:
        self.spans: list[tuple[int, int]] = []
        self._text, self._start, self._end = text, start, end
        self._opening = -1

    def see(self, at: int) -> None:
        if self._opening < 0:
            if self._may_open(at):
                self._opening = at
            return
        opener = self._text[self._opening]
        is_single = opener in "‘'"
        if is_single and at - self._opening > _SINGLE_QUOTE_MAX_CHARS:
            self._opening = at if self._may_open(at) else -1
        elif self._text[at] in _CLOSERS[opener] and self._may_close(at):
            self.spans.append((self._opening, at + 1))
            self._opening = -1
        elif is_single and self._text[at] not in "‘’'" and self._may_open(at):
            self._opening = at  # a double quotation outranks a stray apostrophe

    def _may_open(self, at: int) -> bool:
        if self._text[at] not in _CLOSERS:
            return False
        before = self._text[at - 1] if at > self._start else " "
        after = self._text[at + 1] if at + 1 < self._end else " "
        return not before.isalnum() and not after.isspace()

    def _may_close(self, at: int) -> bool:
        after = self._text[at + 1] if at + 1 < self._end else " "
        return not self._text[at - 1].isspace() and not after.isalnum()
