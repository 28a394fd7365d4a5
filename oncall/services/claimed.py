"""A notification on its way, as plain values."""

from __future__ import annotations

from datetime import datetime
from operator import attrgetter
from typing import NamedTuple

from oncall.models import Notification
from oncall.models.habits import BUNDLE_PREFIX


class Claimed(NamedTuple):
    """What whoever sends a notification and writes down its fate needs of it: no object
    of the model, as making those is half the work of a claim.

    `attempts` counts the one that it was claimed for, of which `lease_until` is the
    end.
    """

    pk: int
    page_id: int | None
    notice_id: int | None
    user_id: int | None
    method_id: int | None
    subject: str
    channel: str
    address: str
    title: str
    body: str
    url: str
    urgent: bool
    idempotency_key: str
    attempts: int
    possibly_twice: bool
    lease_until: datetime | None

    @classmethod
    def of(cls, notification: Notification) -> Claimed:
        return cls._make(_values_of(notification))

    @property
    def bundle_id(self) -> int | None:
        """The bundle it delivers, if it carries several pages."""
        if not self.subject.startswith(BUNDLE_PREFIX):
            return None
        return int(self.subject.removeprefix(BUNDLE_PREFIX))


_values_of = attrgetter(*Claimed._fields)
