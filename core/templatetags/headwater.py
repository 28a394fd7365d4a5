"""How times, spans and people are written on every page.

Each filter is plain string work: fifty rows of them cost about a millisecond.
Relative words here and in `static/js/when.js` must agree, because the script
keeps counting where the server stopped.
"""

from datetime import UTC, datetime, timedelta
from zlib import crc32

from django import template
from django.utils import timezone
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString

register = template.Library()

MINUTE, HOUR, DAY = 60, 3600, 86400
HUES = 8
UNDO_PREFIX = "undo="


@register.filter
def duration(span: timedelta | float | None) -> str:
    """Return a span (or seconds) in its two largest units: "1 h 12 min", "3 d 4 h".

    Under a minute it is seconds; None is an en dash; negative spans count as zero.
    """
    if span is None:
        return "–"
    seconds = span.total_seconds() if isinstance(span, timedelta) else float(span)
    total = max(0, int(seconds))
    if total < MINUTE:
        return f"{total} s"
    if total < HOUR:
        return f"{total // MINUTE} min"
    if total < DAY:
        hours, minutes = divmod(total // MINUTE, 60)
        return f"{hours} h {minutes} min" if minutes else f"{hours} h"
    days, hours = divmod(total // HOUR, 24)
    return f"{days} d {hours} h" if hours else f"{days} d"


def exact(at: datetime) -> str:
    """Return `at` in the reader's zone and in UTC, for the title of a <time>."""
    local = timezone.localtime(at)
    here = f"{local:%a} {local.day} {local:%b %Y, %H:%M:%S} {local.tzname()}"
    if local.utcoffset() == timedelta(0):
        return here
    utc = at.astimezone(UTC)
    day = "" if utc.date() == local.date() else f"{utc.day} {utc:%b}, "
    return f"{here} · {day}{utc:%H:%M:%S} UTC"


def relative(at: datetime, now: datetime) -> str:
    """Return "just now", "4 min ago", "in 3 h", "yesterday 14:20", "12 Mar 14:20"."""
    seconds = int((now - at).total_seconds())
    ahead, distance = seconds < 0, abs(seconds)
    if distance < MINUTE:
        return "in a moment" if ahead else "just now"
    if distance < DAY:
        count = (
            f"{distance // MINUTE} min" if distance < HOUR else f"{distance // HOUR} h"
        )
        return f"in {count}" if ahead else f"{count} ago"
    local, today = timezone.localtime(at), timezone.localtime(now)
    days = (local.date() - today.date()).days
    if abs(days) == 1:
        return f"{'tomorrow' if ahead else 'yesterday'} {local:%H:%M}"
    if 0 < days < 7 or -7 < days < 0:
        return f"{local:%a %H:%M}"
    if local.year == today.year:
        return f"{local.day} {local:%b %H:%M}"
    return f"{local.day} {local:%b %Y}"


@register.filter
def when(at: datetime | None, now: datetime | None = None) -> str | SafeString:
    """Render <time>: relative words, exact time on hover and on focus.

    `{{ incident.triggered_at|when }}`; pass `now` to have it counted from elsewhere.
    None is an en dash.
    """
    if at is None:
        return "–"
    return format_html(
        '<time class="when" datetime="{}" title="{}" data-when>{}</time>',
        at.astimezone(UTC).isoformat(timespec="seconds"),
        exact(at),
        relative(at, now or timezone.now()),
    )


@register.filter
def clock(at: datetime | None) -> str | SafeString:
    """Render <time> as HH:MM in the reader's zone: timelines and rungs of a day."""
    if at is None:
        return "–"
    return format_html(
        '<time class="when" datetime="{}" title="{}">{}</time>',
        at.astimezone(UTC).isoformat(timespec="seconds"),
        exact(at),
        f"{timezone.localtime(at):%H:%M}",
    )


@register.filter
def moment(at: datetime | None) -> str | SafeString:
    """Render <time> as "Tue 12 Mar 14:20" in the reader's zone: shifts, hand-offs."""
    if at is None:
        return "–"
    local = timezone.localtime(at)
    return format_html(
        '<time class="when" datetime="{}" title="{}">{}</time>',
        at.astimezone(UTC).isoformat(timespec="seconds"),
        exact(at),
        f"{local:%a} {local.day} {local:%b %H:%M}",
    )


@register.filter
def elapsed(since: datetime | None, until: datetime | None = None) -> str | SafeString:
    """Render how long it lasted, or has lasted so far (then it goes on counting).

    `{{ incident.impact_started_at|elapsed:incident.resolved_at }}`
    """
    if since is None:
        return "–"
    end = until or timezone.now()
    return format_html(
        '<time class="elapsed" datetime="PT{}S" title="since {}"{}>{}</time>',
        max(0, int((end - since).total_seconds())),
        exact(since),
        ""
        if until
        else format_html(
            ' data-since="{}"', since.astimezone(UTC).isoformat(timespec="seconds")
        ),
        duration(end - since),
    )


@register.filter
def initials(name: object) -> str:
    """Return up to two initials of a name or an e-mail address."""
    words = str(name or "").split("@")[0].replace(".", " ").replace("_", " ").split()
    if not words:
        return "?"
    letters = words[0][0] + (words[-1][0] if len(words) > 1 else "")
    return letters.upper()


@register.filter
def hue(name: object) -> int:
    """Return 0 to 7, always the same for the same name: the tint of a person."""
    return crc32(str(name).encode()) % HUES


@register.filter
def percent(share: float) -> str:
    """Return a share of 1 as an SVG length: 0.125 is "12.5%"."""
    return f"{float(share) * 100:.4g}%"


@register.filter
def middle(text: object, length: int = 32) -> str:
    """Cut the middle out of a long name, because both its ends identify it."""
    whole = str(text)
    if len(whole) <= length:
        return whole
    head = (length - 1) // 2
    return f"{whole[:head]}…{whole[-(length - 1 - head) :]}"


@register.filter
def breakable(zone: object) -> SafeString:
    """Return the name of a time zone that may go on after each of its slashes."""
    parts = ((part,) for part in str(zone).split("/"))
    return format_html_join(SafeString("/<wbr>"), "{}", parts)


@register.filter
def undo_url(extra_tags: str | None) -> str:
    """Return the address of extra_tags="undo=/incidents/7/undo/"; without one, ""."""
    for tag in (extra_tags or "").split():
        if tag.startswith(UNDO_PREFIX):
            return tag.removeprefix(UNDO_PREFIX)
    return ""
