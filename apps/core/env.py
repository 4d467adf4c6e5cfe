"""Typed readers of environment variables. A value that makes no sense stops the start with one clear sentence."""

from __future__ import annotations

import math
import os
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

from django.core.exceptions import ImproperlyConfigured

MOST_WORKERS = 64
BROKERS = ("redis", "rediss", "amqp", "amqps", "filesystem", "memory")
DATABASES = ("postgresql", "postgres")
TRUE = {"1", "true", "yes", "on"}
FALSE = {"0", "false", "no", "off"}
CONTROL_GROUP = Path("/sys/fs/cgroup")
"""Where Linux says what a container may use; inside one, the files on top are its own."""


def usable_cores() -> int:
    """How many cores this process may keep busy (containers and taskset narrow that), 1 to MOST_WORKERS."""
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    return max(1, min(cores, math.ceil(_cores_of_container()), MOST_WORKERS))


def _cores_of_container() -> float:
    """Processor time that the container may take in one unit of time; MOST_WORKERS where nothing limits it."""
    allowed = _words_of("cpu.max") or [*_words_of("cpu/cpu.cfs_quota_us"), *_words_of("cpu/cpu.cfs_period_us")]
    if len(allowed) == 2 and allowed[0].isdigit() and int(allowed[1]) > 0:  # otherwise "max", or -1
        return int(allowed[0]) / int(allowed[1])
    return MOST_WORKERS


def _words_of(name: str) -> list[str]:
    try:
        return (CONTROL_GROUP / name).read_text().split()
    except OSError:  # another kernel, or none of our business
        return []


class Env:
    """Reads one mapping, by default the process environment."""

    def __init__(self, values: Mapping[str, str] | None = None) -> None:
        self._values = os.environ if values is None else values

    def text(self, name: str, default: str = "") -> str:
        return self._values.get(name, "").strip() or default

    def required(self, name: str, hint: str) -> str:
        value = self.text(name)
        if not value:
            raise ImproperlyConfigured(f"{name} is not set. {hint}")
        return value

    def flag(self, name: str, default: bool) -> bool:
        value = self.text(name).lower()
        if not value:
            return default
        if value in TRUE:
            return True
        if value in FALSE:
            return False
        raise ImproperlyConfigured(f"{name}={value!r} is neither yes nor no. Use true or false.")

    def whole(self, name: str, default: int, *, at_least: int = 0, at_most: int | None = None) -> int:
        value = self.text(name)
        if not value:
            return default
        try:
            number = int(value)
        except ValueError as error:
            raise ImproperlyConfigured(f"{name}={value!r} is not a whole number.") from error
        if number < at_least or (at_most is not None and number > at_most):
            limits = f"at least {at_least}" if at_most is None else f"between {at_least} and {at_most}"
            raise ImproperlyConfigured(f"{name}={number} is out of range: it must be {limits}.")
        return number

    def folder_name(self, name: str) -> str:
        """The name of a folder in a folder that is known otherwise; empty where it is not set."""
        value = self.text(name)
        if value and (value in (".", "..") or any(sign in value for sign in "/\\\0")):
            raise ImproperlyConfigured(f"{name}={value!r} is no name of a folder. Write its last part only, no path.")
        return value

    def words(self, name: str, default: str = "") -> list[str]:
        return [word.strip() for word in self.text(name, default).split(",") if word.strip()]

    def pairs(self, name: str) -> dict[str, str]:
        """``a=1,b=2`` as a mapping."""
        words = self.words(name)
        split = [word.partition("=") for word in words]
        for word, (key, _, value) in zip(words, split, strict=True):
            if not key.strip() or not value.strip():
                raise ImproperlyConfigured(f"{name} holds {word!r}. Write name=value, separated by commas.")
        return {key.strip(): value.strip() for key, _, value in split}

    def choice(self, name: str, default: str, choices: tuple[str, ...]) -> str:
        value = self.text(name, default)
        if value not in choices:
            raise ImproperlyConfigured(f"{name}={value!r} is unknown. Choose one of: {', '.join(choices)}.")
        return value

    def url(self, name: str, default: str = "", *, schemes: tuple[str, ...]) -> str:
        value = self.text(name, default)
        if value and urlsplit(value).scheme not in schemes:
            raise ImproperlyConfigured(f"{name} must start with one of: {', '.join(s + '://' for s in schemes)}.")
        return value


def trusted_origins(hosts: Iterable[str]) -> list[str]:
    """CSRF_TRUSTED_ORIGINS for ALLOWED_HOSTS behind TLS: ``.example.com`` means the domain and all below it."""
    named = [host for host in hosts if host not in ("127.0.0.1", "localhost", "*")]
    return [f"https://*{host}" if host.startswith(".") else f"https://{host}" for host in named]


def database_from_url(url: str, *, pool_size: int = 0) -> dict[str, Any]:
    """Django's DATABASES entry for ``postgresql://user:password@host:port/name?host=/socket/dir&sslmode=…``.

    Raises ImproperlyConfigured for anything but PostgreSQL: the product relies on row-level security.
    """
    parts = urlsplit(url)
    if parts.scheme not in DATABASES:
        raise ImproperlyConfigured("The database URL must start with postgresql://; no other database is supported.")
    name = unquote(parts.path.lstrip("/"))
    if not name:
        raise ImproperlyConfigured("The database URL names no database: postgresql://user:password@host/NAME.")
    query = {key: values[-1] for key, values in parse_qs(parts.query).items()}
    host = query.pop("host", parts.hostname or "")
    options: dict[str, Any] = dict(query)
    if pool_size:
        # After an outage the pool pauses 1, 2, 4, ... s between its attempts; a fresh request begins with a fresh one.
        options["pool"] = {"min_size": 1, "max_size": pool_size, "timeout": 10, "reconnect_timeout": 3}
    return {
        "ENGINE": "django.db.backends.postgresql",
        "NAME": name,
        "USER": unquote(parts.username or ""),
        "PASSWORD": unquote(parts.password or ""),
        "HOST": host,
        "PORT": str(parts.port or ""),
        "OPTIONS": options,
        # Under ASGI each request runs in a thread of its own, which would leave a persistent connection behind.
        "CONN_MAX_AGE": 0,
        # With a pool: a connection that broke while it lay idle is replaced before it is handed out.
        "CONN_HEALTH_CHECKS": bool(pool_size),
    }
