"""The lineage graph at a million assets, beside PostgreSQL on the same graph.

    .venv/bin/python -m bench.graph [assets] [edges]

Fills a database of its own, loads the graph as a process does, and asks for what is
downstream of assets with about 100, 5,000 and 50,000 descendants; the same questions
go to PostgreSQL as a recursive query. Then a dbt manifest of 10 MB is imported twice.
"""

import os
import subprocess
import sys
import tempfile


def main() -> None:
    with tempfile.TemporaryDirectory() as folder:
        environment = {**os.environ, "HEADWATER_DATA": folder, "LOG_LEVEL": "WARNING"}
        environment.pop("DATABASE_URL", None)
        command = [sys.executable, "-m", "bench.graph_measures", *sys.argv[1:]]
        subprocess.run(command, env=environment, check=True)


if __name__ == "__main__":
    main()
