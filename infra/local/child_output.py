"""Reads what children print, and hands it on line by line with the name of who said it."""

from __future__ import annotations

import os
import selectors
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import IO

CHUNK_BYTES = 1 << 16
LONGEST_LINE_BYTES = 1 << 20


@dataclass
class _Stream:
    name: str
    source: IO[bytes]
    partial: bytes = b""


@dataclass
class ChildOutput:
    """The pipes of all children. A pipe is forgotten once its last writer has closed it."""

    say: Callable[[str, str], None]
    """Called with the name of a child and one line."""
    _selector: selectors.BaseSelector = field(default_factory=selectors.DefaultSelector)

    def follow(self, name: str, source: IO[bytes]) -> None:
        """Read `source`, a pipe, from now on."""
        os.set_blocking(source.fileno(), False)
        self._selector.register(source, selectors.EVENT_READ, _Stream(name, source))

    def relay(self, timeout_s: float) -> None:
        """Hand on what has arrived; waits up to `timeout_s` for something to arrive."""
        for key, _ in self._selector.select(timeout_s):
            self._read(key.data)

    def _read(self, stream: _Stream) -> None:
        chunk = os.read(stream.source.fileno(), CHUNK_BYTES)
        *lines, stream.partial = (stream.partial + chunk).split(b"\n")
        if not chunk or len(stream.partial) > LONGEST_LINE_BYTES:
            lines, stream.partial = [*lines, stream.partial], b""
        for line in lines:
            if line.strip():
                self.say(stream.name, line.decode(errors="replace").rstrip())
        if not chunk:
            self._selector.unregister(stream.source)
            stream.source.close()
