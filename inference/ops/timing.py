"""Stage times of a pipeline, reported as progress on the way."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager

from inference.types import Progress


class Stopwatch:
    """Times named stages in seconds and reports each one as it begins."""

    def __init__(self, on_progress: Progress) -> None:
        self.timings_s: dict[str, float] = {}
        self._on_progress = on_progress

    @contextmanager
    def stage(self, name: str, fraction: float) -> Iterator[None]:
        """Report ``(name, fraction)``, then time the block."""
        self._on_progress(name, fraction)
        begin = time.perf_counter()
        yield
        self.timings_s[name] = round(time.perf_counter() - begin, 4)
