"""Headwater as its users run it: real processes, a data folder of their own."""

import os
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import httpx
import psutil
import redis
from fasteners import InterProcessLock

from tests.waiting import wait_until

ROOT = Path(__file__).resolve().parent.parent
START_SECONDS = 120.0  # wide: the machine may be doing much else


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@dataclass
class App:
    """One installation. `start` may be called again after `kill` or `stop`."""

    data: Path
    environment: Mapping[str, str] = field(default_factory=dict)
    port: int = field(default_factory=free_port)
    is_prepared: bool = True  # begins as after a first start
    process: "subprocess.Popen[bytes] | None" = None

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def log(self) -> Path:
        return self.data / "app.log"

    def environ(self) -> dict[str, str]:
        kept = {k: v for k, v in os.environ.items() if k not in ("DATABASE_URL",)}
        return {
            **kept,
            "HEADWATER_DATA": str(self.data),
            "PORT": str(self.port),
            "ALLOW_PRIVATE_URLS": "true",
            "PAGE_URGENCY": "now,now,now,now",
            "MOST_PAGES": "0",
            **self.environment,
        }

    def start(self) -> "App":
        """Run `manage.py up` and return once it is ready."""
        self.data.mkdir(parents=True, exist_ok=True)
        if self.is_prepared and not (self.data / "postgres").exists():
            Prepared.copy_to(self.data)
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(
                [sys.executable, "manage.py", "up"],
                cwd=ROOT,
                env=self.environ(),
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        try:
            wait_until(self.is_ready, seconds=START_SECONDS, what=self.log.read_text)
        except BaseException:
            self.stop()  # whoever asked has no app to stop
            raise
        return self

    def is_ready(self) -> bool:
        assert self.process is not None
        assert self.process.poll() is None, self.log.read_text()[-3000:]
        try:
            return httpx.get(f"{self.url}/readyz", timeout=5).status_code == 200
        except httpx.HTTPError:
            return False

    def manage(self, *arguments: str, **environment: str) -> str:
        """Run a management command beside the app; return its output."""
        done = subprocess.run(
            [sys.executable, "manage.py", *arguments],
            cwd=ROOT,
            env={**self.environ(), **environment},
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    def make_admin(self, email: str = "admin@example.com") -> str:
        """Make an admin; return an API token of theirs."""
        self.manage(
            "createsuperuser",
            "--noinput",
            DJANGO_SUPERUSER_EMAIL=email,
            DJANGO_SUPERUSER_PASSWORD="a-long-password",
        )
        return self.manage("token", email).strip().splitlines()[-1]

    def client(self, token: str) -> httpx.Client:
        headers = {"Authorization": f"Bearer {token}"}
        return httpx.Client(base_url=self.url, headers=headers, timeout=20)

    def children(self, word: str) -> list[psutil.Process]:
        """Running descendants whose command line contains `word`."""
        assert self.process is not None
        family = psutil.Process(self.process.pid).children(recursive=True)
        return [one for one in family if word in " ".join(one.cmdline())]

    def kill(self) -> None:
        """kill -9 of the process and of all it started, except PostgreSQL."""
        assert self.process is not None
        family = psutil.Process(self.process.pid).children(recursive=True)
        self.process.kill()
        self.process.wait()
        for child in family:
            if child.is_running() and child.name() != "postgres":
                child.kill()

    def stop(self) -> None:
        """Ctrl-C."""
        if self.process is None or self.process.poll() is not None:
            return
        self.process.send_signal(signal.SIGINT)
        try:
            self.process.wait(30)
        except subprocess.TimeoutExpired:
            self.kill()
            raise


class Prepared:
    """What a first start makes, made once for all tests of a run: the cluster, the
    tables, the static files. Tests of the first start itself make their own."""

    root: Path | None = None  # of all processes of a run of tests

    @classmethod
    def copy_to(cls, data: Path) -> None:
        if cls.root is None:
            return
        whole, making = cls.root / "prepared", cls.root / "making"
        with InterProcessLock(cls.root / "prepared.lock"):
            if not whole.exists():
                App(making, is_prepared=False).start().stop()
                making.rename(whole)
        # Python's own copies do not keep whose a file is, and PostgreSQL's may not be
        # ours.
        subprocess.run(["cp", "-a", f"{whole}/.", str(data)], check=True)


@contextmanager
def running_program(command: list[str], *, ready: str) -> Iterator[None]:
    """Run a server beside the app until it is no longer wanted; it has started when
    the address `ready` answers with 200."""
    process = subprocess.Popen(
        command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    try:
        wait_until(lambda: _is_well(ready), what=command[0])
        yield
    finally:
        process.terminate()
        process.wait()


def _is_well(url: str) -> bool:
    try:
        return httpx.get(url).status_code == 200
    except httpx.HTTPError:
        return False


@contextmanager
def running_redis(folder: Path) -> Iterator[str]:
    """A Redis of our own that keeps nothing on disk; yields its address."""
    port = free_port()
    process = subprocess.Popen(
        ["redis-server", "--port", str(port), "--save", "", "--dir", str(folder)],
        stdout=subprocess.DEVNULL,
    )
    url = f"redis://127.0.0.1:{port}/0"
    try:
        wait_until(lambda: _pongs(url), what="Redis")
        yield url
    finally:
        process.terminate()
        process.wait()


def _pongs(url: str) -> bool:
    try:
        return bool(redis.Redis.from_url(url).ping())
    except redis.ConnectionError:
        return False
