"""Named objects of the benchmark: table and kitchen."""

from __future__ import annotations

import numpy as np

from inference.training.cutout_net.objects import Part
from inference.training.cutout_truth import materials as m
from inference.training.cutout_truth.shapes import around, ball, block, hoop, rod, slab, turned


def mug() -> list[Part]:
    """Stoneware with a thin ear."""
    clay = m.mottled("#3f6f6a", 0.05, 0.02, 3, roughness=0.35)
    wall = [(0, 0), (0.38, 0), (0.4, 0.03), (0.4, 0.9), (0.4, 0.9), (0.36, 0.9), (0.36, 0.9), (0.35, 0.08), (0, 0.08)]
    ear = rod([(0.37, 0, 0.75), (0.58, 0, 0.8), (0.68, 0, 0.5), (0.58, 0, 0.2), (0.37, 0, 0.2)], 0.035, clay)
    return [turned(wall, clay), ear]


def teapot() -> list[Part]:
    """Black iron with a wire handle over the lid."""
    iron = m.plain("#23262a", 0.45)
    pot = [(0, 0), (0.3, 0), (0.55, 0.2), (0.58, 0.4), (0.4, 0.6), (0.2, 0.64), (0.2, 0.64), (0, 0.67)]
    spout = rod([(0.5, 0, 0.3), (0.68, 0, 0.36), (0.76, 0, 0.56), (0.85, 0, 0.62)], 0.08, iron, taper=0.5)
    arch = [(-0.42, 0, 0.56), (-0.44, 0, 0.85), (0, 0, 1.12), (0.44, 0, 0.85), (0.42, 0, 0.56)]
    return [
        turned(pot, iron),
        spout,
        rod(arch, 0.017, m.plain("#b08d57", 0.3, 1.0)),
        ball((0.06, 0.06, 0.05), iron, at=(0, 0, 0.7)),
    ]


def fruit_basket() -> list[Part]:
    """Chromed wire: ribs and hoops, nothing between them."""
    wire = m.plain("#c9ccd0", 0.2, 1.0)
    rib = rod([(0.12, 0, 0.02), (0.3, 0, 0.03), (0.45, 0, 0.2), (0.52, 0, 0.42)], 0.009, wire)
    hoops = [
        hoop(r, t, wire, at=(0, 0, z)) for r, t, z in ((0.12, 0.01, 0.02), (0.44, 0.009, 0.18), (0.52, 0.016, 0.42))
    ]
    arch = rod([(-0.52, 0, 0.42), (-0.4, 0, 0.8), (0, 0, 0.95), (0.4, 0, 0.8), (0.52, 0, 0.42)], 0.014, wire)
    return [*around(rib, 18), *hoops, arch]


def whisk() -> list[Part]:
    """A balloon of thin wires on a steel handle."""
    steel = m.plain("#d5d7da", 0.22, 1.0)
    wires = [
        rod([(0, 0, 0.5), (0.16 * c, 0.16 * s, 0.75), (0.15 * c, 0.15 * s, 1.05), (0, 0, 1.2)], 0.006, steel)
        for c, s in ((np.cos(a), np.sin(a)) for a in np.linspace(0, 2 * np.pi, 10, endpoint=False))
    ]
    handle = turned(
        [(0, 0), (0.045, 0.01), (0.05, 0.2), (0.035, 0.42), (0.03, 0.52), (0, 0.53)], m.plain("#8a3324", 0.5)
    )
    return [*wires, handle]


def scissors() -> list[Part]:
    """Kitchen scissors, a little open: two blades, two ears."""
    steel, grip = m.plain("#cfd3d6", 0.25, 1.0), m.plain("#d8432e", 0.45)
    parts = []
    for side in (-1, 1):
        tilt = 0.11 * side
        blade = slab(
            [
                (-0.03 * side, 0.45),
                (0.05 * side, 0.45),
                (0.06 * side - tilt, 0.8),
                (-tilt, 1.15),
                (-0.03 * side - tilt, 0.8),
            ],
            0.02,
            steel,
        )
        stem = rod([(0.02 * side, 0, 0.46), (0.06 * side, 0, 0.34), (0.08 * side, 0, 0.25)], 0.028, grip)
        angle = np.linspace(0, 2 * np.pi, 9)[:-1]
        ear = rod(
            [(0.17 * side + 0.11 * np.cos(a), 0, 0.13 + 0.15 * np.sin(a)) for a in angle], 0.026, grip, closed=True
        )
        parts += [blade, stem, ear]
    return [*parts, ball((0.025, 0.03, 0.025), steel, at=(0, 0, 0.47))]


def colander() -> list[Part]:
    """An enamelled bowl of slats, one can see through it."""
    enamel = m.plain("#e7e3d8", 0.25)
    slats = around(rod([(0.2, 0, 0.06), (0.42, 0, 0.16), (0.55, 0, 0.42)], 0.03, enamel), 24)
    rings = [
        hoop(r, t, enamel, at=(0, 0, z)) for r, t, z in ((0.2, 0.04, 0.06), (0.45, 0.018, 0.22), (0.56, 0.03, 0.44))
    ]
    foot = turned([(0, 0.05), (0.2, 0.05), (0.2, 0.05), (0.22, 0), (0.18, 0), (0, 0.03)], enamel)
    ears = [hoop(0.09, 0.02, enamel, at=(0.66 * side, 0, 0.44)) for side in (-1, 1)]
    return [*slats, *rings, foot, *ears]


def jug() -> list[Part]:
    """White porcelain with an ear and a lip."""
    china = m.plain("#f1efe9", 0.2)
    wall = [
        (0, 0),
        (0.25, 0),
        (0.27, 0.03),
        (0.36, 0.3),
        (0.2, 0.68),
        (0.27, 0.92),
        (0.27, 0.92),
        (0.24, 0.92),
        (0.17, 0.68),
        (0.3, 0.3),
        (0, 0.06),
    ]
    ear = rod([(0.25, 0, 0.85), (0.46, 0, 0.86), (0.52, 0, 0.62), (0.42, 0, 0.38), (0.33, 0, 0.34)], 0.032, china)
    return [turned(wall, china), ear, ball((0.1, 0.08, 0.05), china, at=(-0.25, 0, 0.9))]


def wine_glass() -> list[Part]:
    """A bowl, a stem, a foot; empty."""
    wall = [
        (0, 0),
        (0.3, 0),
        (0.3, 0.01),
        (0.04, 0.04),
        (0.022, 0.1),
        (0.022, 0.5),
        (0.1, 0.6),
        (0.29, 0.8),
        (0.24, 1.2),
        (0.225, 1.2),
        (0.275, 0.8),
        (0.08, 0.63),
        (0, 0.61),
    ]
    return [turned(wall, m.glass())]


def water_jar() -> list[Part]:
    """Thick glass with a cork."""
    wall = [
        (0, 0),
        (0.33, 0),
        (0.35, 0.03),
        (0.35, 0.7),
        (0.25, 0.82),
        (0.25, 0.95),
        (0.25, 0.95),
        (0.22, 0.95),
        (0.22, 0.82),
        (0.31, 0.7),
        (0.31, 0.06),
        (0, 0.06),
    ]
    cork = turned(
        [(0, 0.86), (0.21, 0.86), (0.21, 0.86), (0.23, 1.06), (0.23, 1.06), (0, 1.06)],
        m.mottled("#b98d5c", 0.12, 0.02, 5),
    )
    return [turned(wall, m.glass()), cork]


def soda_can() -> list[Part]:
    """Printed aluminium."""
    metal = m.plain("#c7cacf", 0.25, 1.0)
    wall = [(0.31, 0.06), (0.33, 0.1), (0.33, 0.1), (0.33, 1.02), (0.33, 1.02), (0.29, 1.12)]
    print_ = m.label("#e8452c", "#f6efe0", ("FIZZ", "orange"))
    lid = turned([(0.29, 1.12), (0.29, 1.14), (0.26, 1.14), (0.25, 1.11), (0, 1.11)], metal)
    foot = turned([(0, 0.03), (0.24, 0.0), (0.31, 0.06)], metal)
    return [turned(wall, print_, samples=24), lid, foot, hoop(0.05, 0.012, metal, at=(0.06, 0, 1.12))]


def cereal_box() -> list[Part]:
    """A carton, its front printed."""
    return [block((0.68, 0.2, 1.0), m.label("#f3c623", "#203a72", ("OATS", "crisp")), bevel=0.006)]


def frying_pan() -> list[Part]:
    """Black iron from above."""
    iron = m.mottled("#1d1e20", 0.06, 0.02, 8, roughness=0.5)
    wall = [(0, 0), (0.42, 0), (0.5, 0.1), (0.5, 0.1), (0.475, 0.1), (0.4, 0.02), (0, 0.02)]
    handle = rod([(0.48, 0, 0.08), (0.7, 0, 0.13), (1.05, 0, 0.15)], 0.035, m.plain("#191919", 0.6), taper=1.3)
    return [turned(wall, iron), handle, hoop(0.04, 0.012, m.plain("#8c8f94", 0.3, 1.0), at=(1.1, 0, 0.15))]


def pretzel() -> list[Part]:
    """Dough in a loop that crosses itself: three holes."""
    crust = m.mottled("#9a5a24", 0.18, 0.03, 12, roughness=0.45)
    path = [
        (-0.12, 0.02, 0.16),
        (0.12, -0.05, 0.42),
        (0.33, 0, 0.72),
        (0.52, 0, 0.55),
        (0.5, 0, 0.28),
        (0.3, 0, 0.08),
        (0, 0, 0.02),
    ]
    path += [(-x, -y, z) for x, y, z in reversed(path[:-1])]
    return [rod(path, 0.068, crust)]
