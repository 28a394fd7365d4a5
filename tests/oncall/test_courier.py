"""Many messages in one thread over open connections: each has its own fate."""

from collections import Counter
from collections.abc import Iterator
from datetime import timedelta

import pytest

from core.kept import Answer as Told
from core.kept import Exchange, Failure, KeptConnections
from oncall.models import Notification
from oncall.services.claimed import Claimed
from oncall.services.courier import Courier
from oncall.services.engine import claim
from oncall.services.escalations import Call, start_escalations
from oncall.services.recording import record
from oncall.services.sending import Senders
from tests.factories import NOON, make_policy, make_user
from tests.fakes.webhook import Answer, FakeWebhook
from tests.waiting import wait_until

OVER_NEW_LINES = 60  # more than go to one provider at once
Outcomes = dict[str, Told | Failure]


@pytest.fixture
def kept() -> Iterator[KeptConnections]:
    kept = KeptConnections()
    yield kept
    kept.close()


def begin(
    kept: KeptConnections, to: FakeWebhook, *, seconds: float = 30
) -> Exchange | None:
    return kept.begin(
        to.url, content=b"{}", headers={}, timeout_seconds=seconds, allow_private=True
    )


def post(kept: KeptConnections, to: FakeWebhook) -> None:
    kept.post(to.url, content=b"{}", headers={}, timeout_seconds=30, allow_private=True)


def open_two(kept: KeptConnections, to: FakeWebhook) -> None:
    to.keeps_alive = True
    post(kept, to)
    taken = begin(kept, to)
    assert taken is not None
    assert begin(kept, to) is None  # the only one is taken
    post(kept, to)
    taken.close()  # nothing was sent over it, so it is as good as before
    to.requests.clear()


def carry(kept: KeptConnections, to: FakeWebhook, *seconds: float) -> Outcomes:
    """What came of one message for each of `seconds`, its time limit."""
    limits = {str(number): limit for number, limit in enumerate(seconds)}
    ended: Outcomes = {}
    courier = Courier(
        begin=lambda one: begin(kept, to, seconds=limits[one.idempotency_key]),
        end=lambda one, result: ended.update({one.idempotency_key: result}),
    )
    courier.hand(Claimed.of(Notification(idempotency_key=key)) for key in limits)
    wait_until(lambda: len(ended) == len(seconds))
    return ended


def test_one_that_hangs_holds_up_no_other(
    kept: KeptConnections, webhook_server: FakeWebhook
) -> None:
    open_two(kept, webhook_server)
    webhook_server.answer = Answer(behaviour="hang")
    webhook_server.next_answers += [Answer()]
    ended = carry(kept, webhook_server, 3, 3)
    answers = [one for one in ended.values() if isinstance(one, Told)]
    late = [one for one in ended.values() if isinstance(one, TimeoutError)]
    assert (len(answers), len(late)) == (1, 1)
    assert answers[0].content == b"ok"


def test_an_answer_that_drips_ends_in_time(
    kept: KeptConnections, webhook_server: FakeWebhook
) -> None:
    open_two(kept, webhook_server)
    webhook_server.answer = Answer(behaviour="drip")
    ended = carry(kept, webhook_server, 0.3)
    assert isinstance(ended["0"], TimeoutError)


@pytest.mark.django_db(transaction=True)
def test_what_a_provider_says_is_recorded_whichever_way_it_went(
    webhook_server: FakeWebhook,
) -> None:
    webhook_server.keeps_alive = True
    webhook_server.next_answers += [Answer()] * OVER_NEW_LINES + [
        Answer(status=404),
        Answer(behaviour="cut"),
        Answer(status=500),
        Answer(status=503, headers={"Retry-After": "7"}),
    ]
    policy, ana = make_policy(), make_user()
    step = policy.steps.create(position=0, delay=timedelta(minutes=5))
    step.targets.create(user=ana)
    ana.contact_methods.create(
        kind="webhook", address=webhook_server.url, verified_at=NOON
    )
    calls = [Call(f"s{n}", f"s{n}", "", "", "SEV3", policy) for n in range(300)]
    start_escalations(calls, at=NOON)
    senders = Senders(claim=claim, record=record, now=lambda: NOON)
    senders.wake()
    rows = Notification.objects.all()
    unfinished = rows.filter(state="sending") | rows.filter(attempts=0)
    wait_until(lambda: not unfinished.exists())
    states = Counter(rows.values_list("state", "answer_lost"))
    assert states == {
        ("sent", False): 296,
        ("failed", False): 1,
        ("due", True): 2,
        ("due", False): 1,
    }
    keys = {one.headers["idempotency-key"] for one in webhook_server.requests}
    assert len(keys) == len(webhook_server.requests) == 300
