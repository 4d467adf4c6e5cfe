"""Database work that outlives a restart of the database."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from typing import TypeVar

from django.db import InterfaceError, OperationalError, connection

logger = logging.getLogger(__name__)
Result = TypeVar("Result")
PATIENCE_S = 15.0
FIRST_PAUSE_S = 0.1


def patiently(step: Callable[[], Result]) -> Result:
    """Run one whole transaction; when the connection breaks, again on a new one, for up to ``PATIENCE_S``.

    ``step`` must be safe to repeat: its commit may have gone through although the reply was lost.
    """
    give_up_at = time.monotonic() + PATIENCE_S
    pause_s = FIRST_PAUSE_S
    while True:
        try:
            return step()
        except (OperationalError, InterfaceError) as error:
            if connection.in_atomic_block or time.monotonic() + pause_s > give_up_at:
                raise
            logger.warning("the database is away, trying again in %.1f s: %s", pause_s, str(error).strip())
            connection.close()
            time.sleep(pause_s)
            pause_s = min(pause_s * 2, 2.0)
