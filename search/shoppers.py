"""Who a shopper is to Daogou: the HMAC of the id that the shop has for them, never the id itself.

With the secret, and only with it, the shop can find its own customer again; who sees the log alone cannot.
"""

from __future__ import annotations

import hashlib
import hmac
import os
import secrets
from pathlib import Path

from filelock import FileLock

from search.errors import SettingsError
from search.settings import Settings

FILE = "user_secret"
_BYTES = 32
_PATIENCE = 30.0


class Shoppers:
    """Safe to use from several threads."""

    def __init__(self, secret: bytes) -> None:
        self._secret = secret

    @classmethod
    def of(cls, settings: Settings) -> Shoppers:
        """With DAOGOU_USER_SECRET, or the secret that the data folder keeps. Raises SettingsError."""
        if settings.user_secret is not None:
            return cls(settings.user_secret.get_secret_value().encode())
        return cls(kept_secret(settings.data_dir))

    def name(self, user: str) -> str:
        """HMAC-SHA256 of the shop's id in UTF-8, as 64 hexadecimal digits."""
        return hmac.new(self._secret, user.encode(), hashlib.sha256).hexdigest()


def kept_secret(folder: Path) -> bytes:
    """The secret that the data folder keeps, made when there is none; processes that start at once get the same one.

    Raises SettingsError where it can be neither read nor made.
    """
    file = folder / FILE
    try:
        if not file.exists():
            folder.mkdir(parents=True, exist_ok=True)
            with FileLock(folder / f"{FILE}.lock", timeout=_PATIENCE):
                if not file.exists():
                    _make(file)
        secret = file.read_text(encoding="ascii").strip()
    except (OSError, UnicodeDecodeError) as error:
        raise SettingsError(
            f"The secret that shopper ids are hidden with cannot be kept in {file} "
            f"({getattr(error, 'strerror', None) or error}). Make the folder of DAOGOU_DATA_DIR writable, or set "
            "DAOGOU_USER_SECRET"
        ) from error
    if not secret:
        raise SettingsError(f"{file} is empty. Put its old content back, or remove the file: a new one is made then")
    return secret.encode()


def _make(file: Path) -> None:
    """Whole or not at all, and readable by the server's own user alone."""
    draft = file.with_name(f".{FILE}.{secrets.token_hex(4)}")
    opened = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        with os.fdopen(opened, "w", encoding="ascii") as out:
            out.write(secrets.token_hex(_BYTES) + "\n")
            out.flush()
            os.fsync(out.fileno())
        draft.replace(file)
    finally:
        draft.unlink(missing_ok=True)
