"""Telling the browsers of a workspace to look again.

An event is a PostgreSQL notification: sent inside a transaction it leaves with the commit, or never. It carries ids
only; whoever hears it asks for the row, and that request is checked like any other.
"""

from __future__ import annotations

import json
import uuid
from collections.abc import Mapping

from django.db import connection

CHANNEL = "vf_events"
MAX_BYTES = 7_000  # PostgreSQL refuses notifications of 8,000 bytes and more


def notify(workspace_id: uuid.UUID, data: Mapping[str, str | None], *, event: str = "job") -> None:
    """Tell every open page of the workspace. Raises ValueError when ``data`` is more than a handful of ids."""
    message = json.dumps({"workspace": str(workspace_id), "event": event, "data": dict(data)}, separators=(",", ":"))
    if len(message) > MAX_BYTES:
        raise ValueError("an event carries ids, not content")
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_notify(%s, %s)", [CHANNEL, message])
