"""Named objects of the benchmark: toys."""

from __future__ import annotations

from inference.training.cutout_net.objects import Part
from inference.training.cutout_truth import materials as m
from inference.training.cutout_truth.shapes import (
    ball,
    block,
    body,
    both,
    furry,
    hoop,
    rod,
    turned,
)


def plush_bear() -> list[Part]:
    """Sitting, short pile, glass eyes."""
    pile = m.mottled("#b98348", 0.08, 0.05, 2, roughness=0.95)
    torso = [
        ball((0.26, 0.22, 0.3), pile, at=(0, 0, 0.3)),
        ball((0.24, 0.22, 0.22), pile, at=(0, -0.02, 0.72)),
        ball((0.11, 0.1, 0.08), pile, at=(0, -0.21, 0.67)),
    ]
    limbs = (
        both(ball((0.09, 0.06, 0.09), pile, at=(0.19, 0, 0.92)))
        + both(ball((0.1, 0.2, 0.1), pile, at=(0.22, -0.24, 0.1)))
        + both(ball((0.09, 0.1, 0.18), pile, at=(0.3, -0.06, 0.4)))
    )
    eyes = both(ball((0.028, 0.02, 0.028), m.plain("#0c0a09", 0.1), at=(0.09, -0.235, 0.77)))
    return [
        *furry([*torso, *limbs], 26000, 0.045, pile, seed=1),
        *eyes,
        ball((0.04, 0.03, 0.028), eyes[0].surface, at=(0, -0.325, 0.71)),
    ]


def plush_rabbit() -> list[Part]:
    """Grey with long ears and long hair."""
    pile = m.mottled("#a9a6a4", 0.06, 0.05, 9, roughness=0.95)
    parts = [ball((0.25, 0.24, 0.26), pile, at=(0, 0.02, 0.26)), ball((0.19, 0.19, 0.18), pile, at=(0, -0.06, 0.58))]
    ears = both(ball((0.06, 0.03, 0.24), pile, at=(0.09, 0, 0.9))) + both(
        ball((0.08, 0.16, 0.06), pile, at=(0.13, -0.2, 0.06))
    )
    eyes = both(ball((0.024, 0.02, 0.024), m.plain("#15100d", 0.1), at=(0.09, -0.25, 0.6)))
    return [*furry([*parts, *ears], 26000, 0.1, pile, seed=4, droop=0.5), *eyes]


def toy_car() -> list[Part]:
    """A tin convertible with an aerial."""
    paint, rubber = m.plain("#c8202c", 0.2), m.plain("#19191a", 0.8)
    hull = body(
        [
            (-0.55, 0, 0.12, 0.26, 0.3),
            (-0.45, 0, 0.1, 0.32, 0.42),
            (-0.1, 0, 0.1, 0.33, 0.44),
            (0.3, 0, 0.1, 0.32, 0.44),
            (0.5, 0, 0.11, 0.26, 0.4),
            (0.58, 0, 0.14, 0.2, 0.26),
        ],
        paint,
        power=0.5,
    )
    cabin = body(
        [
            (-0.36, 0, 0.3, 0.33, 0.3),
            (-0.22, 0, 0.3, 0.48, 0.34),
            (0.05, 0, 0.3, 0.48, 0.34),
            (0.2, 0, 0.3, 0.33, 0.32),
        ],
        m.plain("#20303c", 0.1),
        power=0.5,
    )
    wheels = [hoop(0.085, 0.045, rubber, at=(x, y, 0.13), axis="y") for x in (-0.33, 0.35) for y in (-0.21, 0.21)]
    hubs = [
        ball((0.06, 0.02, 0.06), m.plain("#d6d8db", 0.2, 1.0), at=(x, y, 0.13))
        for x in (-0.33, 0.35)
        for y in (-0.22, 0.22)
    ]
    return [hull, cabin, *wheels, *hubs, rod([(-0.4, 0.1, 0.3), (-0.45, 0.1, 0.5), (-0.52, 0.1, 0.72)], 0.006, rubber)]


def robot() -> list[Part]:
    """A tin robot: box body, round joints, claws, two antennas."""
    tin, trim = m.plain("#7fa7b5", 0.3, 0.4), m.plain("#e8b23a", 0.35)
    torso = block((0.44, 0.3, 0.42), tin, at=(0, 0, 0.4), bevel=0.04)
    head = block((0.34, 0.26, 0.26), tin, at=(0, 0, 0.86), bevel=0.05)
    legs = both(turned([(0, 0), (0.1, 0), (0.1, 0.08), (0.06, 0.1), (0.06, 0.42), (0, 0.42)], trim, at=(0.12, 0, 0)))
    arms = both(rod([(0.24, 0, 0.75), (0.38, -0.04, 0.6), (0.4, -0.16, 0.46)], 0.045, trim)) + both(
        hoop(0.06, 0.02, tin, at=(0.4, -0.2, 0.4), axis="x")
    )
    eyes = both(ball((0.05, 0.03, 0.05), m.plain("#d8331f", 0.15), at=(0.08, -0.13, 1.0)))
    horns = both(rod([(0.08, 0, 1.1), (0.11, 0, 1.2), (0.13, 0, 1.3)], 0.009, trim)) + both(
        ball((0.025,) * 3, m.plain("#d8331f", 0.2), at=(0.13, 0, 1.31))
    )
    return [
        torso,
        head,
        *legs,
        *arms,
        *eyes,
        *horns,
        block((0.26, 0.02, 0.2), m.plain("#f0ead9"), at=(0, -0.15, 0.5), bevel=0.01),
        turned([(0, 0.8), (0.08, 0.8), (0.08, 0.88), (0, 0.88)], trim),
    ]


def rocking_horse() -> list[Part]:
    """Plain wood: a body, four legs, two runners, a mane of wool."""
    wood = m.boards("#cf9f68", 9, repeats=1)
    trunk = body(
        [
            (-0.38, 0, 0.42, 0.56, 0.1),
            (-0.25, 0, 0.38, 0.62, 0.24),
            (0.1, 0, 0.4, 0.6, 0.22),
            (0.25, 0, 0.42, 0.66, 0.2),
            (0.34, 0, 0.5, 0.7, 0.1),
        ],
        wood,
    )
    neck = body(
        [
            (0.2, 0, 0.5, 0.66, 0.14),
            (0.3, 0, 0.6, 0.85, 0.13),
            (0.42, 0, 0.78, 0.98, 0.12),
            (0.6, 0, 0.76, 0.86, 0.1),
            (0.66, 0, 0.76, 0.82, 0.06),
        ],
        wood,
    )
    legs = [
        rod([(x, y * 0.6, 0.45), (x * 1.25, y, 0.25), (x * 1.4, y * 1.1, 0.06)], 0.04, wood, taper=0.6)
        for x in (-0.25, 0.24)
        for y in (-0.14, 0.14)
    ]
    runners = [
        rod([(-0.62, y, 0.16), (-0.3, y, 0.03), (0, y, 0), (0.3, y, 0.03), (0.62, y, 0.16)], 0.025, wood)
        for y in (-0.16, 0.16)
    ]
    mane = [
        rod(
            [(0.3 + 0.03 * k, 0, 0.86 + 0.02 * k), (0.25 + 0.03 * k, 0, 0.92 + 0.015 * k), (0.18 + 0.03 * k, 0, 0.84)],
            0.02,
            m.plain("#efe8da", 0.95),
        )
        for k in range(5)
    ]
    return [
        trunk,
        neck,
        *legs,
        *runners,
        *mane,
        rod([(-0.37, 0, 0.52), (-0.5, 0, 0.5), (-0.56, 0, 0.34)], 0.03, mane[0].surface),
    ]
