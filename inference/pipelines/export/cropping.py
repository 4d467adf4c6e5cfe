"""A generated picture in another format: cut out of its master around the product, nothing drawn, nothing enlarged."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from inference.errors import InputRejected
from inference.types import U8

AIR = 0.03
"""What has to stay free around the product, in parts of the cut picture's shorter side."""

Window = tuple[int, int, int, int]
"""Left, top, width, height in pixels."""


def cropped(master: U8, recipe: Mapping[str, Any], ratio: float) -> U8:
    """The largest part of ``master`` (uint8 (H, W, 3)) with ``ratio`` = width / height that holds all of the product.

    Raises:
        InputRejected: ``export.generated_format``: the product would be cut, or nobody knows where it is.
    """
    product = _product(recipe, master.shape[1], master.shape[0])
    if product is None:
        raise _refused("nobody knows where the product is in it")
    window = _around(product, ratio, master.shape[1], master.shape[0])
    if window is None:
        raise _refused("the product would be cut")
    left, top, width, height = window
    return np.ascontiguousarray(master[top : top + height, left : left + width])


def _refused(why: str) -> InputRejected:
    return InputRejected("export.generated_format", f"in this format {why}; make the scene again in the wanted format")


def _product(recipe: Mapping[str, Any], width: int, height: int) -> Window | None:
    """Where the product is: its pixels as they were placed, or the box in which the model drew it."""
    placed = recipe.get("parameters", {}).get("placement")
    if placed is not None:
        return placed["x"], placed["y"], placed["width"], placed["height"]
    for one in (recipe.get("graph") or {}).get("objects", []):
        if isinstance(one, Mapping) and one.get("source") == "product" and one.get("box"):
            left, top, across, down = one["box"]
            return round(left * width), round(top * height), round(across * width), round(down * height)
    return None


def _around(product: Window, ratio: float, width: int, height: int) -> Window | None:
    across, down = (min(width, round(height * ratio)), min(height, round(width / ratio)))
    left, top, wide, high = product
    air = round(AIR * min(across, down))
    start_x, start_y = _placed(left, wide, air, across, width), _placed(top, high, air, down, height)
    return None if start_x is None or start_y is None else (start_x, start_y, across, down)


def _placed(start: int, length: int, air: int, window: int, whole: int) -> int | None:
    """Where a window begins that has a span in its middle as far as the picture reaches; None where it is too small.

    Air that the picture itself does not leave is not asked for.
    """
    low, high = max(0, start - air), min(whole, start + length + air)
    if high - low > window:
        return None
    middle = start + length / 2 - window / 2
    return round(min(max(middle, high - window, 0), low, whole - window))
