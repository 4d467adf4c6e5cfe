"""What has to hold before anybody is served; management commands run without it."""

from __future__ import annotations

from django.conf import settings
from django.core.exceptions import ImproperlyConfigured


def require_secret_key() -> None:
    """Raises ImproperlyConfigured where no key was given: each process would sign with another one."""
    if getattr(settings, "SECRET_KEY_IS_MADE_UP", False):
        raise ImproperlyConfigured(
            f"There is no secret key: set SECRET_KEY, or start with `make run`, which keeps one in {settings.DATA_DIR}."
        )
