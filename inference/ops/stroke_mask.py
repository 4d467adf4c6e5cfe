"""Strokes as a mask of a picture: what brushes and polygons paint, less what they erase.

The same rule as on a cutout (``ops.retouch``): ``keep`` raises the mask to the stroke's coverage, ``remove`` lowers it
to what the stroke leaves over. ``refine`` means nothing here.
"""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np

from inference.ops.brush import painted
from inference.ops.strokes import Brush, Stroke
from inference.types import U8


def mask_of(strokes: Iterable[Stroke], size: tuple[int, int]) -> U8:
    """uint8 (height, width) for a picture of ``size`` (width, height): 255 = painted fully."""
    mask = np.zeros((size[1], size[0]), np.uint8)
    for stroke in strokes:
        found = painted(stroke, size)
        if found is None:
            continue
        window, coverage = found
        part = mask[window.y : window.y + window.height, window.x : window.x + window.width]
        what = stroke.tool if isinstance(stroke, Brush) else stroke.mode
        if what == "keep":
            np.maximum(part, coverage, out=part)
        else:
            np.minimum(part, 255 - coverage, out=part)
    return mask
