"""Fault injection on a lineage graph, and how well a grouping found the faults.

K faults in one window; each breaks what is downstream edge by edge with chance P, a
broken asset alerts with chance Q, and some alerts are noise. Two simple ways to group
and to name the cause are here for comparison.
"""

from __future__ import annotations

import json
import random
from collections import Counter, defaultdict, deque
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import NamedTuple


class Setting(NamedTuple):
    faults: int
    spread: float
    alert: float
    noise: int


SETTINGS = {
    "easy": Setting(1, 0.9, 0.9, 0),
    "silent": Setting(1, 0.7, 0.6, 3),
    "storm": Setting(3, 0.8, 0.7, 5),
}
LEAST_BELOW = 5  # assets downstream of one that is broken on purpose
LEAST_ALERTS = 3


class Alarm(NamedTuple):
    """`fault` is the place of its fault among the roots; below 0 for noise."""

    seconds: float
    node: str
    fault: int


@dataclass(frozen=True, slots=True)
class Case:
    roots: list[str]
    alarms: list[Alarm]


class Graph:
    """A lineage graph from a JSON file: {"nodes": [{"id", "kind"}], "edges": [[…]]}."""

    def __init__(self, path: Path) -> None:
        told = json.loads(path.read_text())
        self.name = path.stem
        self.kind = {node["id"]: node["kind"] for node in told["nodes"]}
        self.nodes = list(self.kind)
        self.edges: list[tuple[str, str]] = [(up, down) for up, down in told["edges"]]
        self.children: dict[str, list[str]] = defaultdict(list)
        self.parents: dict[str, list[str]] = defaultdict(list)
        for up, down in self.edges:
            self.children[up].append(down)
            self.parents[down].append(up)
        self.below = cache(lambda node: _reach(node, self.children))
        self.above = cache(lambda node: _reach(node, self.parents))
        self.breakable = [
            node
            for node in self.nodes
            if self.kind[node] != "exposure"
            and self.children[node]
            and len(self.below(node)) >= LEAST_BELOW
        ]

    def break_at(self, setting: Setting, rng: random.Random) -> Case:
        roots = rng.sample(self.breakable, setting.faults)
        alarms: list[Alarm] = []
        broken: set[str] = set()
        for fault, root in enumerate(roots):
            began = rng.uniform(0, 60)
            depth = self._spread(root, setting.spread, rng)
            for node, steps in depth.items():
                if self.kind[node] != "exposure" and rng.random() < setting.alert:
                    seconds = began + steps * 5 + rng.expovariate(1 / 8.0)
                    alarms.append(Alarm(seconds, node, fault))
            broken |= set(depth)
        for number in range(setting.noise):
            node = rng.choice(self.nodes)
            if node not in broken and self.kind[node] != "exposure":
                alarms.append(Alarm(rng.uniform(0, 120), node, -1 - number))
        first: dict[str, Alarm] = {}
        for alarm in sorted(alarms):
            first.setdefault(alarm.node, alarm)
        return Case(roots, sorted(first.values()))

    def _spread(self, root: str, chance: float, rng: random.Random) -> dict[str, int]:
        """{broken asset: steps from the root}."""
        depth, queue = {root: 0}, deque([root])
        while queue:
            node = queue.popleft()
            for child in self.children[node]:
                if child not in depth and rng.random() < chance:
                    depth[child] = depth[node] + 1
                    queue.append(child)
        return depth


def _reach(start: str, neighbours: Mapping[str, list[str]]) -> set[str]:
    seen, queue = {start}, deque([start])
    while queue:
        for other in neighbours[queue.popleft()]:
            if other not in seen:
                seen.add(other)
                queue.append(other)
    return seen


def b_cubed(groups: Iterable[list[Alarm]], alarms: list[Alarm]) -> float:
    """F1 over alarms: how pure the group of each is, and how whole its fault.

    Amigó and others, 2009: https://doi.org/10.1007/s10791-008-9066-8
    """
    whole = Counter(alarm.fault for alarm in alarms)
    precision = recall = 0.0
    for group in groups:
        for fault, count in Counter(alarm.fault for alarm in group).items():
            precision += count * count / len(group)
            recall += count * count / whole[fault]
    precision, recall = precision / len(alarms), recall / len(alarms)
    return 2 * precision * recall / (precision + recall)


def by_connection(graph: Graph, alarms: list[Alarm]) -> list[list[Alarm]]:
    """One group for all alarms that are tied by ancestry."""
    leader = {alarm.node: alarm.node for alarm in alarms}

    def find(node: str) -> str:
        while leader[node] != node:
            node = leader[node]
        return node

    for alarm in alarms:
        for node in sorted(graph.above(alarm.node) & leader.keys()):
            leader[find(node)] = find(alarm.node)
    groups: dict[str, list[Alarm]] = defaultdict(list)
    for alarm in alarms:
        groups[find(alarm.node)].append(alarm)
    return list(groups.values())


def most_upstream(graph: Graph, group: list[Alarm]) -> list[str]:
    """The alarmed assets, those without an alarmed one upstream first."""
    at = {alarm.node: alarm.seconds for alarm in group}
    top = {node for node in at if not (graph.above(node) - {node}) & at.keys()}
    return sorted(
        at,
        key=lambda n: (n not in top, -len(graph.below(n) & at.keys()), at[n]),
    )
