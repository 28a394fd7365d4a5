"""Secrets that must be read again, unlike passwords and tokens, which are hashed.

They are stored encrypted (Fernet: AES-128-CBC with HMAC-SHA256) under a key made
from SECRET_KEY, so that a copy of the database alone does not reveal them.
SECRET_KEY_FALLBACKS are tried when reading.
"""

import base64
import hashlib
from functools import cache

from cryptography.fernet import Fernet, MultiFernet
from django.conf import settings
from django.utils.encoding import force_bytes


def seal(text: str) -> str:
    """Return `text` encrypted, in ASCII."""
    return _box().encrypt(text.encode()).decode()


def unseal(sealed: str) -> str:
    """Return what was sealed. Raises cryptography's InvalidToken when it cannot be."""
    return _box().decrypt(sealed.encode()).decode()


def _box() -> MultiFernet:
    keys = (settings.SECRET_KEY, *settings.SECRET_KEY_FALLBACKS)
    return MultiFernet([_fernet(key) for key in keys])


@cache
def _fernet(key: str | bytes) -> Fernet:
    # SECRET_KEY is random and long, so one hash of it is a key; the prefix keeps
    # this use apart from Django's own.
    digest = hashlib.sha256(b"headwater.seal:" + force_bytes(key)).digest()
    return Fernet(base64.urlsafe_b64encode(digest))
