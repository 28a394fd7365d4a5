"""Every setting. All come from the environment; docs/operations.md lists them."""

import re
from datetime import timedelta
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from django.core.exceptions import ImproperlyConfigured
from django.core.management.utils import get_random_secret_key

from config import embedded, logs
from config.environment import (
    BASE_DIR,
    DATA_DIR,
    DATABASE_URL,
    REDIS_URL,
    USES_EMBEDDED_POSTGRES,
    env,
    numbers_by_name,
    one_of,
    whole_number,
    yes_or_no,
)


def kept_secret_key(path: Path) -> str:
    """The key made at the first start, so that sessions and links outlive restarts."""
    if not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch(mode=0o600)
        path.write_text(get_random_secret_key())
    return path.read_text().strip()


# --- the address --------------------------------------------------------------

PORT = whole_number("PORT", 8000, least=1, most=65535)
BIND_ADDRESS = env.str("BIND_ADDRESS", default="127.0.0.1")
PUBLIC_URL = env.str("PUBLIC_URL", default=f"http://127.0.0.1:{PORT}").rstrip("/")
_public = urlsplit(PUBLIC_URL)
if _public.scheme not in ("http", "https") or not _public.hostname:
    raise ImproperlyConfigured(
        "PUBLIC_URL must be a whole address such as https://headwater.example.com."
    )
ALLOWED_HOSTS = [
    _public.hostname,
    "127.0.0.1",
    "localhost",
    "[::1]",
    *env.list("ALLOWED_HOSTS", default=[]),
]
CSRF_TRUSTED_ORIGINS = [f"{_public.scheme}://{_public.netloc}"]
if yes_or_no("BEHIND_TLS_PROXY"):
    SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = _public.scheme == "https"
SECURE_HSTS_SECONDS = 31_536_000 if _public.scheme == "https" else 0
SECURE_REFERRER_POLICY = "same-origin"
X_FRAME_OPTIONS = "DENY"

DEBUG = yes_or_no("DEBUG")
SECRET_KEY = env.str("SECRET_KEY", default="") or kept_secret_key(
    DATA_DIR / "secret_key"
)

# --- what runs ----------------------------------------------------------------

INSTALLED_APPS = [
    "django.contrib.contenttypes",
    "django.contrib.auth",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.postgres",
    "django.contrib.staticfiles",
    "django.contrib.humanize",
    "django_htmx",
    "django_structlog",
    "rest_framework",
    "drf_spectacular",
    "allauth",
    "allauth.account",
    "allauth.mfa",
    "core",
    "accounts",
    "catalog",
    "oncall",
    "alerts",
    "incidents",
    "postmortems",
    "config.apps.HeadwaterConfig",
]
MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "core.http.ContentSecurityPolicyMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django_structlog.middlewares.RequestMiddleware",
    "django.contrib.auth.middleware.LoginRequiredMiddleware",
    "accounts.middleware.TimeZoneMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
    "allauth.account.middleware.AccountMiddleware",
    "accounts.middleware.FirstRunMiddleware",
    "core.http.DomainErrorMiddleware",
    "accounts.idempotency.IdempotencyKeyMiddleware",
]
ROOT_URLCONF = "config.urls"
WSGI_APPLICATION = "config.wsgi.application"
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "config.navigation.navigation",
            ],
        },
    }
]
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
USE_TZ = True
TIME_ZONE = "UTC"
LANGUAGE_CODE = "en"

STATIC_URL = "/static/"
STATIC_ROOT = DATA_DIR / "static"
STATICFILES_DIRS = [BASE_DIR / "static"]
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {"BACKEND": "core.static_files.OneSheetStorage"},
}

# --- where the truth is -------------------------------------------------------

DATABASES: dict[str, dict[str, Any]] = {
    "default": {
        "ENGINE": "django.db.backends.postgresql",
        "NAME": embedded.DATABASE,
        "USER": embedded.USER,
        "HOST": embedded.socket_dir(DATA_DIR),
    }
    if USES_EMBEDDED_POSTGRES
    else env.db_url_config(DATABASE_URL)
}
if not DATABASES["default"].get("ENGINE", "").endswith("postgresql"):
    raise ImproperlyConfigured(
        "DATABASE_URL must name a PostgreSQL database: "
        "postgres://user:password@host:5432/name."
    )
DATABASES["default"] |= {
    "ENGINE": "core.postgres",
    "CONN_HEALTH_CHECKS": True,
    "OPTIONS": {
        **DATABASES["default"].get("OPTIONS", {}),  # such as ?sslmode=verify-full
        "pool": {
            "min_size": 1,
            "max_size": whole_number("DATABASE_POOL", 16, least=2, most=500),
            "timeout": 10,
        },
        "connect_timeout": 5,
    },
    "TEST": {"NAME": env.str("TEST_DATABASE_NAME", default="test_headwater")},
}

# --- work ---------------------------------------------------------------------

WEB_PROCESSES = whole_number("WEB_PROCESSES", 1, least=1, most=64)
WEB_THREADS = whole_number("WEB_THREADS", 8, least=1, most=64)
WORKER_THREADS = whole_number("WORKER_THREADS", 8, least=2, most=200)
if REDIS_URL and not re.match(r"(rediss?|sentinel|amqps?)://.", REDIS_URL):
    raise ImproperlyConfigured(
        "REDIS_URL must be a whole address such as redis://127.0.0.1:6379/0."
    )
CELERY_BROKER_URL = REDIS_URL or "memory://localhost/"
CELERY_TASK_IGNORE_RESULT = True
CELERY_TASK_ACKS_LATE = False
CELERY_TASK_DEFAULT_QUEUE = "headwater"
CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP = True
CELERY_BROKER_TRANSPORT_OPTIONS = {
    # A dead Redis must not hold up a page or an answer: the tick finds the rows.
    "socket_connect_timeout": 1,
    "socket_timeout": 5,
    "polling_interval": 0.05,
}
CELERY_TASK_PUBLISH_RETRY = False
CELERY_WORKER_HIJACK_ROOT_LOGGER = False
CELERY_WORKER_PREFETCH_MULTIPLIER = 1
CELERY_BEAT_SCHEDULER = "celery.beat:Scheduler"

# --- people -------------------------------------------------------------------

AUTH_USER_MODEL = "accounts.User"
AUTHENTICATION_BACKENDS = ["allauth.account.auth_backends.AuthenticationBackend"]
AUTH_PASSWORD_VALIDATORS = [
    {
        "NAME": "django.contrib.auth.password_validation.MinimumLengthValidator",
        "OPTIONS": {"min_length": 10},
    },
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
]
LOGIN_URL = "account_login"
LOGIN_REDIRECT_URL = "home"
SESSION_COOKIE_AGE = int(timedelta(days=30).total_seconds())
ACCOUNT_ADAPTER = "accounts.adapter.AccountAdapter"
ACCOUNT_LOGIN_METHODS = {"email"}
ACCOUNT_SIGNUP_FIELDS = ["email*", "password1*"]
ACCOUNT_USER_MODEL_USERNAME_FIELD = None
ACCOUNT_EMAIL_VERIFICATION = "none"
ACCOUNT_SESSION_REMEMBER = True
ACCOUNT_EMAIL_UNKNOWN_ACCOUNTS = False
ACCOUNT_EMAIL_NOTIFICATIONS = True
ACCOUNT_FORMS = {
    "login": "accounts.sign_in_forms.SignInForm",
    "reset_password": "accounts.sign_in_forms.ForgottenPasswordForm",
}
MFA_ADAPTER = "accounts.adapter.MFAAdapter"
MFA_TOTP_TOLERANCE = 1
# Browsers allow passkeys under TLS, and on localhost; never at a bare IP address.
MFA_PASSKEY_LOGIN_ENABLED = _public.scheme == "https" or _public.hostname == "localhost"
MFA_WEBAUTHN_ALLOW_INSECURE_ORIGIN = _public.hostname == "localhost"
MFA_SUPPORTED_TYPES = ["totp", "recovery_codes"]
if MFA_PASSKEY_LOGIN_ENABLED:
    MFA_SUPPORTED_TYPES.append("webauthn")

# --- the API ------------------------------------------------------------------

REST_FRAMEWORK = {
    "DEFAULT_AUTHENTICATION_CLASSES": [
        "accounts.authentication.BearerTokenAuthentication",
        "rest_framework.authentication.SessionAuthentication",
    ],
    "DEFAULT_PERMISSION_CLASSES": ["accounts.permissions.ReadOrRespond"],
    "DEFAULT_PARSER_CLASSES": ["core.api.JSONParser"],
    "DEFAULT_RENDERER_CLASSES": ["rest_framework.renderers.JSONRenderer"],
    "DEFAULT_PAGINATION_CLASS": "core.api.CursorPagination",
    "DEFAULT_SCHEMA_CLASS": "drf_spectacular.openapi.AutoSchema",
    "EXCEPTION_HANDLER": "core.api.exception_handler",
    # Else the schema's view repeats any `?version=` in a header.
    "ALLOWED_VERSIONS": ["1"],
    "UNAUTHENTICATED_USER": "django.contrib.auth.models.AnonymousUser",
}
SPECTACULAR_SETTINGS = {
    "TITLE": "Headwater",
    "VERSION": "1",
    "DESCRIPTION": "Incident response and on-call for data teams.",
    "SERVE_INCLUDE_SCHEMA": False,
    "SERVE_PERMISSIONS": ["accounts.permissions.ReadOrRespond"],
    "ENUM_NAME_OVERRIDES": {
        "SeverityEnum": "alerts.models.Severity",
        "SilenceKindEnum": "alerts.models.Silence.Kind",
        "AlertStatusEnum": "alerts.models.Alert.Status",
        "AssetTypeEnum": "catalog.models.Asset.Type",
        "BackfillStateEnum": "catalog.models.Backfill.State",
        "ChangeKindEnum": "catalog.models.Change.Kind",
        "ExpectationKindEnum": "alerts.models.Expectation.Kind",
        "ImportKindEnum": "catalog.models.ImportJob.Kind",
        "ImportStateEnum": "catalog.models.ImportJob.State",
        "IncidentStatusEnum": "incidents.models.Incident.Status",
        "EscalationStateEnum": "oncall.models.Escalation.State",
        "NotificationStateEnum": "oncall.models.Notification.State",
        "OverrideTypeEnum": "oncall.models.Override.Type",
        "ActionItemKindEnum": "postmortems.models.ActionItem.Kind",
    },
}
MAX_BODY_BYTES = 1 << 20
MAX_OPENLINEAGE_BODY_BYTES = 8 << 20
MAX_CATALOG_BODY_BYTES = 64 << 20
DATA_UPLOAD_MAX_MEMORY_SIZE = MAX_CATALOG_BODY_BYTES

# --- reaching people ----------------------------------------------------------

# Without a mail server, mail is kept in the local inbox, where people can read it.
EMAIL_URL = env.str("EMAIL_URL", default="")
if EMAIL_URL:
    if not re.match(r"smtp(s|\+tls|\+ssl)?://.", EMAIL_URL):
        raise ImproperlyConfigured(
            "EMAIL_URL must be a whole address such as "
            "smtp+tls://user:password@mail.example.com:587."
        )
    _email = env.email_url_config(EMAIL_URL)
    EMAIL_BACKEND = _email["EMAIL_BACKEND"]
    EMAIL_HOST = _email["EMAIL_HOST"]
    EMAIL_PORT = _email["EMAIL_PORT"] or 25
    EMAIL_HOST_USER = _email["EMAIL_HOST_USER"] or ""
    EMAIL_HOST_PASSWORD = _email["EMAIL_HOST_PASSWORD"] or ""
    EMAIL_USE_TLS = _email.get("EMAIL_USE_TLS", False)
    EMAIL_USE_SSL = _email.get("EMAIL_USE_SSL", False)
else:
    EMAIL_BACKEND = "oncall.inbox.EmailBackend"
EMAIL_TIMEOUT = 7
DEFAULT_FROM_EMAIL = env.str(
    "DEFAULT_FROM_EMAIL", default=f"Headwater <headwater@{_public.hostname}>"
)
ALLOW_PRIVATE_URLS = yes_or_no("ALLOW_PRIVATE_URLS")
SLACK_URL = env.str("SLACK_URL", default="https://slack.com").rstrip("/")
SLACK_BOT_TOKEN = env.str("SLACK_BOT_TOKEN", default="")
SLACK_SIGNING_SECRET = env.str("SLACK_SIGNING_SECRET", default="")
TWILIO_URL = env.str("TWILIO_URL", default="https://api.twilio.com").rstrip("/")
TWILIO_ACCOUNT_SID = env.str("TWILIO_ACCOUNT_SID", default="")
TWILIO_AUTH_TOKEN = env.str("TWILIO_AUTH_TOKEN", default="")
TWILIO_FROM = env.str("TWILIO_FROM", default="")
# Of SEV1 to SEV4; teams and people may choose otherwise for themselves.
PAGE_URGENCY = env.list("PAGE_URGENCY", default=["now", "now", "hold", "digest"])
if len(PAGE_URGENCY) != 4 or set(PAGE_URGENCY) - {"now", "hold", "digest"}:
    raise ImproperlyConfigured(
        "PAGE_URGENCY must be four of now, hold and digest, for SEV1 to SEV4: "
        "now,now,hold,digest."
    )
# Until somebody who acknowledged and then did nothing is paged again; 0 is never.
ACKNOWLEDGEMENT_MINUTES = whole_number(
    "ACKNOWLEDGEMENT_MINUTES", 0, least=0, most=10_080
)
MOST_PAGES = whole_number("MOST_PAGES", 20, least=0, most=10_000)
# Of one process to one provider: messages on their way, and messages a second.
PROVIDER_AT_ONCE = numbers_by_name(
    "PROVIDER_AT_ONCE", {"sms": 8, "call": 4, "slack": 8}
)
PROVIDER_RATE = numbers_by_name("PROVIDER_RATE", {"call": 1, "slack": 5})
# Told by the watchdog when pages may not go out, past the engine that sends them.
FALLBACK_CONTACT = env.str("FALLBACK_CONTACT", default="").strip()
if FALLBACK_CONTACT and not re.fullmatch(r"\S+(@|://)\S+", FALLBACK_CONTACT):
    raise ImproperlyConfigured(
        "FALLBACK_CONTACT must be an e-mail address or an Apprise URL."
    )
WATCHDOG_PING_URL = env.str("WATCHDOG_PING_URL", default="").strip()
if WATCHDOG_PING_URL and not re.match(r"https?://.", WATCHDOG_PING_URL):
    raise ImproperlyConfigured(
        "WATCHDOG_PING_URL must be a whole address such as https://hc.example.com/id."
    )

# --- incidents ----------------------------------------------------------------

CORRELATION_WINDOW = timedelta(
    minutes=whole_number("CORRELATION_WINDOW_MINUTES", 360, least=1, most=10_080)
)
CORRELATION_HOPS = whole_number("CORRELATION_HOPS", 20, least=1, most=100)
RESOLVE_WITH_ALERTS = yes_or_no("RESOLVE_WITH_ALERTS")
FLAP_CHANGES = whole_number("FLAP_CHANGES", 6, least=0, most=50)
FLAP_WITHIN = timedelta(minutes=whole_number("FLAP_MINUTES", 30, least=1, most=1440))

# --- how long things are kept -------------------------------------------------

# No time: for ever.
EVENT_RETENTION = timedelta(
    days=whole_number("EVENT_RETENTION_DAYS", 30, least=0, most=36_500)
)
ALERT_RETENTION = timedelta(
    days=whole_number("ALERT_RETENTION_DAYS", 400, least=0, most=36_500)
)

# --- seeing what happens ------------------------------------------------------

METRICS_PUBLIC = yes_or_no("METRICS_PUBLIC")
LOG_LEVEL = one_of(
    "LOG_LEVEL", "INFO", ("DEBUG", "INFO", "WARNING", "ERROR", "CRITICAL")
)
LOGGING = logs.configure(level=LOG_LEVEL, as_json=yes_or_no("LOG_JSON"))
