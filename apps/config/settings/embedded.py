"""One machine, nothing to install by hand: what ``make run`` uses."""

from __future__ import annotations

import secrets

from apps.config.settings.base import *  # noqa: F403
from apps.config.settings.base import DATA_DIR, env

DEBUG = env.flag("DEBUG", False)


def _secret_key() -> str:
    """SECRET_KEY, or the key that the launcher generated into the data directory; empty where there is neither."""
    note = DATA_DIR / "secret_key"
    return env.text("SECRET_KEY") or (note.read_text().strip() if note.exists() else "")


# Management commands need some key; nobody is served with one that the next process does not know.
SECRET_KEY_IS_MADE_UP = not _secret_key()
SECRET_KEY = _secret_key() or secrets.token_urlsafe(64)
ALLOWED_HOSTS = env.words("ALLOWED_HOSTS", "127.0.0.1,localhost,[::1]")
