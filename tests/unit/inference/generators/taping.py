"""Recordings that need no GPU, for tests of what is recorded and replayed."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from torch import Tensor
from torch.utils._pytree import tree_leaves


class Taped:
    """Replays as a CUDA graph does: outputs are overwritten by the next replay. As large as what it gives."""

    def __init__(self, call: Callable[[], Any]) -> None:
        self._call, self._outputs = call, call()
        self.size_bytes = sum(one.nbytes for one in tree_leaves(self._outputs) if isinstance(one, Tensor))

    def __call__(self) -> Any:
        for old, new in zip(tree_leaves(self._outputs), tree_leaves(self._call()), strict=True):
            old.copy_(new)
        return self._outputs


class Recorder:
    """Counts what is recorded."""

    def __init__(self) -> None:
        self.made = 0

    def __call__(self, call: Callable[[], Any]) -> Taped:
        self.made += 1
        return Taped(call)
