"""What every chaos test needs: a load, people who answer, the truth afterwards, and
what arrived."""

import random
import threading
import time
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import LiteralString

import httpx
import psycopg

from tests.fakes.webhook import FakeWebhook, ReceivedRequest
from tests.processes import App
from tests.waiting import wait_until

GAP_SECONDS = 0.04
ACCEPTED_AFTERWARDS = 20
SETTLED_SECONDS = 90.0
ANSWERED_OF = 3  # one alert in three is acknowledged as soon as its page arrives
# What was claimed before an answer may still be on its way: the time from a claim to
# the last instant at which a sender may begin, and something for the way.
ON_THE_WAY_SECONDS = 5.0

_WEBHOOK_FOR_ADMIN = """
    INSERT INTO oncall_contactmethod
        (user_id, kind, address, position, delay, delays, verified_at, code_hash,
         code_tries)
    SELECT id, 'webhook', %s, 0, '0', '{}', now(), '', 0 FROM accounts_user
"""

# Two pages each, unless acknowledged, in two seconds: then the ladder is over.
_SHORT_LADDER = """
from datetime import timedelta
from accounts.models import User
from oncall.models import EscalationPolicy
policy = EscalationPolicy.objects.create(name="Short", is_default=True, repeats=0)
step = policy.steps.create(position=0, delay=timedelta(seconds=2))
for person in User.objects.all():
    step.targets.create(user=person)
"""

STORED = "SELECT dedup_key FROM alerts_alert WHERE dedup_key LIKE %s"
OWED = (
    "SELECT idempotency_key FROM oncall_notification "
    "WHERE urgent AND state <> 'cancelled' AND title LIKE %s"
)
UNFINISHED = f"{OWED} AND state IN ('due', 'sending')"
MARKED = (
    "SELECT idempotency_key FROM oncall_notification "
    "WHERE urgent AND answer_lost AND title LIKE %s"
)
WALKING = (
    "SELECT title FROM oncall_escalation WHERE state = 'running' AND title LIKE %s"
)
PAGED_AFTER_AN_ANSWER = (
    "SELECT title FROM oncall_escalation AS e JOIN oncall_page AS p"
    " ON p.escalation_id = e.id AND p.created_at > e.ended_at"
    " WHERE e.state = 'acknowledged' AND title LIKE %s"
)


@dataclass
class Outcome:
    """One run in figures. `doubled` counts pages that arrived more than once,
    `explained` those of them that Headwater itself knows may have been sent twice, as
    the answer was lost; `acknowledged` the alerts that were, `again` those of them
    that were paged about afterwards."""

    fault: str
    accepted: int
    stored: int
    owed: int
    sent: int
    doubled: int
    explained: int
    acknowledged: int
    again: int
    worst_delay: float

    def line(self) -> str:
        return (
            f"{self.fault:<34} accepted {self.accepted:>4}  owed {self.owed:>4}  "
            f"sent {self.sent:>4}  doubled {self.doubled:>3}  "
            f"marked {self.explained:>3}  acknowledged {self.acknowledged:>3}  "
            f"again {self.again}  "
            f"worst delay {self.worst_delay:5.1f} s"
        )


def table(outcomes: Iterable[Outcome]) -> list[str]:
    """A line for each fault over all its runs."""
    by_fault: dict[str, list[Outcome]] = defaultdict(list)
    for outcome in outcomes:
        by_fault[outcome.fault].append(outcome)
    lines = ["| fault | runs | owed | sent | lost | doubled | marked | worst delay |"]
    lines.append("| --- | ---: | ---: | ---: | ---: | ---: | ---: | ---: |")
    for fault, runs in by_fault.items():
        owed, sent = sum(r.owed for r in runs), sum(r.sent for r in runs)
        doubled, marked = sum(r.doubled for r in runs), sum(r.explained for r in runs)
        worst = max(r.worst_delay for r in runs)
        lines.append(
            f"| {fault} | {len(runs)} | {owed:,} | {sent:,} | {owed - sent} | "
            f"{doubled} | {marked} | {worst:.1f} s |"
        )
    return lines


def connect(app: App) -> "psycopg.Connection[tuple[object, ...]]":
    """A connection to the embedded database of the installation."""
    host = str(app.data / "postgres")
    return psycopg.connect(
        host=host, user="postgres", dbname="headwater", autocommit=True
    )


def prepare(app: App, provider: FakeWebhook) -> str:
    return prepare_address(app, provider.url)


def shorten_ladder(app: App) -> None:
    """Call after `prepare`, for runs that see every ladder to its end."""
    app.manage("shell", "-v", "0", "-c", _SHORT_LADDER)


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

    def run(self, is_over: threading.Event) -> None:
        """Send until `is_over`."""
        number = 0
        with httpx.Client(base_url=self.app.url, timeout=5) as client:
            while not is_over.is_set():
                number += 1
                self._send(client, f"{self.prefix}-{number}")
                is_over.wait(GAP_SECONDS)

    def _send(self, client: httpx.Client, name: str) -> None:
        try:
            answer = client.post(
                f"/in/{self.key}", json={"title": name, "dedup_key": name}
            )
        except httpx.HTTPError:
            return
        if answer.status_code == 202:
            self.accepted[name] = time.monotonic()


@dataclass
class Responder:
    """Acknowledges by the signed link, as soon as a page is there, and notes when."""

    app: App
    provider: FakeWebhook
    acknowledged: dict[str, float] = field(default_factory=dict)
    seen: int = 0

    def run(self, is_over: threading.Event) -> None:
        with httpx.Client(timeout=5) as client:
            while not is_over.wait(GAP_SECONDS):
                self._answer_all(client)

    def _answer_all(self, client: httpx.Client) -> None:
        for one in self.provider.requests[self.seen :]:
            name = page_title(one.json["title"])
            wanted = int(name.rpartition("-")[2]) % ANSWERED_OF == 0
            if wanted and name not in self.acknowledged:
                try:
                    answer = client.post(one.json["acknowledge_url"])
                except httpx.HTTPError:
                    return  # again, at the next turn
                if answer.status_code != 302:
                    return
                self.acknowledged[name] = time.monotonic()
            self.seen += 1


@contextmanager
def running(work: Callable[[threading.Event], None]) -> Iterator[None]:
    """On a thread, which is told when it is over."""
    is_over = threading.Event()
    thread = threading.Thread(target=work, args=[is_over])
    thread.start()
    try:
        yield
    finally:
        is_over.set()
        thread.join()


def run_with_fault(
    app: App,
    provider: FakeWebhook,
    *,
    key: str,
    fault: str,
    strike: Callable[[App], None],
    seed: str,
    prefix: str,
) -> Outcome:
    """Put the app under load, let the fault strike at a moment that `seed` decides,
    wait until all is settled, and count. Titles start with `prefix`."""
    provider.requests.clear()
    load = Load(app, key, prefix=prefix)
    responder = Responder(app, provider)
    moment = random.Random(seed).uniform(0.5, 2.5)  # noqa: S311
    with running(responder.run):
        with running(load.run):
            threading.Event().wait(moment)
            strike(app)
            before = len(load.accepted)
            wait_until(
                lambda: len(load.accepted) >= before + ACCEPTED_AFTERWARDS,
                seconds=SETTLED_SECONDS,
                what="alerts to be accepted again",
            )
        wait_until(
            lambda: set(load.accepted) <= titles(provider),
            seconds=SETTLED_SECONDS,
            what=lambda: f"pages of {set(load.accepted) - titles(provider)}",
        )
        for left in (WALKING, UNFINISHED):
            wait_for_none(app, load, left)
    wait_until(app.is_ready, seconds=SETTLED_SECONDS, what="the app to be ready")
    return count(app, provider, load, responder, fault)


def wait_for_none(app: App, load: Load, statement: LiteralString) -> None:
    wait_until(
        lambda: not told(app, load, statement),
        seconds=SETTLED_SECONDS,
        what=lambda: f"an end of {told(app, load, statement)}",
    )


def told(app: App, load: Load, statement: LiteralString) -> set[str]:
    """What a statement says about this run."""
    with connect(app) as database:
        return _column(database, statement, f"%{load.prefix}-%")


def titles(provider: FakeWebhook) -> set[str]:
    """The alerts that have arrived at the provider as pages."""
    return {page_title(one.json["title"]) for one in list(provider.requests)}


def page_title(title: str) -> str:
    """The alert's title out of a page's, which may say more: "[SEV3] #7 alert-3"."""
    return title.split()[-1]


def count(
    app: App, provider: FakeWebhook, load: Load, responder: Responder, fault: str
) -> Outcome:
    requests = [one for one in provider.requests if load.prefix in one.json["title"]]
    first: dict[str, float] = {}
    for one in requests:
        first.setdefault(page_title(one.json["title"]), one.at)
    arrivals = Counter(one.headers["idempotency-key"] for one in requests)
    doubled = {key for key, times in arrivals.items() if times > 1}
    owed = told(app, load, OWED)
    delays = [first[name] - at for name, at in load.accepted.items()]
    return Outcome(
        fault=fault,
        accepted=len(load.accepted),
        stored=len(set(load.accepted) & told(app, load, STORED)),
        owed=len(owed),
        sent=len(owed & set(arrivals)),
        doubled=len(doubled),
        explained=len(doubled & told(app, load, MARKED)),
        acknowledged=len(responder.acknowledged),
        again=len(
            told(app, load, PAGED_AFTER_AN_ANSWER) | paged_again(requests, responder)
        ),
        worst_delay=max(delays, default=0.0),
    )


def paged_again(requests: Iterable[ReceivedRequest], responder: Responder) -> set[str]:
    """What arrived although it had been acknowledged for some time."""
    answered = responder.acknowledged
    return {
        name
        for one in requests
        if (name := page_title(one.json["title"])) in answered
        and one.at > answered[name] + ON_THE_WAY_SECONDS
    }


def _column(
    database: "psycopg.Connection[tuple[object, ...]]",
    statement: LiteralString,
    own: str,
) -> set[str]:
    return {str(row[0]) for row in database.execute(statement, [own]).fetchall()}
