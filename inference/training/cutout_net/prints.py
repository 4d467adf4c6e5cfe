"""Prints on products: labels, bands and plain areas of one colour, on batches of tensors.

A renderer's surfaces are never as plain as packaging is, nor as a drawing. Who learns from renderings alone takes a
label for a hole and a flat bottle for a shadow, so some products get areas of a colour of their own, some in the colour
of what lies behind it.
"""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor

from inference.training.cutout_net.marks import extents, places
from inference.training.cutout_net.photo import column

Rng = np.random.Generator
PLAIN, LABELLED, BANDED = 0.1, 0.3, 0.12
_EDGE = 30.0


def printed(product: Tensor, rng: Rng, *, tone: Tensor) -> Tensor:
    """Products with prints, (N, 4, H, W) premultiplied; alpha stays as it is.

    Args:
        product: float32 (N, 4, H, W), sRGB 0..1 premultiplied by alpha.
        rng: draws which products get what.
        tone: float32 (N, 3), a colour that some labels share with the surroundings.
    """
    count = len(product)
    plain = rng.random(count) < PLAIN
    labelled = plain & (rng.random(count) < 0.6) | (rng.random(count) < LABELLED)
    everywhere = torch.ones_like(product[:, 3:])
    for chosen, area in (
        (plain, everywhere),
        (labelled, panel(product, rng)),
        (labelled & (rng.random(count) < 0.5), panel(product, rng)),
        (rng.random(count) < BANDED, _band(product, rng)),
    ):
        product = _covered(product, area * column(chosen, product), _colours(rng, tone), rng)
    return product


def _covered(product: Tensor, area: Tensor, colour: Tensor, rng: Rng) -> Tensor:
    """The area in ``colour``, in a light that falls off to one side, with some of the surface's own relief."""
    count, alpha = len(product), product[:, 3:]
    own = product[:, :3].mean(1, keepdim=True) / alpha.clamp(min=1e-3)
    mean = product[:, :3].mean((1, 2, 3)) / alpha.mean((1, 2, 3)).clamp(min=1e-3)
    relief = (own / mean[:, None, None, None].clamp(min=0.05)).clamp(0.4, 1.6)
    kept = column(rng.uniform(0, 0.8, count) * (rng.random(count) < 0.6), product)
    across = torch.linspace(-1, 1, product.shape[3], device=product.device)[None, None, None, :]
    light = 1 + column(rng.normal(0, 0.2, count), product) * across
    paint = (colour[:, :, None, None] * light * (1 + kept * (relief - 1))).clamp(0, 1)
    return torch.cat([torch.lerp(product[:, :3], paint * alpha, area), alpha], 1)


def panel(
    product: Tensor, rng: Rng, *, reach: tuple[float, float] = (0.1, 0.48), place: tuple[float, float] = (0.25, 0.75)
) -> Tensor:
    """An ellipse or a rectangle with round corners somewhere on each product, (N, 1, H, W), 0..1.

    ``reach``: half its sides, ``place``: its middle, both least and most, as shares of the product's extent.
    """
    count = len(product)
    (reach_y, reach_x), (place_y, place_x) = rng.uniform(*reach, (2, count)), rng.uniform(*place, (2, count))
    down, aside = within(product)
    down = (down - column(place_y, product)) / column(reach_y, product)
    aside = (aside - column(place_x, product)) / column(reach_x, product)
    turn = column(rng.normal(0, 0.15, count), product)
    down, aside = down + turn * aside, aside - turn * down
    power = column(rng.choice([2.0, 8.0, 20.0], count), product)
    distance = down.abs().clamp(max=4) ** power + aside.abs().clamp(max=4) ** power
    return ((1 - distance) * _EDGE / power + 0.5).clamp(0, 1)


def _band(product: Tensor, rng: Rng) -> Tensor:
    """A stripe right across each product, lying or upright, (N, 1, H, W), 0 or 1."""
    count = len(product)
    begin = rng.uniform(0, 0.8, count)
    end = begin + rng.uniform(0.03, 0.35, count)
    down, aside = within(product)
    along = torch.where(column(rng.random(count) < 0.7, product) > 0, down, aside)
    return ((along >= column(begin, product)) & (along < column(end, product))).float()


def within(product: Tensor) -> tuple[Tensor, Tensor]:
    """How far down and across each product every pixel is, (N, 1, H, 1) and (N, 1, 1, W), 0..1 inside its extent."""
    top, bottom, left, right = (edge[:, None, None] for edge in extents(product[:, 3] > 0.5))
    y, x = places(product)
    down, aside = (y - top) / (bottom - top).clamp(min=1), (x - left) / (right - left).clamp(min=1)
    return down[:, None], aside[:, None]


def _colours(rng: Rng, tone: Tensor) -> Tensor:
    """Any colour, paper, ink, or nearly ``tone``, (N, 3)."""
    count = len(tone)
    kind = rng.random(count)[:, None]
    paper = rng.uniform(0.8, 1, (count, 1)) - rng.uniform(0, 0.1, (count, 3))
    ink = rng.uniform(0, 0.15, (count, 1)) + rng.uniform(0, 0.06, (count, 3))
    made = np.where(kind < 0.25, paper, np.where(kind < 0.4, ink, rng.random((count, 3))))
    near = tone + torch.from_numpy(rng.normal(0, 0.04, (count, 3)).astype(np.float32)).to(tone.device)
    alike = torch.from_numpy(kind > 0.85).to(tone.device)
    return torch.where(alike, near.clamp(0, 1), torch.from_numpy(made.astype(np.float32)).to(tone.device))
