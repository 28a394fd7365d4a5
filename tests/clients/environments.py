"""Other people's programs, each in a Python environment of its own.

An environment is made once from its lock file and kept under var/clients; a changed
lock makes another. Where it cannot be made, its tests are skipped and say why: they
have not passed.
"""

import fcntl
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path

import pytest

HERE = Path(__file__).resolve().parent
FOLDER = HERE.parent.parent / "var" / "clients"
INSTALL_SECONDS = 900


@dataclass(frozen=True, slots=True)
class Environment:
    """A Python with one client installed. `home` may hold what is made only once."""

    home: Path

    @property
    def programs(self) -> Path:
        return self.home / "bin"

    def run(
        self,
        *command: str,
        environ: Mapping[str, str],
        folder: Path | None = None,
        seconds: float = 120,
    ) -> "subprocess.CompletedProcess[str]":
        """Run one of its programs, with nothing of our own Python in its way."""
        path = f"{self.programs}:/usr/local/bin:/usr/bin:/bin"
        return subprocess.run(
            [self.programs / command[0], *command[1:]],
            env={"PATH": path, "HOME": str(self.home), **environ},
            cwd=folder or self.home,
            capture_output=True,
            text=True,
            timeout=seconds,
            check=False,
        )

    def script(self, text: str, **environ: str) -> str:
        """Run a Python script; return what it printed. It must end well."""
        done = self.run("python", "-c", text, environ=environ)
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout


def environment(name: str) -> Environment:
    """Return the environment of `requirements/<name>.lock`, made if need be.

    Skips the test when it cannot be made, as without a package index.
    """
    lock = HERE / "requirements" / f"{name}.lock"
    digest = sha256(lock.read_bytes() + sys.version.encode()).hexdigest()[:12]
    home = FOLDER / f"{name}-{digest}"
    FOLDER.mkdir(parents=True, exist_ok=True)
    with (FOLDER / f"{name}.flock").open("w") as guard:
        fcntl.flock(guard, fcntl.LOCK_EX)
        if not (home / "ready").exists():
            _install(lock, home)
            (home / "ready").touch()
    return Environment(home)


def _install(lock: Path, home: Path) -> None:
    subprocess.run([sys.executable, "-m", "venv", "--clear", home], check=True)
    python = str(home / "bin" / "python")
    pip = [python, "-m", "pip", "install", "--quiet"]
    # The lock names all there is. Left to look for more, pip stumbles over extras.
    options = ["--disable-pip-version-check", "--no-input", "--require-hashes"]
    options += ["--no-deps"]
    done = subprocess.run(
        [*pip, *options, "-r", str(lock)],
        capture_output=True,
        text=True,
        timeout=INSTALL_SECONDS,
        check=False,
    )
    if done.returncode:
        why = (done.stderr.strip() or done.stdout.strip()).splitlines()[-1:]
        pytest.skip(f"{lock.name} cannot be installed here: {' '.join(why)}")
