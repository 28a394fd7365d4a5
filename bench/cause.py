"""Grouping and cause, by fault injection through the HTTP inlet.

    .venv/bin/python -m bench.cause FOLDER [--trials 20] [--seed 7] [--changes]

FOLDER holds lineage graphs as JSON: {"nodes": [{"id", "kind"}], "edges": [[up, down]]}.
Each trial is a copy of a graph in a namespace of its own, so that all run at once; its
alerts carry the times at which they would have come. With `--changes`, 70 % of the true
causes and as many other assets were deployed shortly before.
"""

from __future__ import annotations

import argparse
import random
import tempfile
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from statistics import mean
from typing import Any

import httpx

from bench.faults import (
    LEAST_ALERTS,
    SETTINGS,
    Alarm,
    Case,
    Graph,
    b_cubed,
    by_connection,
    most_upstream,
)
from tests.processes import App
from tests.waiting import wait_until

SHARE_CHANGED = 0.7
BATCH = 500
Found = tuple[list[list[Alarm]], list[list[str]]]  # groups, and suspects of each


@dataclass(frozen=True, slots=True)
class Trial:
    namespace: str
    graph: Graph
    case: Case
    changed: list[str]


@dataclass(slots=True)
class Marks:
    """F1 of each trial; for each fault, whether its cause was first or in three."""

    f1: list[float] = field(default_factory=list)
    first: list[bool] = field(default_factory=list)
    third: list[bool] = field(default_factory=list)

    def add(self, case: Case, found: Found) -> None:
        groups, suspects = found
        self.f1.append(b_cubed(groups, case.alarms))
        for fault, root in enumerate(case.roots):
            held = [sum(a.fault == fault for a in group) for group in groups]
            if max(held, default=0):
                ranked = suspects[held.index(max(held))]
                self.first.append(root in ranked[:1])
                self.third.append(root in ranked[:3])

    def __str__(self) -> str:
        return f"{mean(self.f1):.3f} | {mean(self.first):.2f} / {mean(self.third):.2f}"


def make_trials(
    graph: Graph, setting: str, *, count: int, seed: int, changes: bool
) -> list[Trial]:
    rng = random.Random(seed)
    trials: list[Trial] = []
    while len(trials) < count:
        case = graph.break_at(SETTINGS[setting], rng)
        if len(case.alarms) < LEAST_ALERTS:
            continue
        changed: list[str] = []
        if changes:
            changed = [root for root in case.roots if rng.random() < SHARE_CHANGED]
            changed += [rng.choice(graph.nodes) for _ in changed]
        name = f"{graph.name}-{setting}-{len(trials)}"
        trials.append(Trial(name, graph, case, changed))
    return trials


def prepare(client: httpx.Client, trial: Trial, *, began: datetime) -> None:
    """Import the lineage and record the changes."""
    types = {"source": "source", "exposure": "dashboard"}
    space = {"namespace": trial.namespace}
    document = {
        "assets": [
            space | {"name": node, "type": types.get(kind, "dataset")}
            for node, kind in trial.graph.kind.items()
        ],
        "edges": [
            {"upstream": space | {"name": up}, "downstream": space | {"name": down}}
            for up, down in trial.graph.edges
        ],
    }
    _post(client, "/api/v1/catalog/import/", document)
    for node in trial.changed:
        change = {
            "asset": space | {"name": node},
            "title": f"{node} released",
            "kind": "deploy",
            "occurred_at": (began - timedelta(minutes=20)).isoformat(),
        }
        _post(client, "/api/v1/changes/", change)


def alerts_of(trial: Trial, *, began: datetime) -> Iterator[tuple[float, Any]]:
    for alarm in trial.case.alarms:
        at = began + timedelta(seconds=alarm.seconds)
        yield (
            alarm.seconds,
            {
                "title": f"{alarm.node} failed",
                "dedup_key": f"{trial.namespace} {alarm.node}",
                "asset": {"namespace": trial.namespace, "name": alarm.node},
                "occurred_at": at.isoformat(),
            },
        )


def _post(client: httpx.Client, path: str, body: Any) -> Any:
    answer = client.post(path, json=body, timeout=300)
    answer.raise_for_status()
    return answer.json()


def _all(client: httpx.Client, path: str) -> Iterator[Any]:
    url: str | None = path
    while url:
        answer = client.get(url, timeout=60).raise_for_status().json()
        yield from answer["results"]
        url = answer["next"]


def run(client: httpx.Client, trials: list[Trial]) -> dict[str, Found]:
    """{namespace: what Headwater made of it}."""
    inlet = _post(
        client,
        "/api/v1/integrations/",
        {"name": f"faults {trials[0].namespace}", "format": "generic", "rate_limit": 0},
    )["url"]
    began = datetime.now(UTC) - timedelta(minutes=10)
    for trial in trials:
        prepare(client, trial, began=began)
    told = [item for trial in trials for item in alerts_of(trial, began=began)]
    alerts = [alert for _, alert in sorted(told, key=lambda item: item[0])]
    for start in range(0, len(alerts), BATCH):
        _post(client, inlet, alerts[start : start + BATCH])
    known = {f"{t.namespace} {a.node}": (t, a) for t in trials for a in t.case.alarms}
    wait_until(
        lambda: _taken(client, len(known)),
        seconds=600,
        what="all alerts in incidents",
    )
    found: dict[str, Found] = defaultdict(lambda: ([], []))
    for incident in list(_all(client, "/api/v1/incidents/?status=open&limit=200")):
        path = f"/api/v1/incidents/{incident['id']}"
        alerts_in = _all(client, f"{path}/alerts/?limit=200")
        keys = [alert["dedup_key"] for alert in alerts_in]
        members = [known[key] for key in keys if key in known]
        if not members:
            continue
        groups, suspects = found[members[0][0].namespace]
        causes = client.get(f"{path}/causes/", timeout=60).raise_for_status().json()
        groups.append([alarm for _, alarm in members])
        suspects.append([cause["asset"]["name"] for cause in causes])
        _post(client, f"{path}/resolve/", {})
    return found


def _taken(client: httpx.Client, wanted: int) -> bool:
    """Whether the incidents hold as many alerts as were sent."""
    incidents = _all(client, "/api/v1/incidents/?status=open&limit=200")
    held: int = sum(incident["alert_count"] for incident in incidents)
    return held >= wanted


def _baseline(trial: Trial) -> Found:
    groups = by_connection(trial.graph, trial.case.alarms)
    return groups, [most_upstream(trial.graph, group) for group in groups]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folder", type=Path)
    parser.add_argument("--trials", type=int, default=20)
    parser.add_argument("--seed", type=int, default=7)
    parser.add_argument("--changes", action="store_true")
    told = parser.parse_args()
    graphs = [Graph(path) for path in sorted(told.folder.glob("*.json"))]
    print(
        "| graph | setting | trials | by connection, F1 | most upstream, @1 / @3 "
        "| Headwater, F1 | @1 / @3 |"
    )
    print("| --- | --- | ---: | ---: | ---: | ---: | ---: |", flush=True)
    with tempfile.TemporaryDirectory() as folder:
        app = App(Path(folder), {"LOG_LEVEL": "WARNING"}).start()
        try:
            with app.client(app.make_admin()) as client:
                for graph in graphs:
                    for setting in SETTINGS:
                        measure(client, graph, setting, told)
        finally:
            app.stop()


def measure(
    client: httpx.Client, graph: Graph, setting: str, told: argparse.Namespace
) -> None:
    trials = make_trials(
        graph, setting, count=told.trials, seed=told.seed, changes=told.changes
    )
    found = run(client, trials)
    simple, ours = Marks(), Marks()
    for trial in trials:
        simple.add(trial.case, _baseline(trial))
        ours.add(trial.case, found[trial.namespace])
    print(
        f"| {graph.name} | {setting} | {len(trials)} | {simple} | {ours} |", flush=True
    )


if __name__ == "__main__":
    main()
