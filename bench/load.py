"""One client for all comparisons: wrk, with bodies made by a Lua script."""

import re
import shutil
import subprocess
import sys
import tempfile
from dataclasses import dataclass

_SCRIPT = """
local run = "{run}"
local thread_number = 0
function setup(thread)
  thread:set("number", thread_number)
  thread_number = thread_number + 1
end
local count = 0
wrk.method = "POST"
wrk.headers["Content-Type"] = "application/json"
function request()
  count = count + 1
  local id = run .. "-" .. number .. "-" .. count
  return wrk.format(nil, nil, nil, {body})
end
function delay()
  return {pause}
end
"""


@dataclass(frozen=True, slots=True)
class Result:
    """Answers a second, median and 99th percentile in milliseconds, and how many
    answers were not 2xx or 3xx."""

    per_second: float
    p50_ms: float
    p99_ms: float
    refused: int


def post(
    url: str,
    lua_body: str,
    *,
    run: str,
    seconds: int,
    connections: int = 32,
    pause_ms: int = 0,
) -> Result:
    """POST bodies for some seconds. `lua_body` is a Lua expression; `id` is unique
    for each request. Each connection rests `pause_ms` before each request."""
    with tempfile.NamedTemporaryFile("w", suffix=".lua") as script:
        script.write(_script(lua_body, run=run, pause_ms=pause_ms))
        script.flush()
        return _wrk(url, ["-s", script.name], seconds, connections)


def get(url: str, *, seconds: int, connections: int = 32) -> Result:
    """GET one address for some seconds."""
    return _wrk(url, [], seconds, connections)


def need(*programs: str) -> None:
    """Stop with what to install unless all of these are there."""
    missing = [name for name in programs if shutil.which(name) is None]
    if missing:
        sys.exit(f"This benchmark needs {', '.join(missing)} (Debian packages).")


def _script(lua_body: str, *, run: str, pause_ms: int) -> str:
    script = _SCRIPT.replace("{run}", run).replace("{body}", lua_body)
    if pause_ms:
        return script.replace("{pause}", str(pause_ms))
    return script[: script.index("function delay")]


def _wrk(url: str, extra: list[str], seconds: int, connections: int) -> Result:
    command = ["wrk", "-t2", f"-c{connections}", f"-d{seconds}s", "--latency"]
    done = subprocess.run(
        [*command, *extra, url], capture_output=True, text=True, check=True
    )
    text = done.stdout
    per_second = float(_found(r"Requests/sec:\s+([\d.]+)", text))
    refused = re.findall(r"Non-2xx or 3xx responses: (\d+)", text)
    return Result(
        per_second,
        _milliseconds("50%", text),
        _milliseconds("99%", text),
        int(refused[0]) if refused else 0,
    )


def _milliseconds(percentile: str, text: str) -> float:
    value, unit = re.findall(rf"{percentile}\s+([\d.]+)(us|ms|s)", text)[0]
    return float(value) * {"us": 0.001, "ms": 1.0, "s": 1000.0}[unit]


def _found(pattern: str, text: str) -> str:
    match = re.search(pattern, text)
    if match is None:
        sys.exit(f"wrk said nothing of use:\n{text}")
    return match[1]
