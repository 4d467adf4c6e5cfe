"""Two independent halves of one computation at the same time, where a second core has nothing else to do.

What they call is numpy, OpenCV and compiled loops, which let other threads run. The result is the same as one after
the other. The thread lives as long as the call, so a process may fork before and after.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

First = TypeVar("First")
Second = TypeVar("Second")

_half = threading.local()


def both(one: Callable[[], First], other: Callable[[], Second]) -> tuple[First, Second]:
    """What the two return; ``other`` runs in a thread of its own. A half that calls this itself does both in turn.

    Raises what ``one`` raises, or else ``other``, when both have ended.
    """
    if getattr(_half, "is_running", False):
        return one(), other()
    with ThreadPoolExecutor(1, thread_name_prefix="half") as second:
        later = second.submit(_as_half, other)
        first = _as_half(one)
    return first, later.result()


def _as_half(work: Callable[[], Second]) -> Second:
    _half.is_running = True
    try:
        return work()
    finally:
        _half.is_running = False
