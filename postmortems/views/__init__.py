"""The pages of postmortems."""

from postmortems.views.editing import edit, news, preview, put_in, reword
from postmortems.views.history import history, restore, version
from postmortems.views.items import action, actions, add_action, done, reopen
from postmortems.views.listing import index
from postmortems.views.reading import (
    approve,
    detail,
    export,
    publish,
    send_back,
    submit,
)

__all__ = [
    "action",
    "actions",
    "add_action",
    "approve",
    "detail",
    "done",
    "edit",
    "export",
    "history",
    "index",
    "news",
    "preview",
    "publish",
    "put_in",
    "reopen",
    "restore",
    "reword",
    "send_back",
    "submit",
    "version",
]
