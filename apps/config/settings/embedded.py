"""One machine, nothing to install by hand: what ``make run`` uses."""

from __future__ import annotations

from apps.config.settings.base import *  # noqa: F403
from apps.config.settings.base import DATA_DIR, env

DEBUG = env.flag("DEBUG", False)


def _secret_key() -> str:
    """SECRET_KEY, or the key that the launcher generated into the data directory."""
    note = DATA_DIR / "secret_key"
    return env.text("SECRET_KEY") or (note.read_text().strip() if note.exists() else "insecure-only-for-tooling")


SECRET_KEY = _secret_key()
ALLOWED_HOSTS = env.words("ALLOWED_HOSTS", "127.0.0.1,localhost,[::1]")
