"""Waiting for other threads and processes: a condition and a generous limit, never a measured time."""

from __future__ import annotations

import time
from collections.abc import Callable

LIMIT_S = 30.0


def wait_until(condition: Callable[[], object], what: str = "it came true") -> None:
    """Return as soon as `condition` holds; fail the test after LIMIT_S."""
    deadline = time.monotonic() + LIMIT_S
    while not condition():
        assert time.monotonic() < deadline, f"waited {LIMIT_S:.0f} s in vain until {what}"
        time.sleep(0.02)
