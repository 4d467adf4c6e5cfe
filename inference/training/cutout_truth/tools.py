"""Named objects of the benchmark: tools, gear and flasks."""

from __future__ import annotations

import numpy as np

from inference.training.cutout_net import forms
from inference.training.cutout_net.objects import Part
from inference.training.cutout_truth import materials as m
from inference.training.cutout_truth.shapes import (
    around,
    block,
    body,
    hoop,
    joined,
    moved,
    rod,
    turned,
)


def bicycle_wheel() -> list[Part]:
    """Tyre, rim, hub and spokes."""
    spoke = rod([(0.03, 0, 0.03), (0.2, 0, 0.1), (0.45, 0.0, 0.04)], 0.0035, m.plain("#dfe1e4", 0.15, 1.0))
    tyre = hoop(0.5, 0.028, m.plain("#1b1b1c", 0.8), axis="y")
    rim = hoop(0.462, 0.013, m.plain("#c7cacd", 0.2, 1.0), axis="y")
    hub = Part(
        forms.moved(
            turned([(0, -0.06), (0.03, -0.06), (0.04, 0), (0.03, 0.06), (0, 0.06)], rim.surface).mesh,
            turn=forms.rotation([1, 0, 0], 90),
        ),
        rim.surface,
    )
    return [tyre, rim, hub, *around(spoke, 24, (0, 1, 0))]


def tape_roll() -> list[Part]:
    """A roll of tape, standing."""
    side = m.plain("#c59a55", 0.35)
    return [
        hoop(0.36, 0.12, side, at=(0, 0, 0.48), axis="y"),
        hoop(0.27, 0.05, m.plain("#d9d2c4", 0.9), at=(0, 0, 0.48), axis="y", flat=2.4),
    ]


def hand_brush() -> list[Part]:
    """A wooden back with stiff bristles."""
    wood = m.boards("#c08a52", 3, repeats=1)
    back = body(
        [
            (-0.5, 0, 0.3, 0.36, 0.06),
            (-0.3, 0, 0.27, 0.38, 0.18),
            (0.15, 0, 0.27, 0.38, 0.18),
            (0.25, 0, 0.29, 0.37, 0.08),
            (0.55, 0, 0.29, 0.36, 0.1),
            (0.62, 0, 0.31, 0.35, 0.05),
        ],
        wood,
    )
    rng = np.random.default_rng(3)
    tufts = []
    for x in np.linspace(-0.42, 0.16, 24):
        for y in np.linspace(-0.06, 0.06, 6):
            lean = rng.normal(0, 0.02, 2)
            tufts.append(
                forms.rod(
                    np.array([[x, y, 0.3], [x + lean[0] / 2, y + lean[1] / 2, 0.15], [x + lean[0], y + lean[1], 0]]),
                    0.0045,
                    segments=5,
                )
            )
    return [back, joined(tufts, m.plain("#2b2119", 0.8))]


def camera() -> list[Part]:
    """Black body, black lens, a strap lug each side."""
    skin, ring_ = m.mottled("#161618", 0.08, 0.008, 3, roughness=0.6), m.plain("#0f0f10", 0.25)
    turn = forms.rotation([1, 0, 0], 90)
    lens = moved(
        [
            turned(
                [
                    (0, 0),
                    (0.24, 0),
                    (0.25, 0.1),
                    (0.23, 0.12),
                    (0.23, 0.3),
                    (0.21, 0.32),
                    (0.17, 0.3),
                    (0.1, 0.26),
                    (0, 0.25),
                ],
                ring_,
            )
        ],
        turn=turn,
        to=(0.05, -0.1, 0.3),
    )
    prism = block((0.3, 0.2, 0.12), skin, at=(0.05, 0, 0.56), bevel=0.04)
    knobs = [turned([(0, 0), (0.07, 0), (0.07, 0.06), (0, 0.06)], ring_, at=(x, 0, 0.58)) for x in (-0.35, 0.38)]
    return [
        block((1.0, 0.26, 0.6), skin, bevel=0.05),
        *lens,
        prism,
        *knobs,
        *[hoop(0.04, 0.01, m.plain("#77797c", 0.3, 1.0), at=(s * 0.52, 0, 0.5)) for s in (-1, 1)],
    ]


def drill() -> list[Part]:
    """A cordless drill with a thin bit."""
    shell, dark = m.plain("#1f8a83", 0.45), m.plain("#202224", 0.7)
    barrel = body(
        [
            (-0.3, 0, 0.66, 0.86, 0.16),
            (-0.2, 0, 0.62, 0.9, 0.24),
            (0.15, 0, 0.63, 0.89, 0.23),
            (0.25, 0, 0.67, 0.85, 0.18),
        ],
        shell,
    )
    chuck = rod([(0.25, 0, 0.76), (0.33, 0, 0.76), (0.42, 0, 0.76)], 0.065, dark, taper=0.6)
    bit = rod([(0.42, 0, 0.76), (0.55, 0, 0.76), (0.72, 0, 0.76)], 0.012, m.plain("#c9ccd0", 0.25, 1.0), taper=0.5)
    grip = rod([(-0.06, 0, 0.68), (-0.1, 0, 0.45), (-0.13, 0, 0.16)], 0.075, shell)
    return [
        barrel,
        chuck,
        bit,
        grip,
        block((0.34, 0.2, 0.16), dark, at=(-0.1, 0, 0), bevel=0.03),
        rod([(0.02, 0, 0.62), (0.05, 0, 0.55), (0.01, 0, 0.5)], 0.022, dark),
    ]


def speaker() -> list[Part]:
    """A cube with two cones."""
    case, cone = m.boards("#5b3a22", 12, repeats=1), m.plain("#1a1a1b", 0.6)
    turn = forms.rotation([1, 0, 0], 90)
    cones = [
        moved(
            [turned([(0, 0.02), (0.3 * r, 0.0), (r, 0.04), (r * 1.1, 0.05), (r * 1.15, 0), (0, 0)], cone)],
            turn=turn,
            to=(0, -0.245, z),
        )
        for r, z in ((0.18, 0.28), (0.09, 0.62))
    ]
    return [block((0.5, 0.48, 0.8), case, bevel=0.015), *cones[0], *cones[1]]


def lotion_bottle() -> list[Part]:
    """White plastic with a pump."""
    white = m.plain("#f4f4f2", 0.3)
    wall = [
        (0, 0),
        (0.22, 0),
        (0.24, 0.02),
        (0.24, 0.62),
        (0.2, 0.7),
        (0.09, 0.73),
        (0.09, 0.73),
        (0.09, 0.8),
        (0, 0.8),
    ]
    neck = rod([(0, 0, 0.78), (0, 0, 0.86), (0, 0, 0.94)], 0.03, white)
    spout = rod([(0.05, 0, 0.96), (-0.12, 0, 0.97), (-0.2, 0, 0.92)], 0.026, white)
    return [turned(wall, white), neck, spout, turned([(0, 0.8), (0.1, 0.8), (0.1, 0.8), (0.1, 0.84), (0, 0.86)], white)]


def perfume() -> list[Part]:
    """A block of clear glass under a black cap."""
    return [
        block((0.5, 0.22, 0.6), m.glass(), bevel=0.04),
        turned(
            [(0, 0.6), (0.09, 0.6), (0.09, 0.66), (0.14, 0.66), (0.14, 0.66), (0.14, 0.9), (0.14, 0.9), (0, 0.9)],
            m.plain("#151515", 0.15),
        ),
    ]


def dark_flacon() -> list[Part]:
    """A black lacquered bottle."""
    return [
        turned(
            [
                (0, 0),
                (0.28, 0),
                (0.31, 0.04),
                (0.33, 0.35),
                (0.24, 0.58),
                (0.08, 0.64),
                (0.08, 0.64),
                (0.08, 0.72),
                (0.12, 0.72),
                (0.12, 0.72),
                (0.12, 0.95),
                (0, 0.96),
            ],
            m.plain("#0e0f12", 0.12),
        )
    ]


def glass_vase() -> list[Part]:
    """Clear, with three green stems and leaves."""
    wall = [
        (0, 0),
        (0.18, 0),
        (0.24, 0.1),
        (0.2, 0.35),
        (0.12, 0.5),
        (0.16, 0.62),
        (0.145, 0.62),
        (0.105, 0.5),
        (0.18, 0.34),
        (0.2, 0.1),
        (0, 0.06),
    ]
    leaf, parts = m.mottled("#3c7a3a", 0.12, 0.05, 5), [turned(wall, m.glass())]
    for angle in np.radians((10, 130, 250)):
        out = np.array([np.cos(angle), np.sin(angle), 0])
        stem = np.array([0.08 * out + [0, 0, 0.1], 0.05 * out + [0, 0, 0.55], 0.28 * out + [0, 0, 1.05]])
        parts.append(rod(stem.tolist(), 0.009, leaf))
        for t, side in ((0.75, 1), (0.9, -1), (1.0, 1)):
            root = stem[1] + (stem[2] - stem[1]) * t
            tip = root + 0.22 * out + [0.12 * side * -out[1], 0.12 * side * out[0], 0.1]
            mesh = forms.blade(np.array([root, (root + tip) / 2 + [0, 0, 0.05], tip]), 0.1, np.array([0.1, -0.2, 1]))
            parts.append(Part(mesh, leaf))
    return parts
