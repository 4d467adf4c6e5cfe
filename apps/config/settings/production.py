"""Behind a proxy that ends TLS. Everything secret comes from the environment; a missing value stops the start."""

from __future__ import annotations

from apps.config.settings.base import *  # noqa: F403
from apps.config.settings.base import env
from apps.core.env import trusted_origins

DEBUG = False
SECRET_KEY = env.required("SECRET_KEY", "Generate one: python -c 'import secrets; print(secrets.token_urlsafe(64))'")
ALLOWED_HOSTS = env.words("ALLOWED_HOSTS")
CSRF_TRUSTED_ORIGINS = trusted_origins(ALLOWED_HOSTS)
env.required("DATABASE_URL", "Use postgresql://user:password@host/name of a role that is no superuser.")

# Attempts are counted for each visitor, whose address is the last one that the proxy wrote into X-Forwarded-For.
ALLAUTH_TRUSTED_PROXY_COUNT = env.whole("TRUSTED_PROXY_COUNT", 1, at_most=10)

SECURE_SSL_REDIRECT = env.flag("SECURE_SSL_REDIRECT", True)
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
SECURE_HSTS_SECONDS = env.whole("SECURE_HSTS_SECONDS", 31_536_000)
SECURE_HSTS_INCLUDE_SUBDOMAINS = env.flag("SECURE_HSTS_INCLUDE_SUBDOMAINS", True)
SECURE_HSTS_PRELOAD = env.flag("SECURE_HSTS_PRELOAD", True)
SESSION_COOKIE_SECURE = True
CSRF_COOKIE_SECURE = True
