"""Which recordings are worth their memory: small ones that are used much, within a budget. Knows no torch.

Calls come in many shapes (eight sizes of a pass times ten of a picture, with and without masks), and a recording costs
what a few plain calls cost, and memory as long as it is kept.

- A shape is recorded after ``WORTH_AFTER`` plain calls: about as many as lose to launches what a recording costs, so
  that nobody pays more than twice what somebody would who knew what comes (the rule of renting skis until a pair would
  have been paid: Karlin, Manasse, Rudolph and Sleator 1988). A shape that came once is never recorded.
- When the budget is used up, that leaves which has the fewest uses a byte, uses long ago counting less
  (GreedyDual-Size with frequency; Cherkasova 1998). What would have to leave at once is not recorded again.
- Before a worker takes work (``opening``), shapes are recorded the first time, until the budget is used up; none of
  them makes room for another.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Hashable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Generic, TypeVar

Thing = TypeVar("Thing")

WORTH_AFTER = 8
"""A guess from the published times of one model: recording saves about 17 ms a call and costs about 0.15 s."""

MOST_KEPT = 64
"""Nothing counts for less than its share in this many: recordings also take memory that nobody measures here."""

_MOST_SEEN = 512


@dataclass
class _Shape:
    """``size`` is known once the shape was recorded; ``worth`` counts while it is kept."""

    uses: int = 0
    size: int | None = None
    worth: float = 0.0
    is_refused: bool = False


class Shelf(Generic[Thing]):
    """Keeps things by key, as long as they are worth ``budget_bytes``."""

    def __init__(self, budget_bytes: int) -> None:
        self._budget = budget_bytes
        self._shapes: OrderedDict[Hashable, _Shape] = OrderedDict()
        self._kept: dict[Hashable, Thing] = {}
        self._clock = 0.0
        self._is_opening = self._is_full = False

    def __len__(self) -> int:
        return len(self._kept)

    @property
    def held_bytes(self) -> int:
        """What is kept counts for."""
        return sum(self._size_of(key) for key in self._kept)

    @contextmanager
    def opening(self) -> Iterator[None]:
        """While this lasts everything is worth being kept as soon as it is seen, for as long as there is room."""
        self._is_opening, self._is_full = True, False
        try:
            yield
        finally:
            self._is_opening = False

    def take(self, key: Hashable) -> Thing | None:
        """What is kept under ``key``; counts as a use of it in any case."""
        shape = self._shapes.setdefault(key, _Shape())
        self._shapes.move_to_end(key)
        shape.uses += 1
        if len(self._shapes) > _MOST_SEEN:
            oldest, _ = self._shapes.popitem(last=False)
            self._kept.pop(oldest, None)
        if key in self._kept:
            shape.worth = self._worth_now(shape)
        return self._kept.get(key)

    def wants(self, key: Hashable) -> bool:
        """Whether something should be made now for ``key``, which was taken before."""
        shape = self._shapes[key]
        if shape.is_refused:
            return False
        if self._is_opening:
            return not self._is_full
        return shape.uses > WORTH_AFTER and (shape.size is None or self._would_stay(shape))

    def put(self, key: Hashable, thing: Thing, size_bytes: int) -> None:
        """Keep ``thing``, unless all that is kept is worth more."""
        shape = self._shapes[key]
        shape.size = max(size_bytes, self._budget // MOST_KEPT, 1)
        if self._is_opening and self.held_bytes + shape.size > self._budget:
            self._is_full = True
        elif self._would_stay(shape):
            self._make_room(self._budget - shape.size)
            self._kept[key] = thing
            shape.worth = self._worth_now(shape)

    def refuse(self, key: Hashable) -> None:
        """Nothing can be made for ``key``."""
        self._shapes[key].is_refused = True

    def shrink(self) -> bool:
        """Memory ran out: keep half as much from now on. Returns whether something was dropped for that."""
        if not self._kept:
            return False
        before = len(self._kept)
        self._budget = self.held_bytes // 2
        self._make_room(self._budget)
        return len(self._kept) < before

    def clear(self) -> None:
        """Keep nothing, and know nothing of what was seen."""
        self._shapes.clear()
        self._kept.clear()

    def _size_of(self, key: Hashable) -> int:
        return self._shapes[key].size or 0

    def _worth_now(self, shape: _Shape) -> float:
        return self._clock + shape.uses / (shape.size or 1)

    def _would_stay(self, shape: _Shape) -> bool:
        """Whether what is worth less than ``shape`` is enough to make room for it."""
        worth, size = self._worth_now(shape), shape.size or 0
        lasting = sum(self._size_of(key) for key in self._kept if self._shapes[key].worth >= worth)
        return lasting + size <= self._budget

    def _make_room(self, most_bytes: int) -> None:
        while self._kept and self.held_bytes > most_bytes:
            least = min(self._kept, key=lambda key: self._shapes[key].worth)
            self._clock = self._shapes[least].worth
            del self._kept[least]
