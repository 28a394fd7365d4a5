"""The lines of docs/integrations/, pasted into a shell as they stand."""

import json
import re
import shutil
import subprocess
from pathlib import Path

import pytest

from tests.clients.conftest import Headwater
from tests.payloads import load
from tests.server import wait_until

DOCS = Path(__file__).resolve().parent.parent.parent / "docs" / "integrations"
HEALTH = DOCS.parent / "health.md"
FENCED = re.compile(r"^```\w*\n(.*?)^```", re.MULTILINE | re.DOTALL)

pytestmark = [
    pytest.mark.client,
    pytest.mark.skipif(
        not (shutil.which("curl") and shutil.which("jq")),
        reason="curl or jq is missing: apt-get install curl jq",
    ),
]


def paragraphs(page: str, key: str, url: str) -> list[str]:
    """The parts of the first fenced block of a page, for this key and address."""
    block = FENCED.findall((DOCS / f"{page}.md").read_text())[0]
    filled = block.replace("<key>", key).replace("https://headwater.example.com", url)
    return [part.strip() for part in filled.split("\n\n") if part.strip()]


def run(lines: str, folder: Path, **environ: str) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(
        ["sh", "-c", lines],
        cwd=folder,
        env={"PATH": f"{folder}:/usr/local/bin:/usr/bin:/bin", **environ},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


def put(folder: Path, program: str, lines: str) -> None:
    """Put a stand-in for a tool's own program where the shell finds it."""
    path = folder / program
    path.write_text(f"#!/bin/sh\n{lines}\n")
    path.chmod(0o755)


def accepted(done: "subprocess.CompletedProcess[str]") -> int:
    return int(json.loads(done.stdout)["accepted"])


@pytest.mark.parametrize("page", ["generic", "opsgenie"])
def test_what_the_first_lines_open_the_second_close(
    headwater: Headwater, tmp_path: Path, page: str
) -> None:
    key = headwater.make_integration(page)
    fire, end = paragraphs(page, key, headwater.url)
    assert headwater.firing(key) == 0
    assert run(fire, tmp_path).returncode == 0
    wait_until(lambda: headwater.firing(key) > 0, what=f"the alert of {page}")
    assert headwater.firing(key) == 1
    assert run(end, tmp_path).returncode == 0
    wait_until(lambda: headwater.firing(key) < 1, what=f"the end of {page}'s alert")
    assert headwater.firing(key) == 0


def test_pagerdutys_lines_are_answered_as_pagerduty_answers(
    headwater: Headwater, tmp_path: Path
) -> None:
    key = headwater.make_integration("pagerduty")
    done = run(paragraphs("pagerduty", key, headwater.url)[0], tmp_path)
    assert json.loads(done.stdout)["status"] == "success"


def test_dbts_lines_send_its_artifacts_and_keep_its_exit_status(
    headwater: Headwater, tmp_path: Path
) -> None:
    (tmp_path / "target").mkdir()
    for name, kept in (("manifest", "manifest"), ("run_results", "run_results")):
        text = json.dumps(load(f"dbt/{kept}_failed"))
        (tmp_path / "target" / f"{name}.json").write_text(text)
    (tmp_path / "target" / "sources.json").write_text('{"results": []}')
    put(tmp_path, "dbt", "exit 2")
    key = headwater.make_integration("dbt")
    build, sources, _ = paragraphs("dbt", key, headwater.url)

    done = run(build, tmp_path)
    assert (done.returncode, accepted(done) > 0) == (2, True), done
    assert accepted(run(sources, tmp_path)) == 0


def test_sodas_lines_send_its_scan_and_keep_its_exit_status(
    headwater: Headwater, tmp_path: Path
) -> None:
    scan = load("soda/scan_results_file")
    put(tmp_path, "soda", f"cat > scan.json <<'END'\n{json.dumps(scan)}\nEND\nexit 2")
    key = headwater.make_integration("soda")
    lines = paragraphs("soda", key, headwater.url)[0]  # then Soda Cloud's

    done = run(lines, tmp_path)

    assert (done.returncode, accepted(done)) == (2, len(scan["checks"]) + 1), done


def test_great_expectations_lines_send_each_result(headwater: Headwater) -> None:
    class Result:
        def to_json_dict(self) -> object:
            return load("great_expectations/validation_result")

    class Checkpoint:
        run_results = {"one": Result()}

        def run(self) -> "Checkpoint":
            return self

    key = headwater.make_integration("great_expectations")
    block = "\n\n".join(paragraphs("great-expectations", key, headwater.url))
    before = headwater.titles()

    exec(block, {"checkpoint": Checkpoint()})

    new = headwater.titles() - before
    assert len(new) == 3
    assert all("marts.fct_orders" in title for title in new)


def test_the_line_that_asks_before_a_run_ends_well_only_for_good_data(
    headwater: Headwater, tmp_path: Path
) -> None:
    line = next(b for b in FENCED.findall(HEALTH.read_text()) if b.startswith("curl"))
    told = {"HEADWATER_URL": headwater.url, "HEADWATER_TOKEN": headwater.token}
    headwater.know_orders()
    assert run(line, tmp_path, **told).returncode == 0
    with headwater.broken_orders():
        # Answers are kept for a moment, each address its own.
        wait_until(lambda: run(line, tmp_path, **told).returncode != 0)
    assert run(line, tmp_path, **told | {"HEADWATER_TOKEN": "x"}).returncode != 0
