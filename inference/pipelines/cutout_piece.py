"""A piece of a cutout while somebody paints on it: shown for a moment, so it may also be empty."""

from __future__ import annotations

from typing import Any

import numpy as np

from inference.ops.strokes import parse_strokes
from inference.types import U8, Progress, no_progress


def retouch_piece(photo: U8, rgb: U8, alpha: U8, strokes: Any, *, on_progress: Progress = no_progress) -> U8:
    """Apply strokes to a piece, in its own pixels, as ``cutout.refine_cutout`` does to a whole cutout.

    Args:
        photo, rgb: uint8 (H, W, 3), sRGB: the photo's colours and the cutout's.
        alpha: uint8 (H, W).
        strokes: JSON value of ``ops.strokes``; coordinates and sizes in pixels of the piece.
        on_progress: called with stage ``strokes``.

    Returns:
        uint8 RGBA (H, W, 4), straight alpha.

    Raises:
        InputRejected: ``strokes.*``.
    """
    # Here, because it compiles: whoever only asks an engine's name should not wait for numba.
    from inference.ops.retouch import Canvas

    canvas = Canvas(photo, rgb.copy(), alpha.copy())
    read = parse_strokes(strokes)
    for index, stroke in enumerate(read):
        on_progress("strokes", index / len(read))
        canvas.paint(stroke)
    return np.dstack([canvas.rgb, canvas.alpha])
