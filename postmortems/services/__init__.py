"""The use cases of postmortems."""

from postmortems.services.action_items import (
    add_action_item,
    change_action_item,
    finish_action_item,
    reopen_action_item,
)
from postmortems.services.collecting import facts_of
from postmortems.services.reminding import remind_owners
from postmortems.services.reviewing import (
    approve_postmortem,
    publish_postmortem,
    return_postmortem,
    submit_postmortem,
)
from postmortems.services.writing import (
    BODY_LENGTH,
    draft_postmortem,
    restore_version,
    save_text,
)

__all__ = [
    "BODY_LENGTH",
    "add_action_item",
    "approve_postmortem",
    "change_action_item",
    "draft_postmortem",
    "facts_of",
    "finish_action_item",
    "publish_postmortem",
    "remind_owners",
    "reopen_action_item",
    "restore_version",
    "return_postmortem",
    "save_text",
    "submit_postmortem",
]
