"""Named objects of the benchmark: things one carries."""

from __future__ import annotations

import numpy as np

from inference.engines.studio_sets.render.meshes import join
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
    rod,
    turned,
)


def handbag() -> list[Part]:
    """A leather tote with two long handles."""
    hide = m.mottled("#a4572f", 0.08, 0.03, 9, roughness=0.4)
    sack = Part(forms.superquadric(np.array([0.5, 0.16, 0.34]), (0.35, 0.3), 48), hide)
    handles = [
        band(
            [(-0.25, y, 0.2), (-0.24, y, 0.45), (-0.13, y, 0.8), (0.13, y, 0.8), (0.24, y, 0.45), (0.25, y, 0.2)],
            0.035,
            (0, 1, 0.05),
            0.018,
            hide,
        )
        for y in (-0.15, 0.13)
    ]
    studs = [ball((0.02, 0.012, 0.02), m.plain("#caa24f", 0.2, 1.0), at=(x, -0.165, 0.2)) for x in (-0.25, 0.25)]
    return [sack, *handles, *studs]


def paper_bag() -> list[Part]:
    """A white carrier bag with cord handles."""
    paper = m.mottled("#f3f2ef", 0.01, 0.1, 2)
    cords = [
        rod(
            [(-0.14, y, 0.9), (-0.12, y, 1.12), (0, y, 1.22), (0.12, y, 1.12), (0.14, y, 0.9)],
            0.012,
            m.plain("#e9e7e2", 0.8),
        )
        for y in (-0.13, 0.13)
    ]
    return [block((0.75, 0.28, 0.95), paper, bevel=0.012), *cords]


def backpack() -> list[Part]:
    """Canvas with a pocket, straps and a loop."""
    canvas = m.mottled("#59663a", 0.1, 0.01, 11)
    sack = Part(
        forms.moved(forms.superquadric(np.array([0.36, 0.2, 0.5]), (0.5, 0.4), 48), to=np.array([0, 0, 0.5])), canvas
    )
    pocket = Part(
        forms.moved(forms.superquadric(np.array([0.27, 0.1, 0.2]), (0.4, 0.3), 40), to=np.array([0, -0.22, 0.28])),
        m.mottled("#6d4a2a", 0.1, 0.02, 13),
    )
    strap = band(
        [(0.2, 0.1, 0.95), (0.38, 0.2, 0.8), (0.45, 0.16, 0.45), (0.36, 0.12, 0.1)],
        0.08,
        (0.3, 1, 0.2),
        0.03,
        m.plain("#3a3427", 0.8),
    )
    loop = rod(
        [(-0.1, 0.05, 0.97), (-0.06, 0.05, 1.09), (0.06, 0.05, 1.09), (0.1, 0.05, 0.97)], 0.018, m.plain("#3a3427", 0.8)
    )
    return [sack, pocket, *both(strap), loop]


def wristwatch() -> list[Part]:
    """Steel on a leather strap, closed to a loop."""
    steel, hide = m.plain("#c4c7cb", 0.2, 1.0), m.mottled("#5a3420", 0.1, 0.02, 3, roughness=0.5)
    strap = [
        (0.0, -0.3, 0.02),
        (0, -0.46, 0.3),
        (0, -0.38, 0.62),
        (0, 0.0, 0.82),
        (0, 0.38, 0.62),
        (0, 0.46, 0.3),
        (0, 0.3, 0.02),
        (0, 0.02, -0.03),
    ]
    case = hoop(0.26, 0.045, steel, at=(0, 0, 0.84), flat=1.1)
    face = turned([(0, 0.86), (0.25, 0.86), (0.25, 0.86), (0.25, 0.8), (0, 0.8)], m.plain("#16263f", 0.3))
    hands = [
        block((0.02, 0.17, 0.01), m.plain("#f5f5f5"), at=(0, 0.08, 0.862)),
        block((0.12, 0.02, 0.01), m.plain("#f5f5f5"), at=(0.06, 0, 0.865)),
    ]
    return [
        band(strap, 0.2, (0, 0, 1), 0.025, hide),
        case,
        face,
        *hands,
        ball((0.035, 0.03, 0.03), steel, at=(0.31, 0, 0.84)),
    ]


def necklace() -> list[Part]:
    """Silver links in a wide curve with a blue drop."""
    silver = m.plain("#d9dbde", 0.15, 1.0)
    angle = np.linspace(-0.06 * np.pi, 1.06 * np.pi, 62)
    places = np.stack(
        [0.45 * np.cos(angle), 0.035 * np.ones(62), 0.75 * np.sin(angle) * (1 + 0.2 * np.cos(angle) ** 2)], -1
    )
    link = forms.ring(0.026, 0.0065, steps=20)
    chain = [
        forms.moved(
            link, turn=forms.rotation([0, 0, 1], 90.0 * (k % 2)) @ forms.rotation([1, 0, 0], 70), to=place * [1, 1, -1]
        )
        for k, place in enumerate(places)
    ]
    drop = turned([(0, -0.17), (0.06, -0.13), (0.05, -0.06), (0, 0.0)], m.plain("#1d4fa0", 0.1), at=(0, 0.035, -0.78))
    return [joined(chain, silver), drop]


def keys() -> list[Part]:
    """Three keys on a ring."""
    brass = m.plain("#b8923f", 0.28, 1.0)
    parts = [hoop(0.22, 0.014, m.plain("#c9ccd0", 0.2, 1.0), at=(0, 0, 0.7), axis="y")]
    for index, lean in enumerate((-28, 2, 31)):
        bow = forms.plate(_circle(0.13), 0.03, hole=_circle(0.055, 0.045))
        stem = forms.moved(block((0.055, 0.02, 0.42), brass, bevel=0.004).mesh, to=np.array([0, 0, -0.54]))
        teeth = [
            forms.moved(block((0.05, 0.02, 0.035), brass, bevel=0.003).mesh, to=np.array([0.045, 0, -0.52 + 0.07 * k]))
            for k in range(3)
        ]
        hanging = forms.moved(join([bow, stem, *teeth]), to=np.array([0, 0.02 * (index - 1), -0.05]))
        place = np.array([0, 0, 0.7]) + 0.22 * np.array([np.sin(np.radians(lean)), 0, -np.cos(np.radians(lean))])
        parts.append(
            joined(
                [forms.moved(hanging, turn=forms.rotation([0, 1, 0], -lean), to=place)],
                (brass, m.plain("#c9ccd0", 0.25, 1.0), m.plain("#8d6b2f", 0.3, 1.0))[index],
            )
        )
    return parts


def _circle(radius: float, rise: float = 0.0) -> np.ndarray[tuple[int, ...], np.dtype[np.float64]]:
    angle = np.linspace(0, 2 * np.pi, 64, endpoint=False)
    return np.stack([radius * np.cos(angle), radius * np.sin(angle) + rise], 1)


def briefcase() -> list[Part]:
    """Black leather with a handle and two locks."""
    hide = m.mottled("#17171a", 0.08, 0.01, 15, roughness=0.45)
    grip = rod([(-0.16, 0, 0.66), (-0.14, 0, 0.78), (0, 0, 0.81), (0.14, 0, 0.78), (0.16, 0, 0.66)], 0.024, hide)
    locks = [
        block((0.08, 0.02, 0.05), m.plain("#8b8d90", 0.25, 1.0), at=(x, -0.13, 0.56), bevel=0.004) for x in (-0.3, 0.3)
    ]
    return [block((1.0, 0.26, 0.68), hide, bevel=0.03), grip, *locks]
