"""Named objects of the benchmark: things one wears."""

from __future__ import annotations

import numpy as np

from inference.training.cutout_net import forms
from inference.training.cutout_net.objects import Part, Surface
from inference.training.cutout_truth import materials as m
from inference.training.cutout_truth.shapes import (
    around,
    ball,
    band,
    block,
    body,
    both,
    furry,
    hoop,
    rod,
    slab,
    turned,
)


def spectacles() -> list[Part]:
    """Round wire frames without lenses, the temples folded out."""
    gold = m.plain("#caa24f", 0.2, 1.0)
    rim = [hoop(0.22, 0.011, gold, at=(0.27 * side, 0, 0.24), axis="y") for side in (-1, 1)]
    bridge = rod([(-0.07, 0, 0.3), (0, -0.02, 0.34), (0.07, 0, 0.3)], 0.01, gold)
    temple = rod(
        [(0.49, 0, 0.28), (0.52, 0.1, 0.29), (0.5, 0.6, 0.27), (0.48, 0.75, 0.1)], 0.011, m.plain("#4b2e1a", 0.3)
    )
    return [*rim, bridge, *both(temple)]


def sneaker(upper: Surface | None = None, sole: Surface | None = None) -> list[Part]:
    """A low trainer: sole, upper, tongue, laces."""
    cloth = upper or m.mottled("#2f5fa8", 0.06, 0.01, 4)
    rubber = sole or m.plain("#f2f0ea", 0.6)
    stations = [
        (-0.5, 0, 0.09, 0.3, 0.1),
        (-0.46, 0, 0.06, 0.5, 0.24),
        (-0.3, 0, 0.06, 0.52, 0.28),
        (-0.1, 0, 0.06, 0.44, 0.28),
        (0.1, 0, 0.06, 0.36, 0.32),
        (0.35, 0, 0.06, 0.24, 0.36),
        (0.5, 0, 0.07, 0.18, 0.3),
        (0.58, 0, 0.09, 0.12, 0.1),
    ]
    foot = [
        (-0.55, 0, 0, 0.1, 0.1),
        (-0.5, 0, 0, 0.12, 0.26),
        (-0.2, 0, 0, 0.11, 0.26),
        (0.1, 0, 0, 0.11, 0.33),
        (0.4, 0, 0, 0.12, 0.38),
        (0.6, 0, 0.03, 0.12, 0.22),
        (0.64, 0, 0.06, 0.1, 0.06),
    ]
    laces = [
        rod(
            [
                (x, -0.1, 0.44 - 0.33 * (x + 0.1)),
                (x + 0.02, 0, 0.49 - 0.36 * (x + 0.1)),
                (x, 0.1, 0.44 - 0.33 * (x + 0.1)),
            ],
            0.012,
            rubber,
        )
        for x in (-0.08, 0.0, 0.08, 0.16)
    ]
    tongue = band([(0.1, 0, 0.36), (-0.1, 0, 0.5), (-0.18, 0, 0.62)], 0.16, (1, 0, 1), 0.03, cloth)
    return [body(stations, cloth), body(foot, rubber, power=0.4), *laces, tongue]


def white_sneaker() -> list[Part]:
    """All white."""
    return sneaker(m.mottled("#f0efec", 0.02, 0.01, 4), m.plain("#ecebe8", 0.6))


def boot() -> list[Part]:
    """Black leather to above the ankle."""
    hide = m.mottled("#1c1a1a", 0.1, 0.02, 6, roughness=0.35)
    shaft = [
        (0, 0.1),
        (0.15, 0.1),
        (0.16, 0.3),
        (0.15, 0.55),
        (0.18, 0.95),
        (0.18, 0.95),
        (0.155, 0.95),
        (0.12, 0.5),
        (0, 0.3),
    ]
    foot = [
        (-0.2, 0, 0.05, 0.3, 0.1),
        (-0.16, 0, 0.05, 0.4, 0.28),
        (0.05, 0, 0.05, 0.36, 0.3),
        (0.25, 0, 0.05, 0.26, 0.3),
        (0.45, 0, 0.05, 0.2, 0.3),
        (0.57, 0, 0.07, 0.14, 0.12),
    ]
    sole = [
        (-0.22, 0, 0, 0.06, 0.12),
        (-0.18, 0, 0, 0.06, 0.3),
        (0.1, 0, 0.0, 0.06, 0.3),
        (0.45, 0, 0.0, 0.06, 0.33),
        (0.6, 0, 0.03, 0.07, 0.14),
    ]
    loop = rod([(-0.18, 0, 0.9), (-0.24, 0, 1.0), (-0.17, 0, 1.04), (-0.15, 0, 0.92)], 0.014, hide)
    return [turned(shaft, hide), body(foot, hide), body(sole, m.plain("#121212", 0.7), power=0.4), loop]


def fur_slipper() -> list[Part]:
    """A slide with a broad furry strap."""
    sole = [
        (-0.5, 0, 0, 0.08, 0.2),
        (-0.3, 0, 0, 0.08, 0.3),
        (0.1, 0, 0, 0.08, 0.34),
        (0.4, 0, 0, 0.08, 0.38),
        (0.56, 0, 0.01, 0.08, 0.16),
    ]
    vamp = band(
        [(0.2, -0.22, 0.05), (0.2, -0.2, 0.22), (0.2, 0, 0.3), (0.2, 0.2, 0.22), (0.2, 0.22, 0.05)],
        0.4,
        (0, 0.05, 1),
        0.04,
        m.plain("#c98b9b"),
    )
    return [
        body(sole, m.plain("#e6c9b8", 0.7), power=0.4),
        *furry([vamp], 15000, 0.1, m.mottled("#d99aa9", 0.08, 0.05, 2), seed=5),
    ]


def bobble_hat() -> list[Part]:
    """Knitted, with a fluffy pompon."""
    wool = m.carpet(("#8b1e2d", "#f0e6d8", "#8b1e2d", "#27364f"), 3, repeats=2)
    dome = turned(
        [(0.38, 0.0), (0.42, 0.02), (0.43, 0.18), (0.43, 0.18), (0.4, 0.2), (0.36, 0.4), (0.2, 0.58), (0, 0.62)], wool
    )
    return [
        dome,
        *furry(
            [ball((0.13, 0.13, 0.13), wool, at=(0, 0, 0.7))], 9000, 0.11, m.plain("#efe9df", 0.9), seed=8, droop=0.1
        ),
    ]


def headphones(shell: Surface | None = None) -> list[Part]:
    """A wide arch between two cups."""
    skin = shell or m.plain("#d9b48f", 0.4)
    arch = [(-0.42, 0, 0.35), (-0.4, 0, 0.7), (0, 0, 0.98), (0.4, 0, 0.7), (0.42, 0, 0.35)]
    cup = Part(
        forms.moved(forms.superquadric(np.array([0.09, 0.2, 0.25]), (0.6, 0.8), 40), to=np.array([0.42, 0, 0.25])), skin
    )
    pad = hoop(0.15, 0.06, m.plain("#2b2b2d", 0.7) if shell is None else skin, at=(0.32, 0, 0.25), axis="x")
    return [band(arch, 0.09, (0, 0.02, 1), 0.035, skin), *both(cup), *both(pad)]


def white_headphones() -> list[Part]:
    """All white."""
    return headphones(m.plain("#efeeec", 0.35))


def coat_hanger() -> list[Part]:
    """Bent wood with a steel hook."""
    wood = m.boards("#b07a45", 4, repeats=1)
    bow = rod([(-0.55, 0, 0.0), (-0.3, 0, 0.13), (0, 0, 0.24), (0.3, 0, 0.13), (0.55, 0, 0.0)], 0.026, wood)
    hook = rod(
        [(0, 0, 0.24), (0, 0, 0.34), (0.06, 0, 0.41), (0.02, 0, 0.5), (-0.07, 0, 0.46)],
        0.011,
        m.plain("#c7cacd", 0.2, 1.0),
    )
    return [bow, hook, rod([(-0.5, 0, 0.01), (0, 0, 0.0), (0.5, 0, 0.01)], 0.016, wood)]


def tee_shirt() -> list[Part]:
    """Laid flat, sleeves out, softly wrinkled."""
    outline = [
        (-0.14, 0.98),
        (-0.3, 0.94),
        (-0.62, 0.72),
        (-0.52, 0.56),
        (-0.34, 0.66),
        (-0.34, 0.0),
        (0, -0.02),
        (0.34, 0.0),
        (0.34, 0.66),
        (0.52, 0.56),
        (0.62, 0.72),
        (0.3, 0.94),
        (0.14, 0.98),
        (0, 0.92),
    ]
    flat = slab(outline, 0.03, m.mottled("#d8dde3", 0.03, 0.05, 7))
    rng = np.random.default_rng(2)
    return [
        Part(forms.wrinkled(flat.mesh, 0.012, 9, rng), flat.surface),
        *around(block((0.001, 0.001, 0.001), flat.surface), 1),
    ]
