"""Named objects of the benchmark: furniture and things of the home."""

from __future__ import annotations

import numpy as np

from inference.training.cutout_net import forms
from inference.training.cutout_net.objects import Part
from inference.training.cutout_truth import materials as m
from inference.training.cutout_truth.shapes import (
    ball,
    band,
    block,
    both,
    hoop,
    joined,
    moved,
    rod,
    turned,
)


def wire_chair() -> list[Part]:
    """Four thin legs, a seat, a back of rods."""
    steel, wood = m.plain("#2a2c2e", 0.4), m.boards("#a36b3c", 6, repeats=1)
    legs = both(rod([(0.2, -0.2, 0.45), (0.24, -0.24, 0)], 0.013, steel)) + both(
        rod([(0.2, 0.2, 0.45), (0.24, 0.27, 0)], 0.013, steel)
    )
    bars = [
        rod([(x, 0.2, 0.46), (x * 1.05, 0.25, 0.7), (x * 1.1, 0.28, 0.94)], 0.009, steel)
        for x in np.linspace(-0.2, 0.2, 6)
    ]
    rail = rod([(-0.24, 0.27, 0.95), (0, 0.3, 0.99), (0.24, 0.27, 0.95)], 0.018, wood)
    return [block((0.46, 0.46, 0.035), wood, at=(0, 0, 0.44), bevel=0.012), *legs, *bars, rail]


def desk_lamp() -> list[Part]:
    """A jointed arm between a foot and a shade."""
    paint, steel = m.plain("#d9a21b", 0.35), m.plain("#c7cacd", 0.2, 1.0)
    foot = turned([(0, 0), (0.2, 0), (0.2, 0), (0.2, 0.03), (0.19, 0.04), (0, 0.05)], paint)
    arm = [rod([(0, y, 0.04), (-0.12, y, 0.28), (-0.22, y, 0.5)], 0.01, steel) for y in (-0.02, 0.02)]
    fore = [rod([(-0.22, y, 0.5), (0, y, 0.68), (0.22, y, 0.84)], 0.01, steel) for y in (-0.02, 0.02)]
    shade = turned(
        [(0.03, 0.2), (0.06, 0.19), (0.09, 0.1), (0.19, -0.03), (0.18, -0.03), (0.08, 0.08), (0, 0.17)], paint
    )
    head = moved([shade], turn=forms.rotation([0, 1, 0], -25), to=(0.28, 0, 0.74))
    return [foot, *arm, *fore, *head, ball((0.03, 0.04, 0.03), steel, at=(-0.22, 0, 0.5))]


def potted_plant() -> list[Part]:
    """Twenty long leaves from a clay pot."""
    pot = turned(
        [(0, 0), (0.16, 0), (0.22, 0.28), (0.22, 0.28), (0.25, 0.28), (0.25, 0.35), (0.22, 0.35), (0.2, 0.3), (0, 0.3)],
        m.mottled("#b5623a", 0.06, 0.03, 4),
    )
    rng, leaf, parts = np.random.default_rng(21), m.mottled("#2f6b39", 0.15, 0.08, 6, roughness=0.4), []
    for index in range(20):
        angle, rise = 2.4 * index, rng.uniform(0.35, 0.75)
        out = np.array([np.cos(angle), np.sin(angle), 0]) * rng.uniform(0.15, 0.5)
        knots = np.stack(
            [[0, 0, 0.3], 0.5 * out + [0, 0, 0.3 + 0.8 * rise], [out[0], out[1], 0.3 + rise * rng.uniform(0.5, 1)]]
        )
        parts.append(forms.blade(knots, 0.075, np.array([out[0], out[1], 0.25])))
    return [pot, joined(parts, leaf)]


def armchair() -> list[Part]:
    """Upholstered, four turned feet."""
    felt, oak = m.mottled("#7a8c6e", 0.05, 0.01, 18), m.plain("#7d5430", 0.5)
    cushions = [
        ((0.36, 0.36, 0.1), (0, -0.02, 0.34)),
        ((0.36, 0.1, 0.36), (0, 0.3, 0.6)),
        ((0.09, 0.36, 0.2), (0.4, 0, 0.42)),
        ((0.09, 0.36, 0.2), (-0.4, 0, 0.42)),
        ((0.42, 0.38, 0.08), (0, 0, 0.22)),
    ]
    feet = [
        turned([(0, 0), (0.02, 0), (0.035, 0.17), (0, 0.17)], oak, at=(x, y, 0))
        for x in (-0.36, 0.36)
        for y in (-0.3, 0.3)
    ]
    return [*(ball(size, felt, at=at, power=(0.35, 0.35)) for size, at in cushions), *feet]


def candle() -> list[Part]:
    """Wax in a tin, a wick."""
    tin = m.label("#e9e3d3", "#7b6a4c", ("CEDAR", "no. 4"))
    wall = [(0.33, 0.0), (0.34, 0.02), (0.34, 0.52), (0.34, 0.52), (0.32, 0.52), (0.32, 0.44), (0, 0.43)]
    return [
        turned(wall, tin),
        turned([(0, 0), (0.33, 0)], tin),
        rod([(0, 0, 0.42), (0.005, 0, 0.47), (0.015, 0, 0.52)], 0.008, m.plain("#2a2420", 0.9)),
    ]


def leaf_wreath() -> list[Part]:
    """A wreath of sixty leaves around a ring: one large hole, a ragged outline."""
    rng, twig = np.random.default_rng(31), m.plain("#5d4630", 0.8)
    leaves = []
    for index in range(60):
        angle = 2 * np.pi * index / 60 + rng.normal(0, 0.05)
        root = np.array([0.38 * np.cos(angle), rng.normal(0, 0.02), 0.38 * np.sin(angle)])
        lean = angle + rng.choice([-1, 1]) * rng.uniform(0.5, 1.1)
        tip = root + 0.17 * np.array([np.cos(lean), rng.normal(0, 0.3), np.sin(lean)])
        leaves.append(
            forms.blade(
                np.stack([root, (root + tip) / 2 + rng.normal(0, 0.01, 3), tip]), 0.06, np.array([0.2, -1, 0.1])
            )
        )
    return [hoop(0.38, 0.02, twig, axis="y"), joined(leaves, m.mottled("#4d7446", 0.2, 0.1, 8))]


def towel_ladder() -> list[Part]:
    """A towel ladder: two rails, five rungs, a towel over one of them."""
    oak = m.boards("#c79b62", 15, repeats=1)
    rails = both(rod([(0.24, 0.1, 1.2), (0.26, 0.0, 0.6), (0.28, -0.1, 0)], 0.02, oak))
    rungs = [
        rod(
            [
                (-0.26, 0.1 - 0.04 * k, 1.1 - 0.23 * k),
                (0, 0.1 - 0.04 * k, 1.1 - 0.23 * k),
                (0.26, 0.1 - 0.04 * k, 1.1 - 0.23 * k),
            ],
            0.014,
            oak,
        )
        for k in range(5)
    ]
    towel = band(
        [(0, 0.14, 0.55), (0, 0.1, 0.87), (0, 0.05, 0.9), (0, 0.0, 0.86), (0, -0.03, 0.42)],
        0.34,
        (0, 1, 0.1),
        0.018,
        m.gingham("#3d6f9e", repeats=2),
    )
    return [*rails, *rungs, towel]


def picture_frame() -> list[Part]:
    """An empty frame: its middle shows the wall."""
    oak = m.boards("#8a5a33", 2, repeats=1)
    sides = [block((0.08, 0.05, 1.0), oak, at=(x, 0, 0), bevel=0.01) for x in (-0.36, 0.36)]
    return [*sides, *(block((0.66, 0.05, 0.08), oak, at=(0, 0, z), bevel=0.01) for z in (0, 0.92))]
