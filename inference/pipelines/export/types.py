"""What goes into an export and what comes out of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from inference.ops.encode import QUALITY_BEST, QUALITY_FLOOR
from inference.ops.layers import ShotLayers
from inference.types import U8, GateReport

RESERVED_BYTES = 8 * 1024
"""What signature and certificate usually add to an encoded picture, besides the recipe."""

FINE_QUALITY = 85
"""Below this quality a picture is not squeezed for the sake of an advice."""


@dataclass(frozen=True)
class Target:
    """What a file has to be.

    Attributes:
        kind: ``white`` (main image), ``cutout`` (the same, transparent), ``scene`` (the shot) or ``layers`` (the shot
            as a layered document, at its own size).
        file_format: a key of ``ops.encode.FORMATS``.
        width, height: in pixels; 0 for both keeps the shot's ratio with ``longest`` as its longer side.
        longest: 0, too, leaves a shot exactly as it was made.
        max_bytes: of the whole file; no larger one is written.
        aim_bytes: what is only advised: kept to as long as the quality stays fine.
        fill: of ``white`` and ``cutout``.
        border: share of the shorter side that stays exactly white.
    """

    kind: str
    file_format: str
    width: int = 0
    height: int = 0
    longest: int = 0
    max_bytes: int | None = None
    aim_bytes: int | None = None
    best_quality: int = QUALITY_BEST
    lowest_quality: int = QUALITY_FLOOR
    fill: float = 0.87
    border: float = 0.02

    @property
    def is_as_made(self) -> bool:
        """The shot itself: same size, same pixels."""
        return self.kind == "layers" or not (self.width or self.longest)


@dataclass(frozen=True)
class Rendered:
    """A picture before it is a file.

    Attributes:
        pixels: uint8 (H, W, 3), or (H, W, 4) for ``cutout``.
        mask: uint8 (H, W), where the product shows.
        product_scale: canvas pixels per photo pixel; above 1 the product is enlarged.
        gate: None where the product was drawn anew.
        steps: what was done, as C2PA actions with a sentence each.
    """

    pixels: U8
    mask: U8
    product_scale: float
    gate: GateReport | None
    recipe: Mapping[str, Any]
    source_type: str
    steps: tuple[tuple[str, str], ...]
    layers: ShotLayers | None = None


@dataclass(frozen=True)
class ExportedFile:
    """``sidecar`` holds the credentials where the format can not. ``quality`` is None for lossless formats."""

    data: bytes
    sidecar: bytes | None
    media_type: str
    width: int
    height: int
    quality: int | None


def resized_step(scale: float) -> tuple[tuple[str, str], ...]:
    """The C2PA action of a product that is not shown at the size it was photographed at."""
    if scale == 1:
        return ()
    return (("c2pa.resized", f"Product {'enlarged' if scale > 1 else 'reduced'} to {scale * 100:.1f} % of the photo"),)


def border_px(target: Target, size: tuple[int, int]) -> int:
    """The white border of a main image of this size."""
    return max(2, round(target.border * min(size)))
