"""Row identifiers."""

from __future__ import annotations

import os
import time
import uuid
from collections.abc import Iterable


def uuid7() -> uuid.UUID:
    """A time-ordered random UUID (RFC 9562, version 7): rows inserted together lie together in the index."""
    milliseconds = time.time_ns() // 1_000_000
    value = (milliseconds << 80) | int.from_bytes(os.urandom(10), "big")
    value = (value & ~(0xF << 76)) | (0x7 << 76)
    value = (value & ~(0x3 << 62)) | (0x2 << 62)
    return uuid.UUID(int=value)


def readable_ids(texts: Iterable[str]) -> list[uuid.UUID]:
    """Those that are identifiers; nothing is found by the others."""
    known = []
    for text in texts:
        try:
            known.append(uuid.UUID(text))
        except ValueError:
            continue
    return known
