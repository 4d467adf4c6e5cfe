"""Products of which much is gaps, on batches of tensors: holes cut into rendered ones, and figures of bent rods.

Few rendered objects are mostly gaps (a frame, a wheel, a sieve), so somebody who has seen few fills them. Here such
products are made where batches are mixed: what lies behind shows through, as it does around them.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import torch
from torch import Tensor

from inference.training.cutout_net.marks import places
from inference.training.cutout_net.photo import column
from inference.training.cutout_net.prints import panel, within

Rng = np.random.Generator
HOLED, PIERCED, RODS = 0.16, 0.1, 0.1
_EDGE = 12.0
_LEAST_LEFT = 0.35


def opened(product: Tensor, rng: Rng) -> Tensor:
    """Products (N, 4, H, W), premultiplied, some with one or two large holes, some with rows of small ones.

    A hole shows a strip of its own wall on one side, darker than the face, as in anything that has a thickness. What
    would lose most of itself keeps everything.
    """
    count = len(product)
    holed, pierced = rng.random(count) < HOLED, rng.random(count) < PIERCED
    first, second = _large(product, rng), _large(product, rng) * column(rng.random(count) < 0.4, product)
    hole = torch.maximum(torch.maximum(first, second) * column(holed, product), _rows(product, rng, pierced))
    shifts = [int(rng.integers(-1, 2)) * round(rng.uniform(0.004, 0.02) * product.shape[axis]) for axis in (2, 3)]
    wall = hole * (1 - torch.roll(hole, shifts, (2, 3)))
    shade = column(rng.uniform(0.35, 0.9, count), product)
    alpha = product[:, 3:]
    darker = torch.cat([product[:, :3] * (1 - wall * (1 - shade)), alpha], 1)
    left = darker * (1 - (hole - wall).clamp(0, 1))
    enough = left[:, 3].sum((1, 2)) > _LEAST_LEFT * alpha.sum((1, 2, 3))
    return torch.where(enough[:, None, None, None], left, product)


def _large(product: Tensor, rng: Rng) -> Tensor:
    """A hole in the middle of most, (N, 1, H, W), 0..1."""
    return panel(product, rng, reach=(0.15, 0.46), place=(0.4, 0.6))


def _rows(product: Tensor, rng: Rng, pierced: np.ndarray) -> Tensor:
    """Holes in rows and columns over a part of each product, (N, 1, H, W), 0..1."""
    count = len(product)
    down, aside = within(product)
    turn = column(rng.normal(0, 0.2, count), product)
    down, aside = down + turn * aside, aside - turn * down
    rows, columns = (column(rng.uniform(2, 12, count), product) for _ in range(2))
    size = column(rng.uniform(0.2, 0.46, count), product)
    power = column(rng.choice([2.0, 8.0], count), product)
    off = [((cells - cells.floor() - 0.5).abs() / size) ** power for cells in (down * rows, aside * columns)]
    cells = ((1 - off[0] - off[1]) * _EDGE / power + 0.5).clamp(0, 1)
    return cells * panel(product, rng, reach=(0.3, 0.5), place=(0.4, 0.6)) * column(pierced, product)


def rods(rng: Rng, like: Tensor) -> Tensor:
    """A figure of rods for every picture of ``like`` (N, ., H, W): float32 (N, 4, H, W), premultiplied, shaded."""
    return torch.stack([_figure(rng, like) for _ in range(len(like))])


def _figure(rng: Rng, like: Tensor) -> Tensor:
    y, x = (axis.float() for axis in places(like))
    height, width = like.shape[-2:]
    size = rng.uniform(0.2, 0.46) * min(height, width)
    angle, lean = (rng.normal(0, 0.25) if rng.random() < 0.7 else rng.uniform(0, 6.3)), rng.normal(0, 0.3)
    middle = [side / 2 + rng.uniform(-1, 1) * max(0.0, side / 2 - 1.1 * size) for side in (height, width)]
    down, across = (y - middle[0]) / size, (x - middle[1]) / size
    v = float(np.cos(angle)) * down + float(np.sin(angle)) * across
    u = (float(np.cos(angle)) * across - float(np.sin(angle)) * down) / rng.uniform(0.4, 1.0) + lean * v
    shape = _SHAPES[int(rng.integers(len(_SHAPES)))]
    alpha, light = torch.zeros_like(u), torch.zeros_like(u)
    thick, least = rng.uniform(0.02, 0.09), rng.choice([0.5, 1.0, 1.0])
    for distance in shape(u, v, rng):
        reach = max(thick * rng.uniform(least, 1), 1.6 / size)
        cover = ((reach - distance) * size + 0.5).clamp(0, 1)
        round_ = (1 - (distance / reach).clamp(max=1) ** 2).sqrt()
        light = torch.lerp(light, round_, cover)
        alpha = torch.maximum(alpha, cover)
    base = torch.from_numpy(rng.random(3).astype(np.float32)).to(like.device)[:, None, None]
    shine = rng.uniform(0, 0.8) * light**12
    colour = (base * (rng.uniform(0.2, 1.0) * (1 - light) + light) + shine).clamp(0, 1)
    return torch.cat([colour * alpha, alpha])


Distances = list[Tensor]


def _segment(u: Tensor, v: Tensor, a: np.ndarray, b: np.ndarray) -> Tensor:
    """Distance to the line between two points (2,)."""
    along = b - a
    share = ((u - a[0]) * along[0] + (v - a[1]) * along[1]) / max(1e-6, float(along @ along))
    share = share.clamp(0, 1)
    return torch.hypot(u - a[0] - share * along[0], v - a[1] - share * along[1])


def _path(u: Tensor, v: Tensor, points: np.ndarray, *, closed: bool) -> Distances:
    ends = np.roll(points, -1, 0)
    pairs = list(zip(points, ends, strict=True))[: None if closed else -1]
    return [_segment(u, v, a, b) for a, b in pairs]


def _wheel(u: Tensor, v: Tensor, rng: Rng) -> Distances:
    """A ring, maybe another, with spokes."""
    radius = torch.hypot(u, v)
    rings = [(radius - 1).abs(), (radius - rng.uniform(0.05, 0.6)).abs()][: int(rng.integers(1, 3))]
    count = int(rng.integers(0, 12))
    angles = rng.uniform(0, 6.3) + np.arange(count) * 2 * np.pi / max(1, count)
    rim = np.stack([np.cos(angles), np.sin(angles)], -1)
    return [*rings, *(_segment(u, v, 0.1 * end, end) for end in rim)]


def _ladder(u: Tensor, v: Tensor, rng: Rng) -> Distances:
    """Two rails, apart at one end, with rungs; or a rack."""
    top, foot = rng.uniform(0.1, 0.9, 2)
    rails = [(np.array([side * top, -1.0]), np.array([side * foot, 1.0])) for side in (-1, 1)]
    low, high = np.sort(rng.uniform(-1, 1, 2)).tolist()
    steps = np.linspace(low, high, int(rng.integers(1, 8)))
    lines = [
        (a + (b - a) * (1 + step) / 2, c + (d - c) * (1 + step) / 2) for step in steps for (a, b), (c, d) in [rails]
    ]
    return [_segment(u, v, a, b) for a, b in [*rails, *lines]]


def _grid(u: Tensor, v: Tensor, rng: Rng) -> Distances:
    """Bars up and across, with or without a rim."""
    ups, downs = (np.linspace(-1, 1, int(count)) for count in rng.integers(2, 8, 2))
    bars = [(np.array([at, -1.0]), np.array([at, 1.0])) for at in ups]
    bars += [(np.array([-1.0, at]), np.array([1.0, at])) for at in downs]
    return [_segment(u, v, a, b) for a, b in bars]


def _scribble(u: Tensor, v: Tensor, rng: Rng) -> Distances:
    """A bent line, open or closed, with loops: hooks, hangers, spectacles, laces."""
    knots = rng.uniform(-1, 1, (int(rng.integers(3, 7)), 2))
    fine = np.linspace(0, 1, 18, endpoint=False)
    waves = np.fft.fft(knots[:, 0] + 1j * knots[:, 1]) / len(knots)
    turns = np.fft.fftfreq(len(knots), 1 / len(knots))
    curve = (waves[:, None] * np.exp(2j * np.pi * turns[:, None] * fine)).sum(0)
    points = np.stack([curve.real, curve.imag], -1).astype(np.float32)
    lines = _path(u, v, points, closed=bool(rng.random() < 0.6))
    if rng.random() < 0.4:
        centre, radius = rng.uniform(-0.6, 0.6, 2), rng.uniform(0.2, 0.5)
        lines.append((torch.hypot(u - centre[0], v - centre[1]) - radius).abs())
    return lines


def _legs(u: Tensor, v: Tensor, rng: Rng) -> Distances:
    """Legs that part from a seat or a knot: stools, tripods, stands."""
    count, root = int(rng.integers(3, 6)), np.array([rng.uniform(-0.2, 0.2), rng.uniform(-1, 0)])
    feet = np.stack([np.linspace(-1, 1, count), rng.uniform(0.7, 1, count)], -1)
    tops = root + np.stack([np.linspace(-1, 1, count) * rng.uniform(0, 0.8), np.zeros(count)], -1)
    seat = [(tops[0], tops[-1])]
    post = [(root, np.array([root[0], -1.0]))] if rng.random() < 0.5 else []
    return [_segment(u, v, a, b) for a, b in [*zip(tops, feet, strict=True), *seat, *post]]


_SHAPES: tuple[Callable[[Tensor, Tensor, Rng], Distances], ...] = (_wheel, _ladder, _grid, _scribble, _legs)
