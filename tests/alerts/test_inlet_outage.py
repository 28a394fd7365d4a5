"""The database goes away during traffic: senders hear 503, and no 202 is lost."""

import time
from concurrent.futures import ThreadPoolExecutor

import httpx
import psycopg
from django.db import connection
from psycopg import sql

from alerts.models import Alert, Event
from config.asgi import connection_parameters
from tests.factories import make_integration
from tests.server import wait_until

KEY = "0123456789abcdef0123456789abcdef"
MARK = "headwater inlet"


def cut_connections() -> int:
    """Close the inlet's connections from the other side, as a restart would."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity "
            "WHERE application_name = %s AND datname = current_database()",
            [MARK],
        )
        return int(cursor.fetchone()[0])


def allow_connections(allowed: bool) -> None:
    """PostgreSQL takes this only from a connection to another database."""
    name = sql.Identifier(connection.settings_dict["NAME"])
    elsewhere = {**connection_parameters(), "dbname": "postgres"}
    with psycopg.connect(**elsewhere, autocommit=True) as outside:
        outside.execute(
            sql.SQL("ALTER DATABASE {} ALLOW_CONNECTIONS {}").format(
                name, sql.Literal(allowed)
            )
        )


def post(server: httpx.Client, key: str) -> httpx.Response:
    return server.post(f"/in/{KEY}", json={"title": "t", "dedup_key": key})


def test_every_202_is_there_after_connections_were_cut(server: httpx.Client) -> None:
    make_integration(KEY, rate_limit=0)
    post(server, "before")
    accepted: list[str] = []
    codes: set[int] = set()

    def send(number: int) -> None:
        answer = post(server, f"k{number}")
        codes.add(answer.status_code)
        if answer.status_code == 202:
            accepted.append(f"k{number}")

    with ThreadPoolExecutor(8) as pool:
        sent = [pool.submit(send, number) for number in range(400)]
        for _ in range(3):
            wait_until(lambda: cut_connections() > 0)
            time.sleep(0.1)  # lets traffic go on between two cuts
        for one in sent:
            one.result()
    assert codes <= {202, 503}
    wait_until(lambda: post(server, "afterwards").status_code == 202)
    stored = set(Alert.objects.values_list("dedup_key", flat=True))
    assert set(accepted) <= stored
    assert Event.objects.count() >= len(accepted)


def test_while_the_database_is_away_senders_are_told_to_come_again(
    server: httpx.Client,
) -> None:
    make_integration(KEY)
    assert post(server, "before").status_code == 202
    allow_connections(False)
    try:
        cut_connections()
        wait_until(lambda: post(server, "during").status_code == 503)
        answer = post(server, "during")
    finally:
        allow_connections(True)
    assert answer.status_code == 503
    assert answer.headers["Retry-After"] == "1"
    assert "send it again" in answer.json()["detail"]
    wait_until(lambda: post(server, "afterwards").status_code == 202)
