"""The processes that `up` starts."""

import os
import sys

import psutil

from config.children import Child


def test_a_child_gives_way_to_others_as_far_as_it_is_told() -> None:
    child = Child("one", [sys.executable, "-c", "input()"], niceness=5)
    child.start(os.environ)
    assert child.process is not None
    try:
        assert psutil.Process(child.process.pid).nice() == min(19, os.nice(0) + 5)
    finally:
        child.process.kill()
        child.process.wait()
