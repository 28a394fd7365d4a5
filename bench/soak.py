"""Memory of each process over an hour of steady work, by the minute.

    .venv/bin/python -m bench.soak [--minutes 60]

Ten incidents a second open, are paged and resolve. Two minutes only show that it runs:
whether memory is flat shows after some twenty.
"""

import argparse

from bench import storms
from bench.load import need
from bench.world import running_world


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--minutes", type=float, default=60.0)
    options = parser.parse_args()
    need("redis-server")
    with running_world() as world:
        for what, figure in storms.soak(world, options):
            print(f"| {what} | {figure} |", flush=True)


if __name__ == "__main__":
    main()
