"""One batch of alerts taken apart into faults, on a large lineage graph.

    .venv/bin/python -m bench.batch [--assets 100000] [--alerts 1000] [--seed 7]

The graph has ten layers; each asset reads three of the layer above, near it. Two
batches: alerts that have nothing to do with each other, and a hundred faults that
overlap. Only the decision is timed, without the database.
"""

from __future__ import annotations

import argparse
import random
import time
from collections import defaultdict
from datetime import UTC, datetime, timedelta

import numpy as np

from bench.faults import Alarm, b_cubed
from catalog.snapshots import LineageSnapshot
from incidents.correlation import Plan, Signal, decide

LAYERS, PARENTS, NEAR = 10, 3, 20
FAULTS, SPREAD, ALERT = 100, 0.8, 0.7
LEAST_BELOW = 8
HOPS, WINDOW = 20, timedelta(hours=6)
BEGAN = datetime(2026, 1, 1, tzinfo=UTC)
REPEATS = 3


def make_graph(assets: int, seed: int) -> LineageSnapshot:
    chance = np.random.default_rng(seed)
    width = assets // LAYERS
    down = np.repeat(np.arange(width, width * LAYERS), PARENTS)
    away = chance.integers(-NEAR, NEAR, down.size)
    up = (down % width + away) % width + (down // width - 1) * width
    pairs = np.unique(np.stack([up, down], axis=1) + 1, axis=0)
    return LineageSnapshot.build([(a, b) for a, b in pairs.tolist()])


def unrelated(lineage: LineageSnapshot, count: int, rng: random.Random) -> list[Alarm]:
    chosen = rng.sample(lineage.ids.tolist(), count)
    return [Alarm(rng.uniform(0, 600), str(a), -1 - n) for n, a in enumerate(chosen)]


def overlapping(
    lineage: LineageSnapshot, count: int, rng: random.Random
) -> list[Alarm]:
    """`count` alerts of FAULTS faults that begin within five minutes."""
    ids = lineage.ids.tolist()
    alarms: dict[int, Alarm] = {}
    fault = 0
    while fault < FAULTS:
        root = rng.choice(ids)
        if lineage.reach([root]).ids.size < LEAST_BELOW:
            continue
        began = rng.uniform(0, 300)
        for asset, steps in _spread(lineage, root, 2 * count // FAULTS, rng).items():
            if rng.random() < ALERT:
                seconds = began + 5 * steps + rng.expovariate(1 / 8)
                alarm = Alarm(seconds, str(asset), fault)
                alarms[asset] = min(alarm, alarms.get(asset, alarm))
        fault += 1
    return sorted(alarms.values())[:count]


def _spread(
    lineage: LineageSnapshot, root: int, most: int, rng: random.Random
) -> dict[int, int]:
    """{broken asset: steps from the root}, at most about `most`."""
    steps, queue = {root: 0}, [root]
    for asset in queue:
        for child in lineage.children(asset):
            if child not in steps and len(steps) < most and rng.random() < SPREAD:
                steps[child] = steps[asset] + 1
                queue.append(child)
    return steps


def measure(name: str, lineage: LineageSnapshot, alarms: list[Alarm]) -> None:
    signals = [
        Signal(n, (1, a.node), int(a.node), BEGAN + timedelta(seconds=a.seconds))
        for n, a in enumerate(alarms)
    ]
    walls, works = [], []
    for _ in range(REPEATS):
        wall, work = time.perf_counter(), time.process_time()
        plan = decide(signals, incidents=[], lineage=lineage, hops=HOPS, window=WINDOW)
        walls.append(time.perf_counter() - wall)
        works.append(time.process_time() - work)
    groups = _groups(plan, alarms)
    print(
        f"| {name} | {len(alarms):,} | {len(groups):,} | {b_cubed(groups, alarms):.3f} "
        f"| {min(walls):.2f} | {min(works):.2f} |",
        flush=True,
    )


def _groups(plan: Plan, alarms: list[Alarm]) -> list[list[Alarm]]:
    groups: dict[int, list[Alarm]] = defaultdict(list)
    for placement in plan.placements:
        groups[placement.incident].append(alarms[placement.alert_id])
    return list(groups.values())


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--assets", type=int, default=100_000)
    parser.add_argument("--alerts", type=int, default=1_000)
    parser.add_argument("--seed", type=int, default=7)
    told = parser.parse_args()
    lineage = make_graph(told.assets, told.seed)
    print(f"{lineage.ids.size:,} assets, {lineage.edge_count:,} edges")
    print("| batch | alerts | incidents | F1 | seconds, best | of one core |")
    print("| --- | ---: | ---: | ---: | ---: | ---: |", flush=True)
    rng = random.Random(told.seed)
    measure("unrelated", lineage, unrelated(lineage, told.alerts, rng))
    measure("a hundred faults", lineage, overlapping(lineage, told.alerts, rng))


if __name__ == "__main__":
    main()
