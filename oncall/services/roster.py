"""What happens to schedules by itself, every minute."""

from datetime import datetime

from oncall.models import Schedule
from oncall.services.handoffs import deliver_handoff_notes
from oncall.services.history import keep_record
from oncall.services.shift_notices import owe_shift_notices
from oncall.services.swaps import remind_of_swaps


def keep_rosters(*, at: datetime) -> None:
    """Record who is on call, and owe notices, hand-off notes and reminders."""
    for pk in Schedule.objects.values_list("pk", flat=True):
        keep_record(schedule_id=pk, at=at)
    owe_shift_notices(at=at)
    deliver_handoff_notes(at=at)
    remind_of_swaps(at=at)
