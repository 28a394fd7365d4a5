"""People, the teams they form, and the keys they hold."""

from __future__ import annotations

import hashlib
import secrets
from datetime import datetime, timedelta
from typing import Any, ClassVar
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from django.contrib.auth.base_user import AbstractBaseUser, BaseUserManager
from django.db import models
from django.db.models import Q
from django.db.models.functions import Lower

INVITATION_LIFETIME = timedelta(days=7)


def hash_secret(secret: str) -> str:
    """The form in which a machine-made secret of 128 bits or more is stored.

    One fast hash is enough because such secrets cannot be guessed
    (NIST SP 800-63B, look-up secrets).
    """
    return hashlib.sha256(secret.encode()).hexdigest()


class UserManager(BaseUserManager["User"]):
    def create_user(
        self, email: str, password: str | None = None, **fields: Any
    ) -> User:
        user = self.model(email=email.strip().lower(), **fields)
        user.set_password(password)
        user.save(using=self._db)
        return user

    def create_superuser(
        self, email: str, password: str | None = None, **fields: Any
    ) -> User:
        return self.create_user(email, password, **{**fields, "role": User.Role.ADMIN})

    def get_by_natural_key(self, username: str | None) -> User:
        return self.get(email__iexact=username)


class User(AbstractBaseUser):
    """A person. Signs in by e-mail; is shown by name or, without one, by e-mail."""

    class Role(models.TextChoices):
        VIEWER = "viewer", "Viewer"
        RESPONDER = "responder", "Responder"
        ADMIN = "admin", "Admin"

    # Unique as written too: Django's createsuperuser asks for that.
    email = models.EmailField(max_length=254, unique=True)
    name = models.CharField(max_length=120, blank=True)
    time_zone = models.CharField(max_length=64, default="UTC")
    role = models.CharField(max_length=9, choices=Role, default=Role.RESPONDER)
    is_active = models.BooleanField(default=True)
    created_at = models.DateTimeField(auto_now_add=True)

    objects: ClassVar[UserManager] = UserManager()

    USERNAME_FIELD = "email"
    EMAIL_FIELD = "email"
    REQUIRED_FIELDS: ClassVar[list[str]] = []

    class Meta:
        ordering = ["name", "email"]
        constraints = [
            models.UniqueConstraint(
                Lower("email"), name="user_email_unique_ignoring_case"
            )
        ]

    def __str__(self) -> str:
        return self.name or self.email

    @property
    def initials(self) -> str:
        """One or two capitals for the avatar."""
        words = (self.name or self.email.split("@")[0].replace(".", " ")).split()
        return "".join(word[0] for word in (words[:1] + words[1:][-1:])).upper()

    @property
    def tz(self) -> ZoneInfo:
        """The person's zone; UTC when this machine does not know the stored name.

        Names come and go with the tz database, so a stored one may be unknown
        after a move to another machine.
        """
        try:
            return ZoneInfo(self.time_zone)
        except (ZoneInfoNotFoundError, ValueError):
            return ZoneInfo("UTC")

    @property
    def is_admin(self) -> bool:
        return self.role == self.Role.ADMIN

    @property
    def can_respond(self) -> bool:
        """Whether this person may change incidents, schedules and the like."""
        return self.role in (self.Role.RESPONDER, self.Role.ADMIN)


class Team(models.Model):
    """People who own assets and are on call together."""

    name = models.CharField(max_length=80)
    slug = models.SlugField(max_length=80, unique=True)
    description = models.CharField(max_length=300, blank=True)
    members = models.ManyToManyField(User, related_name="teams", blank=True)

    class Meta:
        ordering = ["name"]
        constraints = [
            models.UniqueConstraint(
                Lower("name"), name="team_name_unique_ignoring_case"
            )
        ]

    def __str__(self) -> str:
        return self.name


class ApiTokenQuerySet(models.QuerySet["ApiToken"]):
    def live(self) -> ApiTokenQuerySet:
        return self.filter(revoked_at=None, user__is_active=True)


class ApiToken(models.Model):
    """A key with which programs act as a user. Stored hashed, shown once."""

    user = models.ForeignKey(User, models.CASCADE, related_name="api_tokens")
    name = models.CharField(max_length=80)
    token_hash = models.CharField(max_length=64, unique=True)
    prefix = models.CharField(max_length=12)
    created_at = models.DateTimeField()
    last_used_at = models.DateTimeField(null=True, blank=True)
    revoked_at = models.DateTimeField(null=True, blank=True)

    objects = ApiTokenQuerySet.as_manager()

    class Meta:
        ordering = ["-created_at"]

    def __str__(self) -> str:
        return f"{self.name} ({self.prefix}…)"

    @staticmethod
    def new_secret() -> str:
        return f"hw_{secrets.token_hex(20)}"


class InvitationQuerySet(models.QuerySet["Invitation"]):
    def open(self, *, at: datetime) -> InvitationQuerySet:
        return self.filter(accepted_at=None, revoked_at=None, expires_at__gt=at)


class Invitation(models.Model):
    """A link that lets one person make an account. Used once, then useless."""

    email = models.EmailField(max_length=254)
    role = models.CharField(
        max_length=9, choices=User.Role, default=User.Role.RESPONDER
    )
    team = models.ForeignKey(Team, models.SET_NULL, null=True, blank=True)
    token_hash = models.CharField(max_length=64, unique=True)
    invited_by = models.ForeignKey(User, models.CASCADE, related_name="+")
    created_at = models.DateTimeField()
    expires_at = models.DateTimeField()
    accepted_at = models.DateTimeField(null=True, blank=True)
    revoked_at = models.DateTimeField(null=True, blank=True)

    objects = InvitationQuerySet.as_manager()

    class Meta:
        ordering = ["-created_at"]

    def __str__(self) -> str:
        return self.email

    def is_open(self, *, at: datetime) -> bool:
        used = self.accepted_at is not None or self.revoked_at is not None
        return not used and at < self.expires_at


class AuditEntry(models.Model):
    """Who changed what, when. Rows are added, never edited."""

    actor = models.ForeignKey(User, models.PROTECT, null=True, related_name="+")
    at = models.DateTimeField()
    action = models.CharField(max_length=60)
    target_type = models.CharField(max_length=60)
    target_id = models.CharField(max_length=60)
    target_label = models.CharField(max_length=200)
    changes = models.JSONField(default=dict)

    class Meta:
        ordering = ["-at", "-pk"]
        indexes = [models.Index(fields=["-at"], name="audit_newest_first")]

    def __str__(self) -> str:
        return f"{self.action} {self.target_label}"

    @property
    def act(self) -> str:
        """The action in words: "team member added"."""
        return self.action.replace(".", " ").replace("_", " ")

    @property
    def lines(self) -> list[tuple[str, str]]:
        """The changes in words: [("role", "viewer → admin"), ("name", "Ana")]."""
        return [
            (field.replace("_", " "), said)
            for field, change in self.changes.items()
            if (said := _in_words(change))
        ]


def _in_words(change: Any) -> str:
    if not isinstance(change, list) or len(change) != 2:
        return _said(change)
    old, new = _said(change[0]), _said(change[1])
    if not old or not new:
        return f"{old} removed" if old else new
    return f"{old} → {new}"


def _said(value: Any) -> str:
    """A value of JSON for people; empty for nothing. A thing with a label is that."""
    match value:
        case None:
            return ""
        case bool():
            return "yes" if value else "no"
        case {"label": label}:
            return str(label)
        case dict():
            parts = (
                (name.replace("_", " "), _said(one)) for name, one in value.items()
            )
            return ", ".join(f"{name} {said}" for name, said in parts if said)
        case list():
            between = "; " if any(isinstance(one, dict) for one in value) else ", "
            return between.join(_said(one) for one in value)
    return str(value)


class IdempotentAnswer(models.Model):
    """The first answer to a write that carried an Idempotency-Key.

    Written in the transaction of the write itself, so a key exists exactly when
    its write is committed.
    """

    user = models.ForeignKey(User, models.CASCADE, related_name="+")
    key = models.CharField(max_length=255)
    request_hash = models.CharField(max_length=64)
    status = models.PositiveSmallIntegerField(default=0)
    content_type = models.CharField(max_length=100, default="application/json")
    body = models.TextField(default="")
    created_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["user", "key"], name="idempotency_key_once_per_user"
            ),
            models.CheckConstraint(
                name="idempotency_key_not_empty", condition=~Q(key="")
            ),
        ]
        indexes = [models.Index(fields=["created_at"], name="idempotency_oldest")]

    def __str__(self) -> str:
        return self.key
