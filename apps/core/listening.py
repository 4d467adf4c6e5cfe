"""Hearing PostgreSQL's notifications on a connection of their own."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import psycopg
from django.db import connection
from psycopg import sql


def connection_parameters() -> dict[str, Any]:
    """What psycopg needs to reach Django's default database, outside any pool."""
    parameters: dict[str, Any] = connection.get_connection_params()
    for name in ("cursor_factory", "context", "pool"):
        parameters.pop(name, None)
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
