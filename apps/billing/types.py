from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Usage:
    """What a workspace used in a span of time."""

    images: int
    cpu_ms: int
    gpu_ms: int
    size_bytes: int
    price_micros: int
