"""What a drawn picture shows, read from its pixels: coloured objects, their place, their kind, the grounds behind.

Works where it is exact: coloured objects on grey grounds, told apart by hue. ``trials.rulers`` says how often these
measures are right on pictures whose content is known.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import cv2
import numpy as np
import numpy.typing as npt
import torch

from inference.ops.oklab import to_oklab
from inference.training.small_sefi.render import draw
from inference.training.small_sefi.scenes import MAX_OBJECTS, Scenes
from inference.training.small_sefi.words import COLOURS, KINDS, SURFACES, WALLS
from inference.types import F32, U8, Mask

CHROMATIC = tuple(name for name in COLOURS if name not in ("white", "black"))
GREY_WALLS = ("white", "grey")
GREY_SURFACES = ("marble", "slate")
_MIN_CHROMA = 0.05
_MIN_AREA = 0.006
_SLOTS = np.array([0.24, 0.5, 0.76])
_TOP_SHARE, _BOTTOM_SHARE = 0.25, 0.94

Names = npt.NDArray[np.int64]
Lengths = npt.NDArray[np.floating[Any]]


@dataclass(frozen=True, eq=False)
class Found:
    """The largest patch of one colour: ``mask`` bool (S, S) and its box (left, top, width, height) in fractions."""

    mask: Mask
    box: tuple[float, float, float, float]

    @property
    def centre(self) -> tuple[float, float]:
        left, top, width, height = self.box
        return left + width / 2, top + height / 2


@lru_cache(maxsize=1)
def _hues() -> F32:
    lab = to_oklab(np.array([COLOURS[name] for name in CHROMATIC], np.uint8))
    return np.asarray(np.arctan2(lab[:, 2], lab[:, 1]), np.float32)


def colour_names(rgb: U8) -> Names:
    """int64 (S, S): the place in ``CHROMATIC`` of each pixel's nearest hue; -1 where it has none."""
    lab = to_oklab(rgb)
    hue = np.arctan2(lab[..., 2], lab[..., 1])
    turn = np.abs((hue[..., None] - _hues() + np.pi) % (2 * np.pi) - np.pi)
    return np.where(np.hypot(lab[..., 1], lab[..., 2]) > _MIN_CHROMA, turn.argmin(axis=-1), -1)


def find(rgb: U8, colour: str) -> Found | None:
    """The largest connected patch of ``colour``; None where there is none of a visible size."""
    named = (colour_names(rgb) == CHROMATIC.index(colour)).astype(np.uint8)
    count, labels, stats, _ = cv2.connectedComponentsWithStats(named, connectivity=8)
    if count < 2:
        return None
    largest = 1 + int(stats[1:, cv2.CC_STAT_AREA].argmax())
    left, top, width, height, area = (int(value) for value in stats[largest])
    side = rgb.shape[0]
    if area < _MIN_AREA * side * side:
        return None
    return Found(labels == largest, (left / side, top / side, width / side, height / side))


def place_of(found: Found) -> int:
    """The place in ``PLACES`` that is nearest."""
    return int(np.abs(_SLOTS - found.centre[0]).argmin())


def wall_of(rgb: U8, among: Sequence[str] = GREY_WALLS) -> str:
    """Which of ``among`` the upper part of the picture is nearest to."""
    side = rgb.shape[0]
    return _nearest(rgb[: int(_TOP_SHARE * side)], {name: WALLS[name] for name in among})


def surface_of(rgb: U8, among: Sequence[str] = GREY_SURFACES) -> str:
    """Which of ``among`` the lower edge of the picture is nearest to."""
    side = rgb.shape[0]
    return _nearest(rgb[int(_BOTTOM_SHARE * side) :], {name: SURFACES[name] for name in among})


def _nearest(pixels: U8, table: dict[str, tuple[int, int, int]]) -> str:
    seen = np.median(to_oklab(pixels).reshape(-1, 3), axis=0)
    names = list(table)
    known = to_oklab(np.array([table[name] for name in names], np.uint8))
    return names[int(np.linalg.norm(known - seen, axis=1).argmin())]


def kind_of(found: Found, colour: str) -> int:
    """The place in ``KINDS`` of the body whose coloured part, drawn to fill the same box, covers the pixels best."""
    side = found.mask.shape[0]
    left, top, _, height = found.box
    shapes = _coloured_parts()
    tall = height / (shapes[:, 3] - shapes[:, 2])
    drawn = draw(
        _alone(colour, middle=left - shapes[:, 0] * tall, base=top + shapes[:, 3] * tall, height=tall), side
    ).images
    overlaps = []
    for image in drawn:
        rgb = np.asarray((image * 255.0).round().to(torch.uint8).permute(1, 2, 0))
        there = find(rgb, colour)
        mask = np.zeros_like(found.mask) if there is None else there.mask
        overlaps.append((mask & found.mask).sum() / max(1, (mask | found.mask).sum()))
    return int(np.argmax(overlaps))


@lru_cache(maxsize=1)
def _coloured_parts() -> F32:
    """fp32 (kinds, 4): where each kind's coloured part begins and ends to the right and upwards of the middle of its
    base, in heights: left, right, bottom, top."""
    side, tall = 256, 0.4
    ones = np.ones(len(KINDS), np.float32)
    drawn = draw(_alone("blue", middle=0.4 * ones, base=0.8 * ones, height=tall * ones), side).images
    rows = []
    for image in drawn:
        found = find(np.asarray((image * 255.0).round().to(torch.uint8).permute(1, 2, 0)), "blue")
        assert found is not None
        left, top, width, height = found.box
        rows.append([(left - 0.4) / tall, (left + width - 0.4) / tall, (0.8 - top - height) / tall, (0.8 - top) / tall])
    return np.asarray(rows, np.float32)


def _alone(colour: str, *, middle: Lengths, base: Lengths, height: Lengths) -> Scenes:
    """One object of each kind, alone on grey grounds."""
    count = len(KINDS)

    def first(values: npt.NDArray[Any], others: float) -> Any:
        columns = np.full((count, MAX_OBJECTS), others, values.dtype)
        columns[:, 0] = values
        return columns

    return Scenes(
        kind=first(np.arange(count), -1),
        colour=np.full((count, MAX_OBJECTS), list(COLOURS).index(colour)),
        slot=np.zeros((count, MAX_OBJECTS), np.int64),
        middle=first(middle, 0.5),
        base=first(base, 0.5),
        height=first(height, 0.5),
        wall=np.full(count, list(WALLS).index("grey")),
        surface=np.full(count, list(SURFACES).index("slate")),
        light=np.zeros(count, np.int64),
        horizon=np.full(count, 0.6, np.float32),
        phase=np.zeros((count, 4), np.float32),
    )


def overlap(first: Sequence[float], second: Sequence[float]) -> float:
    """Intersection over union of two boxes (left, top, width, height)."""
    sides = []
    for axis in (0, 1):
        begin = max(first[axis], second[axis])
        end = min(first[axis] + first[axis + 2], second[axis] + second[axis + 2])
        sides.append(max(0.0, end - begin))
    shared = sides[0] * sides[1]
    return shared / (first[2] * first[3] + second[2] * second[3] - shared)
