"""What pages by hand hear: they have no other app that would tell their watchers."""

from typing import Any

from core.live import publish
from oncall.services.paging import SUBJECT_PREFIX


def tell_watchers(*, subject: str, **_: Any) -> None:
    if subject.startswith(SUBJECT_PREFIX):
        publish("oncall")
