"""Imports point down the floors, and files stay short enough to read."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
FLOORS = [
    "core",
    "accounts",
    "catalog",
    "oncall",
    "alerts",
    "incidents",
    "postmortems",
    "config",
]
MOST_LINES = 400

# Inside an app, the lower a file stands here the more it may import.
RANKS = {"models": 0, "tasks": 2, "services": 3, "views": 4, "api": 4, "beat": 4}


def source_files(app: str) -> Iterator[Path]:
    for path in (ROOT / app).rglob("*.py"):
        if "migrations" not in path.parts:
            yield path


def imported_modules(tree: ast.AST) -> Iterator[str]:
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom) and node.module and not node.level:
            yield node.module
        elif isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)


@pytest.mark.parametrize("app", FLOORS)
def test_an_app_imports_only_from_the_floors_below(app: str) -> None:
    above = set(FLOORS[FLOORS.index(app) + 1 :])
    wrong = [
        f"{path.relative_to(ROOT)} imports {module}"
        for path in source_files(app)
        for module in imported_modules(ast.parse(path.read_text()))
        if module.split(".")[0] in above
    ]
    assert wrong == []


def test_only_config_reads_the_environment() -> None:
    wrong = [
        str(path.relative_to(ROOT))
        for app in FLOORS
        if app != "config"
        for path in source_files(app)
        if "os.environ" in path.read_text() or "getenv(" in path.read_text()
    ]
    assert wrong == []


def test_no_function_hides_an_import() -> None:
    wrong = []
    for app in FLOORS:
        for path in source_files(app):
            for function in ast.walk(ast.parse(path.read_text())):
                if not isinstance(function, ast.FunctionDef | ast.AsyncFunctionDef):
                    continue
                if function.name == "ready" and path.name == "apps.py":
                    continue
                if any(
                    isinstance(node, ast.Import | ast.ImportFrom)
                    for node in ast.walk(function)
                ):
                    wrong.append(f"{path.relative_to(ROOT)}: {function.name}")
    assert wrong == []


def test_models_import_no_services_and_services_no_views() -> None:
    wrong = []
    for app in FLOORS:
        for path in source_files(app):
            place = path.relative_to(ROOT / app).parts[0].removesuffix(".py")
            rank = RANKS.get(place)
            if rank is None:
                continue
            for module in imported_modules(ast.parse(path.read_text())):
                parts = module.split(".")
                if parts[0] == app and len(parts) > 1 and RANKS.get(parts[1], 0) > rank:
                    wrong.append(f"{path.relative_to(ROOT)} imports {module}")
    assert wrong == []


def test_files_stay_short() -> None:
    wrong = [
        f"{path.relative_to(ROOT)} has {lines} lines"
        for app in FLOORS
        for path in source_files(app)
        if (lines := len(path.read_text().splitlines())) > MOST_LINES
    ]
    assert wrong == []
