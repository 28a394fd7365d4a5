"""What every chaos test needs: a load, the truth afterwards, and what arrived."""

import random
import threading
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import LiteralString

import httpx
import psycopg

from tests.fakes.webhook import FakeWebhook
from tests.processes import App
from tests.waiting import wait_until

GAP_SECONDS = 0.04
ACCEPTED_AFTERWARDS = 20
SETTLED_SECONDS = 60.0

_WEBHOOK_FOR_ADMIN = """
    INSERT INTO oncall_contactmethod
        (user_id, kind, address, position, delay, delays, verified_at, code_hash,
         code_tries)
    SELECT id, 'webhook', %s, 0, '0', '{}', now(), '', 0 FROM accounts_user
"""

STORED = "SELECT dedup_key FROM alerts_alert WHERE dedup_key LIKE %s"
OWED = "SELECT idempotency_key FROM oncall_notification WHERE urgent AND title LIKE %s"
UNFINISHED = f"{OWED} AND state IN ('due', 'sending')"
MARKED = f"{OWED} AND answer_lost"


@dataclass
class Outcome:
    """One run in figures. `doubled` counts pages that arrived more than once,
    `explained` those of them that Headwater itself marks as possibly sent twice."""

    fault: str
    accepted: int
    stored: int
    owed: int
    sent: int
    doubled: int
    explained: int
    worst_delay: float

    def line(self) -> str:
        return (
            f"{self.fault:<28} accepted {self.accepted:>4}  stored {self.stored:>4}  "
            f"owed {self.owed:>4}  sent {self.sent:>4}  doubled {self.doubled:>3} "
            f"({self.explained} marked)  worst delay {self.worst_delay:5.1f} s"
        )


def connect(app: App) -> "psycopg.Connection[tuple[object, ...]]":
    """A connection to the embedded database of the installation."""
    host = str(app.data / "postgres")
    return psycopg.connect(
        host=host, user="postgres", dbname="headwater", autocommit=True
    )


def prepare(app: App, provider: FakeWebhook) -> str:
    return prepare_address(app, provider.url)


def prepare_address(app: App, url: str) -> str:
    """Make the one person who is paged, by webhook; return an inlet's key."""
    app.make_admin()
    with connect(app) as database:
        database.execute(_WEBHOOK_FOR_ADMIN, [url])
    return (app.data / "first_alert_key").read_text()


@dataclass
class Load:
    """Sends alerts, each an incident of its own, and notes which were accepted.

    Their names start with `prefix`, so that runs on one installation stay apart.
    """

    app: App
    key: str
    prefix: str
    accepted: dict[str, float] = field(default_factory=dict)
    is_over: threading.Event = field(default_factory=threading.Event)

    def run(self) -> None:
        """Send until `is_over`, a few minutes at most."""
        deadline = time.monotonic() + 2 * SETTLED_SECONDS
        number = 0
        with httpx.Client(base_url=self.app.url, timeout=5) as client:
            while not self.is_over.is_set() and time.monotonic() < deadline:
                number += 1
                self._send(client, f"{self.prefix}-{number}")
                self.is_over.wait(GAP_SECONDS)

    def _send(self, client: httpx.Client, name: str) -> None:
        try:
            answer = client.post(
                f"/in/{self.key}", json={"title": name, "dedup_key": name}
            )
        except httpx.HTTPError:
            return
        if answer.status_code == 202:
            self.accepted[name] = time.monotonic()


def run_with_fault(
    app: App,
    provider: FakeWebhook,
    *,
    key: str,
    fault: str,
    strike: Callable[[App], None],
    seed: int,
) -> Outcome:
    """Put the app under load, let the fault strike at a random moment, wait until all
    is settled, and count."""
    provider.requests.clear()
    load = Load(app, key, prefix=f"run{seed}")
    thread = threading.Thread(target=load.run)
    thread.start()
    load.is_over.wait(random.Random(seed).uniform(1.0, 4.0))  # noqa: S311
    strike(app)
    before = len(load.accepted)
    wait_until(app.is_ready, seconds=SETTLED_SECONDS, what="the app to be back")
    wait_until(
        lambda: len(load.accepted) >= before + ACCEPTED_AFTERWARDS,
        seconds=SETTLED_SECONDS,
        what="alerts to be accepted again",
    )
    load.is_over.set()
    thread.join()
    wait_until(
        lambda: set(load.accepted) <= titles(provider),
        seconds=SETTLED_SECONDS,
        what=lambda: f"pages of {set(load.accepted) - titles(provider)}",
    )
    wait_until(
        lambda: not unfinished(app, load), what="every page to be sent and recorded"
    )
    return count(app, provider, load, fault)


def unfinished(app: App, load: Load) -> set[str]:
    """Pages that are still to be sent, or whose sending is not recorded yet."""
    with connect(app) as database:
        return _column(database, UNFINISHED, f"%{load.prefix}-%")


def titles(provider: FakeWebhook) -> set[str]:
    """The alerts that have arrived at the provider as pages."""
    return {page_title(one.json["title"]) for one in list(provider.requests)}


def page_title(title: str) -> str:
    """The alert's title out of a page's, which may say more: "[SEV3] #7 alert-3"."""
    return title.split()[-1]


def count(app: App, provider: FakeWebhook, load: Load, fault: str) -> Outcome:
    requests = list(provider.requests)
    first: dict[str, float] = {}
    for one in requests:
        first.setdefault(page_title(one.json["title"]), one.at)
    arrivals = Counter(one.headers["idempotency-key"] for one in requests)
    doubled = {key for key, times in arrivals.items() if times > 1}
    own = f"%{load.prefix}-%"
    with connect(app) as database:
        stored = _column(database, STORED, own)
        owed = _column(database, OWED, own)
        marked = _column(database, MARKED, own)
    delays = [first[name] - at for name, at in load.accepted.items()]
    return Outcome(
        fault=fault,
        accepted=len(load.accepted),
        stored=len(set(load.accepted) & stored),
        owed=len(owed),
        sent=len(owed & set(arrivals)),
        doubled=len(doubled),
        explained=len(doubled & marked),
        worst_delay=max(delays, default=0.0),
    )


def _column(
    database: "psycopg.Connection[tuple[object, ...]]",
    statement: LiteralString,
    own: str,
) -> set[str]:
    return {str(row[0]) for row in database.execute(statement, [own]).fetchall()}
