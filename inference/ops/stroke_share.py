"""How much of a picture strokes paint, about: coarse and light, for a process that only has to refuse nothing at all.

Strokes are drawn as hard lines on a small grid; ``ops.stroke_mask`` draws them exactly.
"""

from __future__ import annotations

from collections.abc import Iterable

from PIL import Image, ImageDraw

from inference.ops.strokes import Brush, Polygon, Stroke

_LONGER_SIDE = 256
_PAINTED, _ERASED = 255, 0


def painted_share(strokes: Iterable[Stroke], size: tuple[int, int]) -> float:
    """The share, 0..1, of a picture of ``size`` (width, height) that ``keep`` paints and ``remove`` leaves painted."""
    scale = _LONGER_SIDE / max(size)
    small = max(1, round(size[0] * scale)), max(1, round(size[1] * scale))
    grid = Image.new("L", small, _ERASED)
    draw = ImageDraw.Draw(grid)
    for stroke in strokes:
        points = [(x * scale, y * scale) for x, y in stroke.points]
        if isinstance(stroke, Polygon):
            draw.polygon(points, fill=_PAINTED if stroke.mode == "keep" else _ERASED)
        else:
            _line(draw, stroke, points, scale)
    return grid.histogram()[_PAINTED] / (small[0] * small[1])


def _line(draw: ImageDraw.ImageDraw, brush: Brush, points: list[tuple[float, float]], scale: float) -> None:
    fill = _PAINTED if brush.tool == "keep" else _ERASED
    width = max(1.0, brush.size * scale)
    if len(points) > 1:
        draw.line(points, fill=fill, width=round(width))
    for x, y in points:
        draw.ellipse((x - width / 2, y - width / 2, x + width / 2, y + width / 2), fill=fill)
