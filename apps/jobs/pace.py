"""How long work takes by how much there is of it: a line through what was measured lately."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from statistics import fmean, median

# Amounts that differ by less than this share of their mean say nothing about what more or less would take.
_ALIKE = 0.1


@dataclass(frozen=True, order=True)
class Pace:
    """``unit_s`` seconds for each unit of work beside ``base_s`` for any; both 0 while nobody knows."""

    unit_s: float = 0.0
    base_s: float = 0.0

    def seconds(self, amount: float) -> float:
        return self.base_s + amount * self.unit_s


UNKNOWN = Pace()


def fitted(measured: Sequence[tuple[float, float]]) -> Pace:
    """The line of least squares through pairs of amount and seconds, neither of its parts below 0.

    Pairs of one amount alone can not tell them apart: all of the time counts as growing with the amount then.
    """
    if not measured:
        return UNKNOWN
    amounts, seconds = zip(*measured, strict=True)
    middle, mean_s = fmean(amounts), fmean(seconds)
    if max(amounts) - min(amounts) <= _ALIKE * middle:
        return Pace(unit_s=median(took / amount for amount, took in measured))
    spread = sum((amount - middle) ** 2 for amount in amounts)
    slope = sum((amount - middle) * (took - mean_s) for amount, took in measured) / spread
    if slope <= 0:
        return Pace(base_s=mean_s)
    base_s = mean_s - slope * middle
    if base_s < 0:
        return Pace(unit_s=sum(amount * took for amount, took in measured) / sum(amount**2 for amount in amounts))
    return Pace(unit_s=slope, base_s=base_s)
