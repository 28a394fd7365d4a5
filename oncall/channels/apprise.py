"""The services behind Apprise URLs: https://appriseit.com/services/

Apprise has no idempotency key: a message repeated after a lost answer arrives twice.
"""

from functools import cache
from ipaddress import ip_address
from typing import Any

import apprise
from apprise.manager_attachment import AttachmentManager
from apprise.result import AppriseResultStatus
from django.conf import settings

from core.errors import InvalidInputError
from core.outgoing import (
    MAX_URL_LENGTH,
    RefusedURLError,
    UnresolvedHostError,
    check_outgoing_host,
    guarded_sockets,
)
from oncall.channels.base import (
    DeliveryError,
    Message,
    Receipt,
    RetryableDeliveryError,
    UnknownDeliveryError,
    one_line,
)

# These act on the machine Headwater itself runs on, or send what nobody answers.
LOCAL_SCHEMES = {
    *("blink1", "dbus", "file", "gio", "glib", "gnome", "growl", "kde", "macosx"),
    *("qt", "rsyslog", "syslog", "windows"),
}
TITLE_LENGTH = 250
CONNECT_TIMEOUT_SECONDS = 4.0


class AppriseService:
    label = "Apprise URL"
    address_hint = "ntfys://ntfy.example.com/on-call"

    def is_configured(self) -> bool:
        return True

    def check_address(self, to: str) -> str:
        """Return `to` without the spaces around it. Sends nothing."""
        url = to.strip()
        if len(url) > MAX_URL_LENGTH or not url.isprintable() or " " in url:
            raise _invalid(
                f"Enter one URL of at most {MAX_URL_LENGTH} characters, without spaces."
            )
        if url.partition("://")[0].lower() in LOCAL_SCHEMES:
            raise _invalid("This service would reach the server, not a person.")
        service = _service(url)
        if service is None:
            raise _invalid(
                "This is not a URL of a service that Apprise knows, or part of it is "
                "missing. See https://appriseit.com/services/ for each one's form."
            )
        _check_host(service)
        return url

    def send(self, message: Message, *, to: str, timeout_seconds: float) -> Receipt:
        """Hand `message` to the service; `timeout_seconds` limits the whole attempt.

        Apprise tells success or failure and logs why, not whether trying again may
        help: each failure is a RetryableDeliveryError, but for a URL that is no
        longer understood (DeliveryError).
        """
        service = _service(to)
        if service is None:
            raise DeliveryError("Apprise does not understand this URL.")
        service.socket_connect_timeout = min(CONNECT_TIMEOUT_SECONDS, timeout_seconds)
        service.socket_read_timeout = timeout_seconds
        with guarded_sockets(allow_private=settings.ALLOW_PRIVATE_URLS):
            result = apprise.Apprise(service, asset=_asset()).notify(
                title=one_line(message.title, TITLE_LENGTH),
                body=_body(message),
                notify_type="failure" if message.urgent else "info",
                body_format="text",
                timeout=timeout_seconds,
            )
        name = str(service.service_name)
        if result:
            return Receipt(detail=one_line(f"{name} took it."))
        if result.status == AppriseResultStatus.TIMEOUT:
            raise UnknownDeliveryError(
                f"{name}: no answer within {timeout_seconds:g} seconds."
            )
        told = " ".join(entry.message for entry in result.logs())
        raise RetryableDeliveryError(one_line(f"{name}: {told or 'not delivered'}"))


def _body(message: Message) -> str:
    links = [f"Acknowledge: {message.acknowledge_url}"] * bool(message.acknowledge_url)
    return "\n\n".join(
        part for part in (message.body, *links, f"Open: {message.url}") if part
    )


# Apprise comes without usable types: its services are objects with attributes.
def _service(url: str) -> Any:
    """Return the service behind `url`, or None when there is none to be reached."""
    _keep_from_local_files()
    with guarded_sockets(allow_private=settings.ALLOW_PRIVATE_URLS):
        service = apprise.Apprise.instantiate(url, asset=_asset())
    if service is None or service.schema in LOCAL_SCHEMES:
        return None
    return service


@cache
def _keep_from_local_files() -> None:
    # A URL may name key files and message templates. Without this, anybody with a
    # contact method could have files of the server sent to themselves.
    attachments: Any = AttachmentManager  # its methods carry no types
    attachments().remove("file", unload=False)


@cache
def _asset() -> Any:
    return apprise.AppriseAsset(
        app_id="Headwater",
        app_desc="Headwater",
        app_url=settings.PUBLIC_URL,
        http_redirects=False,
        pgp_autogen=False,
        pem_autogen=False,
        storage_mode="memory",
    )


def _check_host(service: Any) -> None:
    """Refuse a service on a private host. Where a service has a fixed host, Apprise
    keeps a token in `host`, which must not be sent to a name server."""
    host = str(service.host or "").strip("[]")
    templates = " ".join(service.templates)
    if "{host}" not in templates or not _is_host(host):
        return
    try:
        check_outgoing_host(
            host, service.port or 443, allow_private=settings.ALLOW_PRIVATE_URLS
        )
    except UnresolvedHostError:
        return  # the code that verifies the address will not arrive, and tells
    except RefusedURLError as error:
        raise _invalid(str(error)) from error


def _is_host(text: str) -> bool:
    try:
        ip_address(text)
    except ValueError:
        return "." in text or text == "localhost"
    return True


def _invalid(why: str) -> InvalidInputError:
    return InvalidInputError({"address": [why]})
