"""What `bench.graph` measures, in a process that has a database of its own."""

from config.wsgi import application  # first: it sets Django up

# isort: split
import json
import resource
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
from django.core.management import call_command
from django.db import connection
from django.utils import timezone

from accounts.models import User
from catalog.graph import LineageSnapshot, snapshot
from catalog.services import bump_lineage_version, import_dbt
from catalog.services.sql import read_waiting_sql
from config import embedded
from config.environment import DATA_DIR

assert application is not None

MANIFEST_BYTES = 10 << 20
SIZES = (100, 5_000, 50_000)
REPEATS = {100: 400, 5_000: 200, 50_000: 60}

FILL = """
    INSERT INTO catalog_asset (namespace, name, identity, type, tier, description, url,
        health, badge_is_public, created_at)
    SELECT 'bench', 'table_' || n, 'bench table_' || n, 'dataset', 3, '', '',
        'healthy', false, now()
    FROM generate_series(1, {assets}) AS n;
"""
CTE = """
    WITH RECURSIVE below (id) AS (
        SELECT %s::bigint
        UNION
        SELECT edge.downstream_id FROM below
        JOIN catalog_edge AS edge ON edge.upstream_id = below.id
        WHERE edge.ended_at IS NULL)
    SELECT count(*) - 1 FROM below
"""


def make_edges(assets: int, edges: int, seed: int) -> tuple[Any, Any]:
    """Return (upstream, downstream) numbers of a layered graph with some hubs, in which
    small, middling and large closures all occur; a few edges go back, for cycles."""
    chance = np.random.default_rng(seed)
    # Projects of growing size: what is downstream stays inside one.
    bounds = np.unique(np.geomspace(20, assets, 150).astype(np.int64))
    up = chance.integers(1, assets + 1, edges * 2)
    ends = bounds[np.minimum(np.searchsorted(bounds, up), bounds.size - 1)]
    step = 1 + chance.exponential(np.maximum((ends - up) / 12, 2)).astype(np.int64)
    down = np.minimum(up + step, ends)
    back = chance.random(up.size) < 1e-6
    up[back], down[back] = down[back], up[back]
    pairs = np.unique(np.stack([up, down], axis=1)[up != down], axis=0)
    chosen = chance.permutation(len(pairs))[:edges]
    return pairs[chosen, 0], pairs[chosen, 1]


def fill(assets: int, edges: int) -> None:
    up, down = make_edges(assets, edges, seed=1)
    with connection.cursor() as cursor:
        cursor.execute(FILL.format(assets=assets))
        cursor.execute("SELECT min(id) - 1 FROM catalog_asset")
        first = cursor.fetchone()[0]
        # No check of every end: they are there.
        cursor.execute("SET session_replication_role = replica")
        columns = "(upstream_id, downstream_id, source, origin, first_seen_at, "
        columns += "last_seen_at)"
        with cursor.copy(f"COPY catalog_edge {columns} FROM STDIN") as copy:
            for some in range(0, len(up), 50_000):
                pairs = zip(
                    up[some : some + 50_000].tolist(),
                    down[some : some + 50_000].tolist(),
                    strict=True,
                )
                copy.write(
                    "".join(
                        f"{first + a}\t{first + b}\timport\t\t2026-01-01\t2026-01-01\n"
                        for a, b in pairs
                    )
                )
        cursor.execute("SET session_replication_role = origin")
        cursor.execute("ANALYZE catalog_edge")
    bump_lineage_version(at=timezone.now())


def resident_mb() -> float:
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * resource.getpagesize() / 2**20


@contextmanager
def peak_memory() -> Iterator[list[float]]:
    """Yields a list that holds the highest memory above the start when it is over."""
    before, over, found = resident_mb(), threading.Event(), [0.0]

    def watch() -> None:
        while not over.wait(0.01):
            found[0] = max(found[0], resident_mb() - before)

    thread = threading.Thread(target=watch)
    thread.start()
    try:
        yield found
    finally:
        over.set()
        thread.join()


def sources(lineage: LineageSnapshot, size: int) -> list[int]:
    """Assets with about `size` descendants."""
    chance = np.random.default_rng(size)
    found: list[int] = []
    for asset_id in lineage.ids[chance.integers(0, lineage.ids.size, 20_000)].tolist():
        count = lineage.reach([asset_id]).ids.size
        if 0.8 * size <= count <= 1.25 * size:
            found.append(asset_id)
            if len(found) == 20:
                break
    return found


def timed(
    ask: Callable[[int], object], ids: list[int], repeats: int
) -> tuple[float, float]:
    """Median and 95th percentile in milliseconds."""
    times = []
    for number in range(repeats):
        started = time.perf_counter()
        ask(ids[number % len(ids)])
        times.append((time.perf_counter() - started) * 1000)
    return float(np.percentile(times, 50)), float(np.percentile(times, 95))


def ask_database(asset_id: int) -> object:
    with connection.cursor() as cursor:
        cursor.execute(CTE, [asset_id])
        return cursor.fetchone()


def measure_graph(assets: int, edges: int) -> None:
    fill(assets, edges)
    before = resident_mb()
    started = time.perf_counter()
    with peak_memory() as peak:
        lineage = snapshot(fresh=True)
    print(
        f"{lineage.ids.size:,} assets, {lineage.edge_count:,} edges: loaded in "
        f"{time.perf_counter() - started:.1f} s; {resident_mb() - before:.0f} MB kept, "
        f"{peak[0]:.0f} MB at most"
    )
    print("| downstream | arrays p50 | p95 | as a dict p95 | CTE p50 | p95 | ms")
    for size in SIZES:
        ids = sources(lineage, size)
        if not ids:
            print(f"| {size:,} | none of this size |")
            continue
        repeats = REPEATS[size]
        arrays = timed(lambda i: lineage.reach([i]), ids, repeats)
        as_dict = timed(lineage.descendants, ids, repeats)
        database = timed(ask_database, ids, repeats // 2)
        print(
            f"| {size:,} | {arrays[0]:.3f} | {arrays[1]:.3f} | {as_dict[1]:.3f} "
            f"| {database[0]:.1f} | {database[1]:.1f} |"
        )
    pair = tuple(lineage.ids[[0, -1]].tolist())
    started = time.perf_counter()
    lineage.changed(added=[pair], removed=[], version=0)
    print(f"one edge more: {(time.perf_counter() - started) * 1000:.0f} ms")


def make_manifest(least_bytes: int) -> dict[str, Any]:
    """A dbt project like a real one in what a node holds, with models in layers."""
    chance = np.random.default_rng(3)
    nodes: dict[str, Any] = {}
    size = 0
    while size < least_bytes:
        number = len(nodes)
        name = f"model_{number}"
        feeds = {int(chance.integers(0, number)) for _ in range(3)} if number else set()
        named = [f"model.shop.model_{feed}" for feed in sorted(feeds)]
        columns = {
            f"column_{n}": {
                "name": f"column_{n}",
                "description": f"What column {n} of {name} is.",
                "data_type": "varchar",
                "meta": {},
                "tags": [],
                "constraints": [],
            }
            for n in range(12)
        }
        joins = " ".join(
            f"left join db.marts.model_{feed} as m{feed} using (column_0)"
            for feed in sorted(feeds)
        )
        listed = ", ".join(f"t.column_{n}" for n in range(12))
        node = {
            "resource_type": "model",
            "name": name,
            "database": "db",
            "schema": "marts",
            "alias": name,
            "relation_name": f'"db"."marts"."{name}"',
            "description": f"Model {number}. " * 6,
            "columns": columns,
            "depends_on": {"nodes": named, "macros": ["macro.dbt.run_query"]},
            "compiled_code": f"with t as (select * from db.raw.t_{number} {joins}) "
            f"select {listed} from t where t.column_1 is not null",
            "raw_code": f"select {{{{ dbt_utils.star('t_{number}') }}}} " * 6,
            "config": {"materialized": "table", "meta": {"tier": 2}},
            "tags": ["daily"],
        }
        nodes[f"model.shop.{name}"] = node
        size += len(json.dumps(node))
    metadata = {"project_name": "shop", "adapter_type": "duckdb"}
    return {"metadata": metadata, "nodes": nodes, "sources": {}, "exposures": {}}


def measure_import() -> None:
    """A manifest of 10 MB: for the first time, and again."""
    person = User.objects.create_user(email="bench@example.com")
    manifest = make_manifest(MANIFEST_BYTES)
    text = json.dumps(manifest)
    for what in ("the first time", "again"):
        started, worked = time.perf_counter(), time.process_time()
        count = import_dbt(
            manifest=json.loads(text), run_results=None, by=person, at=timezone.now()
        )
        print(
            f"manifest of {len(text) / 2**20:.1f} MB, {count.assets:,} assets, "
            f"{count.edges:,} edges, {what}: {time.perf_counter() - started:.1f} s, "
            f"{time.process_time() - worked:.1f} s of it work of this process"
        )
    started = time.perf_counter()
    read = 0
    while some := read_waiting_sql(at=timezone.now(), seconds=5):
        read += some
    print(f"{read:,} SQL texts read behind it: {time.perf_counter() - started:.1f} s")


def main() -> None:
    assets = int(sys.argv[1]) if len(sys.argv) > 1 else 1_000_000
    edges = int(sys.argv[2]) if len(sys.argv) > 2 else 4_000_000
    embedded.start(DATA_DIR)
    call_command("migrate", verbosity=0)
    measure_graph(assets, edges)
    measure_import()


if __name__ == "__main__":
    main()
