"""Which days a calendar shows, as its address says."""

from calendar import monthrange
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta

VIEWS = {"two-weeks": "2 weeks", "four-weeks": "4 weeks", "month": "Month"}
FIRST_YEAR, LAST_YEAR = 1971, 2198


@dataclass(frozen=True, slots=True)
class Window:
    """`view` is one of VIEWS; a month begins on its first, weeks begin on a Monday.

    A month is drawn in whole weeks: from `drawn_first` on, `drawn_days` days.
    """

    view: str
    first: date
    days: int
    today: date

    @property
    def last(self) -> date:
        return self.first + timedelta(days=self.days - 1)

    @property
    def is_month(self) -> bool:
        return self.view == "month"

    @property
    def drawn_first(self) -> date:
        if not self.is_month:
            return self.first
        return self.first - timedelta(days=self.first.weekday())

    @property
    def drawn_days(self) -> int:
        if not self.is_month:
            return self.days
        last = self.last + timedelta(days=6 - self.last.weekday())
        return (last - self.drawn_first).days + 1

    @property
    def earlier(self) -> date:
        if self.is_month:
            return (self.first - timedelta(days=1)).replace(day=1)
        return self.first - timedelta(days=self.days)

    @property
    def later(self) -> date:
        return self.last + timedelta(days=1)

    @property
    def holds_today(self) -> bool:
        return self.first <= self.today <= self.last

    @property
    def views(self) -> list[tuple[str, str]]:
        return list(VIEWS.items())


def window_of(query: Mapping[str, str], today: date) -> Window:
    """Return what `view` and `from` ask for; four weeks from this one without them."""
    asked = query.get("view") or ""
    view = asked if asked in VIEWS else "four-weeks"
    first = _day(query.get("from"))
    if view == "month":
        first = (first or today).replace(day=1)
        return Window(view, first, monthrange(first.year, first.month)[1], today)
    monday = today - timedelta(days=today.weekday())
    return Window(view, first or monday, 14 if view == "two-weeks" else 28, today)


def _day(text: str | None) -> date | None:
    try:
        day = date.fromisoformat(text or "")
    except ValueError:
        return None
    return day if FIRST_YEAR <= day.year <= LAST_YEAR else None
