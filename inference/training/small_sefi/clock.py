"""Shares of a given time for the stages of a training, kept through interruptions."""

from __future__ import annotations

import time
from collections.abc import Callable

STAGES = ("pool", "codec", "semantics", "flow", "sheet")
# Where each stage ends, as a share of all the time. Who is done earlier leaves its time to the next.
_ENDS = {"pool": 0.1, "codec": 0.38, "semantics": 0.45, "flow": 0.95, "sheet": 1.0}


def share_before(stage: str) -> float:
    """Where ``stage`` begins when those before it take all that they may, as a share of all the time."""
    place = STAGES.index(stage)
    return _ENDS[STAGES[place - 1]] if place else 0.0


class Clock:
    """How much of the time is gone.

    Args:
        total_s: seconds for everything.
        elapsed_s: of these, gone before.
    """

    def __init__(self, total_s: float, *, elapsed_s: float = 0.0, now: Callable[[], float] = time.monotonic) -> None:
        self._now, self.total_s = now, total_s
        self._begin = now() - elapsed_s

    @property
    def elapsed_s(self) -> float:
        return self._now() - self._begin

    def stage(self, name: str, *, begun_s: float | None = None) -> Stage:
        """The stage ``name``, beginning now, or begun when ``begun_s`` of the time were gone."""
        return Stage(self, name, self.elapsed_s if begun_s is None else begun_s, self.total_s * _ENDS[name])


class Stage:
    """One stage: from ``begun_s`` to ``end_s`` of the clock."""

    def __init__(self, clock: Clock, name: str, begun_s: float, end_s: float) -> None:
        self.clock, self.name, self.begun_s, self.end_s = clock, name, begun_s, end_s

    @property
    def share(self) -> float:
        """0 at its beginning, 1 at its end and after."""
        length = max(1e-6, self.end_s - self.begun_s)
        return min(1.0, max(0.0, (self.clock.elapsed_s - self.begun_s) / length))

    def is_over(self) -> bool:
        return self.clock.elapsed_s >= self.end_s
