"""Hearing PostgreSQL's notifications on a connection of their own."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import psycopg
from django.db import connection
from psycopg import sql

KEEPALIVES = {"keepalives": 1, "keepalives_idle": 30, "keepalives_interval": 10, "keepalives_count": 3}  # seconds


def connection_parameters() -> dict[str, Any]:
    """What psycopg needs to reach Django's default database, outside any pool.

    A listener only ever waits, so over a network TCP has to find out that the other end is gone.
    """
    parameters: dict[str, Any] = connection.get_connection_params()
    for name in ("cursor_factory", "context", "pool"):
        parameters.pop(name, None)
    host = str(parameters.get("host") or "")
    if host and not host.startswith("/"):
        parameters = KEEPALIVES | parameters
    return parameters


class Listener:
    def __init__(self, raw: psycopg.Connection[Any]) -> None:
        self._raw = raw

    def wait(self, timeout_s: float) -> int:
        """Block until something is heard or the time is over; returns how many notifications there were."""
        heard = len(list(self._raw.notifies(timeout=timeout_s, stop_after=1)))
        return heard and heard + len(list(self._raw.notifies(timeout=0)))


@contextmanager
def listen(channel: str) -> Iterator[Listener]:
    """Raises psycopg.OperationalError when the database is away or goes away."""
    with psycopg.connect(**connection_parameters(), autocommit=True) as raw:
        raw.execute(sql.SQL("LISTEN {}").format(sql.Identifier(channel)))
        yield Listener(raw)
