"""What apps to the right of accounts may hear.

team_panels  sent while a team's page is drawn, with team (Team), user (User) and
             request (HttpRequest). Each receiver returns a list of parts to show on
             the page, as safe HTML.
team_holds   sent with team (Team): what stands in the way of deleting it. Each
             receiver returns a list of Holding, also for kinds of which there is none.
team_moving  sent with source and target (Team), in the transaction that gives all
             that `source` holds to `target`: what no Holding names goes along.
"""

from collections.abc import Callable
from dataclasses import dataclass

from django.dispatch import Signal

team_panels = Signal()
team_holds = Signal()
team_moving = Signal()


@dataclass(frozen=True, slots=True)
class Holding:
    """What a team holds of one kind: `one` is "asset", `many` is "assets". `url` is a
    list of them, or empty. `move` gives them all to another team: it takes its id."""

    one: str
    many: str
    number: int
    url: str
    move: Callable[[int], object]

    def __str__(self) -> str:
        return f"{self.number} {self.one if self.number == 1 else self.many}"
