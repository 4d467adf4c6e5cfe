"""Prompt embeddings that were computed lately, within a number of bytes."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Hashable
from threading import Lock

from torch import Tensor


class EmbedCache:
    """Least recently used embeddings leave first. Safe to share between threads.

    Args:
        max_bytes: all tensors together never exceed it; a single larger one is not kept. 0 = keep nothing.
    """

    def __init__(self, max_bytes: int) -> None:
        self.max_bytes = max_bytes
        self._bytes = 0
        self._entries: OrderedDict[Hashable, Tensor] = OrderedDict()
        self._lock = Lock()

    @property
    def bytes(self) -> int:
        """What is held at the moment."""
        return self._bytes

    def __len__(self) -> int:
        return len(self._entries)

    def get(self, key: Hashable) -> Tensor | None:
        """The tensor that was put under ``key``, if it is still here; it counts as used now."""
        with self._lock:
            if key in self._entries:
                self._entries.move_to_end(key)
            return self._entries.get(key)

    def put(self, key: Hashable, tensor: Tensor) -> None:
        """Keep ``tensor``; a view keeps more alive than its size says, so callers hand in a copy."""
        with self._lock:
            self._drop(key)
            size = _size(tensor)
            if size > self.max_bytes:
                return
            while self._bytes + size > self.max_bytes:
                self._drop(next(iter(self._entries)))
            self._entries[key] = tensor
            self._bytes += size

    def clear(self) -> None:
        """Forget everything."""
        with self._lock:
            self._entries.clear()
            self._bytes = 0

    def _drop(self, key: Hashable) -> None:
        dropped = self._entries.pop(key, None)
        if dropped is not None:
            self._bytes -= _size(dropped)


def _size(tensor: Tensor) -> int:
    return int(tensor.numel() * tensor.element_size())
