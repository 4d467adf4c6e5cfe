"""Does the frame of a photo cut the product? Asked with mirrors along the frame.

Whoever learnt from whole products expects them to end before the frame, and colours there are taken for background. In
a mirror that stands on the frame a product that is cut goes on, and ends: it looks like a whole one. A product that is
whole does not reach the mirror. So the adviser sees the photo between two mirrors, and where the product crosses one,
it is searched for in the mirrored photo.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import cv2
import numpy as np

from inference.engines.classical.advice import Adviser
from inference.engines.classical.scene import in_lab
from inference.errors import InputRejected
from inference.ops.finish import Segmentation
from inference.ops.scaling import fitted_size, resized_mask, resized_rgb
from inference.types import F32, U8, Box, Mask

Margins = tuple[tuple[int, int], tuple[int, int]]
"""Pixels beyond the photo: (above, below), (left, right)."""

_ASKED_PX = 480
_MIRRORED = 0.5
_SIDES_PX = 210
_QUIET_STEP, _STEP_PX = 0.5, 4
_LEAST_SPAN = 0.01
_AS_MUCH, _ABOUT_AS_MUCH, _LEAST_QUALITY = 0.01, 0.1, 0.7
_REACHED, _WIDEST = 0.5, 2.0
_SAME = 0.5
_ROOM = 0.15


@dataclass(frozen=True)
class Mirrored:
    """A photo with mirror images along some sides; ``photo`` says where in ``rgb`` (uint8, H, W, 3) it lies."""

    rgb: U8
    photo: Box

    def back(self, found: Segmentation) -> Segmentation:
        """What was found here, for the photo itself. Raises InputRejected when it lies in the mirrors alone."""
        left, top = max(found.view.x, self.photo.x), max(found.view.y, self.photo.y)
        right = min(found.view.x + found.view.width, self.photo.x + self.photo.width)
        bottom = min(found.view.y + found.view.height, self.photo.y + self.photo.height)
        down, across = found.mask.shape[0] / found.view.height, found.mask.shape[1] / found.view.width
        rows = slice(round((top - found.view.y) * down), round((bottom - found.view.y) * down))
        mask = found.mask[rows, round((left - found.view.x) * across) : round((right - found.view.x) * across)]
        if not mask.any():
            raise InputRejected("cutout.nothing_found", "nothing in the photo stands out; draw a box around it")
        view = Box(left - self.photo.x, top - self.photo.y, right - left, bottom - top)
        return replace(found, mask=np.ascontiguousarray(mask), view=view)


def mirrored(rgb: U8, margins: Margins) -> Mirrored:
    """The photo with as much of its mirror images around it as ``margins`` says, none of which exceeds the photo."""
    (above, below), (left, right) = margins
    padded = cv2.copyMakeBorder(rgb, above, below, left, right, cv2.BORDER_REFLECT)
    return Mirrored(np.asarray(padded, np.uint8), Box(left, above, rgb.shape[1], rgb.shape[0]))


@dataclass(frozen=True)
class Beyond:
    """A product that goes on beyond the photo where its mask stops short. ``margins``: how far, with some room around
    it, where that is sure enough to search there; None = a person has to look."""

    margins: Margins | None


def cut_off(adviser: Adviser, rgb: U8, found: Mask | None) -> Beyond | None:
    """Whether the frame cuts the product where the mask that was ``found`` does not reach it; None = it does not.

    A side counts where, between mirrors, what was found (the photo's mask at any size; None = nothing yet) crosses it
    and the adviser expects about as much of its mask as of that for the photo alone. Sides of one colour are not asked
    about: nothing crosses them.
    """
    small = resized_rgb(rgb, fitted_size((rgb.shape[1], rgb.shape[0]), _ASKED_PX))
    crossed = crossed_sides(small)
    seen = [
        _between_mirrors(adviser, small, axis).missed(found, axis) if any(crossed[axis]) else None for axis in (0, 1)
    ]
    crossing = [one for one in seen if one is not None and any(one.beyond)]
    if not crossing:
        return None
    whole = Box(0, 0, small.shape[1], small.shape[0])
    expected = adviser.look(small, view=whole, box=None).quality
    if all(one.quality < expected - _ABOUT_AS_MUCH for one in crossing):
        return None
    least = max(_LEAST_QUALITY, expected - _AS_MUCH)
    believed = [one.beyond if one is not None and one.quality > least else (0.0, 0.0) for one in seen]
    return Beyond(margins_of(rgb, believed) if any(map(any, believed)) else None)


def on_sides(rgb: U8) -> Beyond | None:
    """For a photo in which nothing was found: room beyond the sides on which something stands; None = there is none."""
    crossed = crossed_sides(resized_rgb(rgb, fitted_size((rgb.shape[1], rgb.shape[0]), _ASKED_PX)))
    beyond = [(_MIRRORED * first, _MIRRORED * last) for first, last in crossed]
    return Beyond(margins_of(rgb, beyond)) if any(map(any, beyond)) else None


def margins_of(rgb: U8, beyond: Sequence[tuple[float, float]]) -> Margins:
    """Shares of the photo's height and width, 0 = nothing, as pixels with some room around the product."""
    (above, below), (left, right) = (
        [min(side, round((share + _ROOM) * side)) if share else 0 for share in shares]
        for shares, side in zip(beyond, rgb.shape[:2], strict=True)
    )
    return (above, below), (left, right)


def crossed_sides(small: U8) -> list[tuple[bool, bool]]:
    """Whether colours change suddenly along (top, bottom) and (left, right), as where something stands on the side."""
    lab = in_lab(resized_rgb(small, fitted_size((small.shape[1], small.shape[0]), _SIDES_PX)))
    top, bottom, left, right = (_is_crossed(side) for side in (lab[:2], lab[-2:], lab[:, :2], lab[:, -2:]))
    return [(top, bottom), (left, right)]


def _is_crossed(strip: F32) -> bool:
    profile = cv2.blur(strip.mean(axis=0 if strip.shape[0] == 2 else 1)[None], (3, 1))[0]
    steps = np.linalg.norm(profile[_STEP_PX:] - profile[:-_STEP_PX], axis=1)
    return bool(steps.max(initial=0) > _QUIET_STEP)


@dataclass(frozen=True)
class _Reflection:
    """The main part of a photo between two mirrors.

    Attributes:
        beyond: how far it reaches into each mirror, as a share of the photo.
        spans: the share of each of these two sides that it crosses.
        quality: the IoU that is expected of it.
        mask: its part in the photo, without holes.
    """

    beyond: tuple[float, float]
    spans: tuple[float, float]
    quality: float
    mask: Mask

    def missed(self, found: Mask | None, axis: int) -> _Reflection:
        """Without the sides that ``found`` reaches itself, and those that are crossed by something far wider (a floor);
        without any where that is another thing for the most part."""
        if found is None:
            return self
        here = resized_mask(self.mask, (found.shape[1], found.shape[0]))
        if np.count_nonzero(found & here) <= _SAME * np.count_nonzero(found):
            return replace(self, beyond=(0.0, 0.0))
        lines = found.swapaxes(0, axis)
        widest = _WIDEST * lines.any(axis=0).mean()
        first, last = (
            0.0 if line.mean() > _REACHED * span or span > widest else depth
            for line, span, depth in zip((lines[1], lines[-2]), self.spans, self.beyond, strict=True)
        )
        return replace(self, beyond=(first, last))


def _between_mirrors(adviser: Adviser, small: U8, axis: int) -> _Reflection:
    """What the adviser sees in ``small`` with a mirror at both ends of ``axis``."""
    pad = round(_MIRRORED * small.shape[axis])
    seen = mirrored(small, ((pad, pad), (0, 0)) if axis == 0 else ((0, 0), (pad, pad)))
    answer = adviser.look(seen.rgb, view=Box(0, 0, seen.rgb.shape[1], seen.rgb.shape[0]), box=None)
    likely = np.ascontiguousarray(np.asarray(answer.probability > 0.5).swapaxes(0, axis))
    start = round(len(likely) * pad / seen.rgb.shape[axis])
    stop = len(likely) - start
    count, labels = cv2.connectedComponents(likely.view(np.uint8), connectivity=8)
    sizes = np.bincount(labels[start:stop].ravel(), minlength=count)
    sizes[0] = 0
    main = np.asarray(labels == int(sizes.argmax())) if sizes.any() else np.zeros_like(likely)
    spans = [float(main[at - 1 : at + 1].all(axis=0).mean()) for at in (start, stop)]
    crossing = [span if span >= _LEAST_SPAN else 0.0 for span in spans]
    rows = np.flatnonzero(main.any(axis=1)) if any(crossing) else np.array([start, stop - 1])
    depths = (start - int(rows[0])) / (stop - start), (int(rows[-1]) + 1 - stop) / (stop - start)
    beyond = tuple(depth if span else 0.0 for depth, span in zip(depths, crossing, strict=True))
    here = _filled(main)[start:stop].swapaxes(0, axis)
    return _Reflection((beyond[0], beyond[1]), (crossing[0], crossing[1]), answer.quality, here)


def _filled(mask: Mask) -> Mask:
    """Without holes: a label in which nobody sees a product belongs to the bottle around it."""
    outlines, _ = cv2.findContours(mask.view(np.uint8), cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_NONE)
    return cv2.drawContours(np.zeros(mask.shape, np.uint8), outlines, -1, 1, cv2.FILLED) > 0
