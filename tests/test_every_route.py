"""Every route is closed unless it is named here, with the reason.

Walks Django's URL map. The event inlets and the stream of changes are outside it:
the ASGI application answers them, and their own tests hold their keys and sessions.
"""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import pytest
from django.http.response import HttpResponseBase
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver, resolve

# Whoever has the address may use these. Keep it short.
OPEN = {
    "healthz": "probes ask whether the process lives",
    "readyz": "probes ask whether it can work",
    "metrics": "asks for a token itself; its own test holds that",
    "accounts:setup": "there is nobody who could sign in yet; gone afterwards",
    "accounts:invitation": "the address holds the secret",
    "account_login": "signing in",
    "account_logout": "signing out twice leads back to signing in",
    "account_signup": "says that accounts come by invitation",
    "account_inactive": "says that the account is deactivated",
    "account_reset_password": "a password is forgotten",
    "account_reset_password_done": "says that a mail is on its way",
    "account_reset_password_from_key": "the address holds the secret",
    "account_reset_password_from_key_done": "says that the password is set",
    "account_confirm_email": "allauth's; Headwater sends no such mail",
    "account_email_verification_sent": "allauth's; Headwater sends no such mail",
    "account_confirm_login_code": "allauth's; leads back to signing in",
    "mfa_authenticate": "the second step of signing in; needs the first",
    "mfa_login_webauthn": "signing in with a passkey",
    "oncall:answer": "the address holds a signature; a second tap acts",
    "oncall:feed": "the address holds the secret",
    "oncall:answer_bundle": "the address holds a signature; a second tap acts",
    "oncall:answer_call": "Twilio signs what it sends; another gets 403",
    "oncall:worker": "a script without secrets, for browsers",
    "oncall:manifest": "the app's name and icon, for browsers",
    "oncall:slack_actions": "Slack signs what it sends; another gets 403",
    "oncall:twilio_sms": "Twilio signs what it sends; another gets 403",
    "oncall:twilio_status": "Twilio signs what it sends; another gets 403",
    "incidents:told": "the address holds a signature; a second tap acts",
    "incidents:badge": "asks for a session itself unless the badge is public",
    "incidents:badge-json": "the same",
    "incidents:badge-html": "the same",
}
# What a viewer may send: what concerns themselves, and questions too long for a GET.
VIEWERS_MAY = {
    "accounts:settings": "their own profile",
    "accounts:tokens": "their own API tokens, which can do no more than they",
    "accounts:revoke_token": "their own API tokens",
    "account_logout": "their own session",
    "account_change_password": "their own password",
    "account_set_password": "their own password",
    "account_reauthenticate": "their own session",
    "account_email": "hidden behind the next, which does nothing",
    "accounts:closed": "is not there for anybody",
    "incidents:api-health": "asks after the health of many assets at once",
    "oncall:api_schedule_preview": "computes shifts and saves nothing",
    "alerts:api-try-silence": "tries a silence on the past and saves nothing",
    "alerts:api-test-rules": "tries an alert on the rules and saves nothing",
    "oncall:api_simulate": "computes a ladder and sends nothing",
    "oncall:add_browser": "how they themselves are reached",
    "oncall:my_urgency": "how they themselves are reached",
    "oncall:api_my_paging": "how they themselves are reached",
    "oncall:api_absences": "when they themselves are away",
    "oncall:api_absence": "when they themselves are away",
    "oncall:api_absence_calendar": "when they themselves are away",
    "oncall:add_method": "how they themselves are reached",
    "oncall:send_code": "how they themselves are reached",
    "oncall:verify_method": "how they themselves are reached",
    "oncall:move_method": "how they themselves are reached",
    "oncall:delay_method": "how they themselves are reached",
    "oncall:delete_method": "how they themselves are reached",
    "oncall:test_method": "how they themselves are reached",
    "oncall:add_absence": "when they themselves are away",
    "oncall:delete_absence": "when they themselves are away",
    "oncall:absence_calendar": "when they themselves are away",
    "oncall:shift_notices": "how they themselves are told",
    "incidents:messages": "what they themselves are told",
    "incidents:subscribe_asset": "what they themselves are told",
    "incidents:unsubscribe_asset": "what they themselves are told",
    "incidents:subscribe_team": "what they themselves are told",
    "incidents:unsubscribe_team": "what they themselves are told",
    "oncall:renew_my_feed": "the address of their own calendar",
}
# allauth's pages of one's own second factor.
VIEWERS_MAY_PREFIXES = ("mfa_",)
ADMIN_ONLY = (
    "/settings/people/",
    "/settings/invitations/",
    "/settings/audit/",
    "/on-call/imports/",
    "/on-call/urgency/fallback/",
    "/api/v1/fallback/",
)

UNSAFE = ("POST", "PUT", "PATCH", "DELETE")
VALUES = {"int": "1", "uuid": "7d2c6c1e-54b5-4a43-9f0b-0c6c2b7b8a11"}

SignIn = Callable[..., Client]


@dataclass(frozen=True, slots=True)
class Route:
    name: str
    path: str

    @property
    def is_api(self) -> bool:
        return self.path.startswith("/api/")


def all_routes() -> list[Route]:
    return list(_walk(get_resolver().url_patterns, "/", ""))


def _walk(
    patterns: list[URLPattern | URLResolver], path: str, namespace: str
) -> Iterator[Route]:
    for pattern in patterns:
        here = path + _filled(str(pattern.pattern))
        if isinstance(pattern, URLResolver):
            inner = f"{pattern.namespace}:" if pattern.namespace else ""
            yield from _walk(pattern.url_patterns, here, namespace + inner)
        else:
            yield Route(f"{namespace}{pattern.name or here}", here)


def _filled(pattern: str) -> str:
    """Return the pattern with a plausible value for each of its parameters."""
    plain = re.sub(r"\(\?P<\w+>.*?\)(?=[-/])", "x1", pattern.strip("^$"))
    return re.sub(
        r"<(?:(\w+):)?\w+>", lambda found: VALUES.get(found[1] or "str", "x1"), plain
    )


def answer(client: Client, method: str, route: Route) -> HttpResponseBase:
    return client.generic(method, route.path, b"{}", content_type="application/json")


def is_sent_to_sign_in(response: HttpResponseBase) -> bool:
    location = response.headers.get("Location", "")
    return response.status_code == 302 and location.startswith("/accounts/login/")


@pytest.fixture
def somebody(db: None, sign_in: SignIn) -> None:
    """An installation past its first run."""
    sign_in(role="admin")


@pytest.fixture
def stranger(somebody: None) -> Client:
    return Client(raise_request_exception=False)


def test_the_walk_finds_routes_that_resolve() -> None:
    routes = all_routes()
    assert {"accounts:settings", "accounts:api_me", "account_login"} <= {
        route.name for route in routes
    }
    for route in routes:
        resolve(route.path)  # raises when a parameter was filled badly


def test_a_stranger_is_let_in_nowhere_else(stranger: Client) -> None:
    let_in = []
    for route in all_routes():
        if route.name in OPEN:
            continue
        for method in ("GET", *UNSAFE):
            response = answer(stranger, method, route)
            refused = (
                response.status_code in (401, 403)
                if route.is_api
                else is_sent_to_sign_in(response)
            )
            if not refused:
                let_in.append(f"{method} {route.path} {response.status_code}")
    assert not let_in, "\n".join(let_in)


def test_open_routes_answer_strangers_without_failing(stranger: Client) -> None:
    failed = [
        f"{method} {route.path}"
        for route in all_routes()
        for method in ("GET", *UNSAFE)
        if route.name in OPEN and answer(stranger, method, route).status_code == 500
    ]
    assert not failed, "\n".join(failed)


def test_a_viewer_changes_nothing_but_what_is_theirs(
    somebody: None, sign_in: SignIn
) -> None:
    viewer = sign_in(role="viewer")
    viewer.raise_request_exception = False
    changed = []
    for route in all_routes():
        if route.name in {**OPEN, **VIEWERS_MAY}:
            continue
        if route.name.startswith(VIEWERS_MAY_PREFIXES):
            continue
        for method in UNSAFE:
            # 404 would do too, but it may hide a check that is not there.
            status = answer(viewer, method, route).status_code
            if status not in (403, 405):
                changed.append(f"{method} {route.path} {status}")
    assert not changed, "\n".join(changed)


@pytest.mark.parametrize("role", ["viewer", "responder"])
def test_administration_is_for_admins(
    somebody: None, sign_in: SignIn, role: str
) -> None:
    client = sign_in(role=role)
    routes = [r for r in all_routes() if r.path.startswith(ADMIN_ONLY)]
    assert len(routes) >= 6
    for route in routes:
        for method in ("GET", "POST"):
            assert answer(client, method, route).status_code in (403, 405), route
        assert 403 in {answer(client, m, route).status_code for m in ("GET", "POST")}


def test_nothing_is_allowed_that_does_not_exist() -> None:
    names = {route.name for route in all_routes()}
    # Passkeys are off at a bare IP address, and their routes with them.
    assert set(OPEN) | set(VIEWERS_MAY) <= names | {"mfa_login_webauthn"}
