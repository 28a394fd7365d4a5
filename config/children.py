"""Runs the parts of the program as processes and starts again the ones that end."""

import ctypes
import logging
import os
import signal
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

logger = logging.getLogger(__name__)

RESTART_SECONDS = 1.0
STOP_SECONDS = 10.0
PR_SET_PDEATHSIG = 1


def _prepare(niceness: int) -> None:
    """Ask Linux to end this child when its parent is killed (prctl(2)), and to let
    others go first when the processors are busy."""
    os.nice(niceness)
    if sys.platform != "linux":
        return
    ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGTERM)
    # Where sessions share the processors as groups, only the group's value counts:
    # sched(7), "The autogroup feature".
    with suppress(OSError):
        Path("/proc/self/autogroup").write_text(str(niceness))


@dataclass(slots=True)
class Child:
    name: str
    command: Sequence[str]
    niceness: int = 0
    process: "subprocess.Popen[bytes] | None" = None
    started_at: float = 0.0

    def start(self, environment: Mapping[str, str]) -> None:
        self.started_at = time.monotonic()
        self.process = subprocess.Popen(
            self.command,
            env=dict(environment),
            start_new_session=True,  # Ctrl-C reaches the parent alone, which stops us
            preexec_fn=partial(_prepare, self.niceness),
        )


@dataclass(slots=True)
class Children:
    """Keeps its children running until told to stop."""

    children: list[Child]
    is_stopping: bool = field(default=False)

    def run(self) -> None:
        """Block until `stop` is called, restarting what ends by itself."""
        for child in self.children:
            child.start(os.environ)
        while not self.is_stopping:
            for child in self.children:
                self._tend(child)
            time.sleep(0.1)
        self._end_all()

    def stop(self) -> None:
        self.is_stopping = True

    def _tend(self, child: Child) -> None:
        assert child.process is not None
        code = child.process.poll()
        if code is None or time.monotonic() - child.started_at < RESTART_SECONDS:
            return
        logger.warning("%s ended with %s and is started again", child.name, code)
        child.start(os.environ)

    def _end_all(self) -> None:
        running = [c.process for c in self.children if c.process is not None]
        for process in running:
            process.terminate()
        deadline = time.monotonic() + STOP_SECONDS
        for process in running:
            try:
                process.wait(max(0.1, deadline - time.monotonic()))
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
