"""The ways to run it agree with each other, and with the settings there are."""

import re
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.test_architecture import FLOORS
from tests.test_settings import LISTED

ROOT = Path(__file__).resolve().parent.parent
DEPLOY = ROOT / "deploy"
PARTS = ("web", "worker", "beat", "watchdog")


def options(command: str) -> set[str]:
    """The words of a command, however written; values that are set elsewhere as "*"."""
    words = command.replace(" -A ", " --app ").replace("=", " ").split()
    return {"*" if re.match(r"\$|\d", word) else word for word in words}


def compose() -> dict[str, Any]:
    services = yaml.safe_load((DEPLOY / "compose.yaml").read_text())["services"]
    return {part: options(" ".join(services[part]["command"])) for part in PARTS}


def kubernetes() -> dict[str, Any]:
    documents = list(yaml.safe_load_all((DEPLOY / "kubernetes.yaml").read_text()))
    containers = [
        one["spec"]["template"]["spec"]["containers"][0]
        for one in documents
        if one["kind"] == "Deployment"
    ]
    return {one["name"]: options(" ".join(one["command"])) for one in containers}


def systemd() -> dict[str, Any]:
    units = {
        part: (DEPLOY / "systemd" / f"headwater-{part}.service").read_text()
        for part in PARTS
    }
    started = re.compile(r"^ExecStart=\S+/bin/(.+)$", re.MULTILINE)
    return {part: options(started.findall(unit)[0]) for part, unit in units.items()}


def test_each_way_to_run_it_starts_the_same_four_commands() -> None:
    assert compose() == kubernetes() == systemd()


@pytest.mark.parametrize("part", PARTS)
def test_operations_names_the_commands_that_are_run(part: str) -> None:
    text = (ROOT / "docs" / "operations.md").read_text()
    [block] = re.findall(r"```\n(\.venv.+?)```", text, re.DOTALL)
    told = block.splitlines()[PARTS.index(part)].replace(".venv/bin/", "")
    assert options(told) <= compose()[part]


def test_the_example_settings_exist() -> None:
    example = (DEPLOY / "headwater.env.example").read_text()
    named = set(re.findall(r"^#?([A-Z_]+)=", example, re.MULTILINE))
    documented = set(LISTED.findall((ROOT / "docs" / "operations.md").read_text()))
    assert named - documented == {"POSTGRES_PASSWORD"}  # which Compose reads


def test_the_image_holds_every_app() -> None:
    ignored = (DEPLOY / "Dockerfile.dockerignore").read_text().split()
    assert {f"!{app}" for app in FLOORS} <= set(ignored)
