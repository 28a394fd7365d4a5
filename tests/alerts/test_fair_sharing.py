"""A storm of one integration delays another's messages by a batch at most."""

from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from datetime import timedelta

import httpx
import pytest
from django.db import connection, transaction
from django.utils import timezone

from alerts.ingest import queues
from alerts.ingest.inlets import Bucket
from alerts.ingest.messages import Message
from alerts.ingest.queues import QueueFullError, Queues, Waiter
from alerts.models import Alert, Event, Integration, RefusedCount
from alerts.queries import inlet_states
from config.asgi import Application
from tests.factories import NOON, make_integration
from tests.server import running_server
from tests.waiting import wait_until

FLOODING, QUIET = "f" * 32, "a" * 32


def waiter(integration_id: int, body: bytes = b"{}") -> Waiter:
    message = Message(integration_id, NOON, "/in/…", body)
    return Waiter(message, lambda outcome: None)


def taken(line: Queues) -> list[int]:
    return [one.message.integration_id for one in line.take()]


def test_a_batch_takes_one_of_each_in_turn(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(queues, "BATCH_MESSAGES", 5)
    line = Queues()
    for integration_id in (1, 1, 1, 1, 1, 1, 2, 3, 3):
        line.put(waiter(integration_id))
    assert taken(line) == [1, 2, 3, 1, 3]
    assert taken(line) == [1, 1, 1, 1]
    assert not line


def test_a_large_message_is_taken_alone_and_bounds_what_may_wait() -> None:
    line = Queues(most_messages=100, most_bytes=10)
    line.put(waiter(1, b"x" * 50))
    with pytest.raises(QueueFullError):
        line.put(waiter(1))
    line.put(waiter(2))
    assert len(line.take()) == 2
    line.put(waiter(1))


class Storm:
    """A server whose committer is held up by a lock, so that messages gather."""

    def __init__(self, application: Application, client: httpx.Client) -> None:
        self.application, self.client = application, client
        self.pool = ThreadPoolExecutor(40)

    def post(self, key: str, dedup_key: str) -> "Future[httpx.Response]":
        body = {"title": "t", "dedup_key": dedup_key}
        return self.pool.submit(self.client.post, f"/in/{key}", json=body)

    def flood(self, count: int) -> "list[Future[httpx.Response]]":
        return [self.post(FLOODING, "hot") for _ in range(count)]

    @property
    def waiting(self) -> int:
        lanes = self.application.committer.queues.lanes.values()
        return sum(len(lane.waiting) for lane in list(lanes))

    @contextmanager
    def held_up(self) -> Iterator[None]:
        """Nobody's message is stored meanwhile: one of the flood waits for a lock."""
        with transaction.atomic():
            Alert.objects.select_for_update().get(dedup_key="hot")
            first = self.post(FLOODING, "hot")
            wait_until(self._waits_for_lock)
            yield
        first.result()

    @staticmethod
    def _waits_for_lock() -> bool:
        with connection.cursor() as cursor:
            cursor.execute(
                "SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock' "
                "AND application_name = 'headwater inlet'"
            )
            return bool(cursor.fetchone()[0])


@contextmanager
def storm(line: Queues) -> Iterator[Storm]:
    application = Application()
    application.committer.queues = line
    with (
        running_server(application) as address,
        httpx.Client(base_url=address, timeout=30) as client,
    ):
        make_integration(FLOODING, rate_limit=0)
        make_integration(QUIET)
        one = Storm(application, client)
        one.post(FLOODING, "hot").result()
        yield one


@pytest.mark.django_db(transaction=True)
def test_a_flood_of_one_key_is_overtaken_by_another(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(queues, "BATCH_MESSAGES", 4)
    with storm(Queues()) as one:
        with one.held_up():
            flood = one.flood(30)
            wait_until(lambda: one.waiting == 30)
            quiet = one.post(QUIET, "mine")
            wait_until(lambda: one.waiting == 31)
        codes = {answer.result().status_code for answer in [quiet, *flood]}
    assert codes == {202}
    mine = Event.objects.get(integration__key_prefix=QUIET[:4])
    before = Event.objects.filter(pk__lt=mine.pk).count()
    # The first one, the one that was held up, and at most one batch of the flood.
    assert before <= 2 + 4
    assert Event.objects.count() == 33


@pytest.mark.django_db(transaction=True)
def test_past_its_bound_a_flood_hears_429_which_is_counted_and_others_do_not() -> None:
    with storm(Queues(most_messages=5)) as one:
        with one.held_up():
            flood = one.flood(20)
            wait_until(lambda: sum(answer.done() for answer in flood) == 15)
            quiet = one.post(QUIET, "mine")
            wait_until(lambda: one.waiting == 6)
        answers = [answer.result() for answer in flood]
        assert quiet.result().status_code == 202
        wait_until(lambda: RefusedCount.objects.filter(reason="busy").exists())
    codes = sorted(answer.status_code for answer in answers)
    assert codes == [202] * 5 + [429] * 15
    refused = next(answer for answer in answers if answer.status_code == 429)
    assert int(refused.headers["Retry-After"]) >= 1
    inlet = Integration.objects.get(key_prefix=FLOODING[:4])
    at = RefusedCount.objects.get().minute
    assert inlet_states([inlet.pk], at=at)[inlet.pk].busy == 15


@pytest.mark.django_db(transaction=True)
def test_a_limit_is_one_for_all_web_processes_and_what_they_refuse_is_counted() -> None:
    inlet = make_integration(FLOODING, rate_limit=6)
    first, second = Application(), Application()
    with ExitStack() as stack:
        one, other = (
            stack.enter_context(httpx.Client(base_url=address, timeout=30))
            for address in (
                stack.enter_context(running_server(first)),
                stack.enter_context(running_server(second)),
            )
        )
        codes = [fire(other)] + [fire(one) for _ in range(4)]
        wait_until(lambda: second.inlets.buckets[inlet.pk].tokens < 2)
        codes += [fire(other) for _ in range(3)]
        wait_until(lambda: first.inlets.buckets[inlet.pk].tokens < 1)
        codes += [fire(one) for _ in range(2)]
        wait_until(lambda: _refused(inlet) == codes.count(429))
    assert codes.count(202) in (6, 7)  # one more came due if it took ten seconds
    assert codes.count(429) == len(codes) - codes.count(202)


def fire(client: httpx.Client) -> int:
    return client.post(f"/in/{FLOODING}", json={"title": "t"}).status_code


def _refused(inlet: Integration) -> int:
    at = timezone.now() + timedelta(minutes=1)
    return inlet_states([inlet.pk], at=at)[inlet.pk].over_rate


def test_what_processes_took_at_the_same_time_is_owed_for_a_minute_at_most() -> None:
    bucket = Bucket(per_minute=60)
    assert bucket.take(now=1.0) == 0.0
    bucket.take_elsewhere(1_000, now=1.0)
    assert bucket.take(now=1.0) == 61.0
    assert bucket.take(now=62.0) == 0.0
