"""Where the benchmark's objects stand: grounds, walls, props, skies and lamps, arranged by hand."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from inference.engines.studio_sets.render.meshes import MeshData, join
from inference.training.cutout_net import forms
from inference.training.cutout_net.objects import Part, settled
from inference.training.cutout_net.world import Lamp
from inference.training.cutout_truth import home, kitchen, tools, toys
from inference.training.cutout_truth import materials as m
from inference.training.cutout_truth.shapes import block, moved
from inference.training.cutout_truth.staging import ground, lamp, prop, sheet, sky, sweep, wall
from inference.types import F32


@dataclass(frozen=True)
class Setting:
    """Everything but the product and the camera; see ``cutout_net.world.World``."""

    others: Sequence[Part]
    sky: F32
    lamps: Sequence[Lamp]


Stage = Callable[[], Setting]


def white_studio() -> Setting:
    """White on white under two soft boxes."""
    return Setting([sweep("#f4f4f3")], sky(0.5, 0.8), [lamp(-2.5, -2, 2.5, 0.8, 1.4), lamp(2.5, -2, 2, 0.8, 0.7)])


def white_hard() -> Setting:
    """White with one hard light and a long shadow."""
    return Setting([sweep("#eeeeec")], sky(0.3, 0.5), [lamp(-3, -1.5, 2.2, 0.12, 2.2)])


def black_studio() -> Setting:
    """Black sweep, rim lights from both sides."""
    lamps = [lamp(-2.4, -1, 1.6, 0.5, 2.0), lamp(2.6, -0.8, 1.8, 0.5, 1.2)]
    return Setting([sweep("#0d0d0f", 0.5)], sky(0.02, 0.06), lamps)


def slate_table() -> Setting:
    """Dark stone and a dark wall in dim window light."""
    stone = m.mottled("#2b2d30", 0.12, 0.03, 5, roughness=0.5, repeats=5)
    return Setting(
        [ground(stone), wall(m.mottled("#1d1c1e", 0.1, 0.1, 6, repeats=3), 2)], sky(0.04, 0.1, window=2.0), []
    )


def grey_gradient() -> Setting:
    """Light grey sweep, one light from above."""
    return Setting([sweep("#b9bcc0")], sky(0.2, 0.4), [lamp(0.5, -1, 3, 0.7, 1.8)])


def coloured_sweep() -> Setting:
    """Coral paper."""
    return Setting([sweep("#e58a70")], sky(0.3, 0.5), [lamp(-2, -2, 2.4, 0.5, 1.6)])


def oak_by_window() -> Setting:
    """Oak table, pale wall, a window on the left."""
    others = [ground(m.boards("#b98a58", 3, repeats=7)), wall(m.mottled("#dcd8cf", 0.03, 0.1, 4, repeats=4), 2.6)]
    return Setting(others, sky(0.12, 0.3, window=9), [])


def marble_bath() -> Setting:
    """White marble below, glazed tiles behind."""
    tiles = m.bricks("#dfe7e6", "#9aa3a2", 7, repeats=5)
    return Setting(
        [ground(m.marble("#efeeec", "#8d9094", 3, repeats=5)), wall(tiles, 1.6)],
        sky(0.35, 0.6),
        [lamp(2, -2, 2.5, 0.6, 1.2)],
    )


def concrete_hall() -> Setting:
    """Concrete floor and wall, overcast."""
    floor, plaster = m.mottled("#8f8f8c", 0.1, 0.08, 2, repeats=4), m.mottled("#a5a39e", 0.08, 0.15, 3, repeats=3)
    return Setting([ground(floor), wall(plaster, 2.2)], sky(0.25, 0.7), [])


def brick_yard() -> Setting:
    """Paving before a brick wall in the sun."""
    floor = m.bricks("#8d8378", "#5d564f", 4, repeats=4)
    return Setting(
        [ground(floor), wall(m.bricks("#96503a", "#b7aca0", 5, repeats=5), 1.5)],
        sky(0.2, 0.7),
        [lamp(-3, -3, 4, 0.1, 2.2, 0.08)],
    )


def persian_carpet() -> Setting:
    """A loud carpet and a papered wall."""
    rug = m.carpet(("#7c1f2b", "#e0c48f", "#1f2f52", "#7c1f2b", "#c98d4a"), 6, repeats=7)
    paper = m.carpet(("#5d7f78", "#6b8d85", "#dcd3bd"), 2, repeats=9)
    return Setting([ground(rug), wall(paper, 2.4)], sky(0.2, 0.35), [lamp(1.5, -2, 2.5, 0.3, 1.6, 0.15)])


def gingham_picnic() -> Setting:
    """A checked cloth with fruit and a jug behind."""
    props = [*prop(kitchen.jug(), 0.9, 1.1, 0.9), *prop(kitchen.pretzel(), -1.0, 0.7, 0.5, 30)]
    return Setting([ground(m.gingham("#b8323c", repeats=6)), *props], sky(0.3, 0.8), [lamp(-2.5, -2, 4, 0.1, 2.0)])


def terrazzo_counter() -> Setting:
    """Terrazzo with coloured chips, blurred kitchen behind."""
    top = m.terrazzo("#d9d5cc", ("#b5654a", "#3f5d5a", "#2f2f33", "#e6b95c"), 4, repeats=6)
    props = [
        *prop(kitchen.colander(), -1.3, 1.5, 1.0),
        *prop(kitchen.soda_can(), 1.2, 1.3, 0.7),
        *prop(kitchen.cereal_box(), 0.5, 2.0, 1.2, 15),
    ]
    return Setting(
        [ground(top), *props, wall(m.bricks("#b9c4bd", "#8b938d", 3, repeats=6), 2.8)],
        sky(0.3, 0.5),
        [lamp(0, -1.5, 3, 0.6, 1.2)],
    )


def lawn() -> Setting:
    """Grass: forty thousand blades."""
    rng = np.random.default_rng(40)
    turf = forms.moved(sheet(3.4))
    blades = forms.hair(turf, 40000, 0.09, 0.009, rng, droop=0.4)
    soil = m.mottled("#3f5426", 0.3, 0.03, 6, repeats=6)
    green = m.mottled("#5f8a34", 0.3, 0.05, 7, repeats=3)
    return Setting([ground(soil, 20), Part(blades, green)], sky(0.3, 1.0), [lamp(3, -2, 4, 0.12, 2.2, 0.08)])


def gravel_path() -> Setting:
    """Six hundred pebbles."""
    rng = np.random.default_rng(41)
    stones = []
    for _ in range(600):
        size = rng.uniform(0.03, 0.09) * np.array([1, rng.uniform(0.6, 1), 0.6])
        pebble = forms.superquadric(size, (1, 1), 7)
        place = np.array([rng.uniform(-1.7, 1.7), rng.uniform(-1.2, 2.2), 0.01])
        stones.append(forms.moved(pebble, turn=forms.rotation([0, 0, 1], rng.uniform(0, 180)), to=place))
    tones = ("#a39b8f", "#7d7770", "#c6bcae")
    parts = [Part(join(stones[k::3]), m.plain(tone, 0.8)) for k, tone in enumerate(tones)]
    return Setting(
        [ground(m.mottled("#8a8276", 0.2, 0.02, 3, repeats=9)), *parts], sky(0.4, 0.9), [lamp(-3, -2, 4, 0.15, 1.8)]
    )


def bookshelf() -> Setting:
    """A board with books of all colours right behind."""
    rng = np.random.default_rng(12)
    books, x = [], -2.2
    while x < 2.2:
        thick, tall = rng.uniform(0.06, 0.16), rng.uniform(0.7, 1.15)
        tone = "#" + "".join(f"{int(value):02x}" for value in rng.integers(30, 225, 3))
        books.append(block((thick, 0.5, tall), m.label(tone, "#f1e9d8", ("IV", "-")), at=(x, 0.75, 0), bevel=0.008))
        x += thick + 0.012
    return Setting(
        [ground(m.boards("#6d4a2d", 8, repeats=8)), *books, wall(m.plain("#4a3826"), 1.1)],
        sky(0.2, 0.3),
        [lamp(-1.5, -2, 2, 0.4, 1.5, 0.1)],
    )


def toy_room() -> Setting:
    """Other toys behind and beside, cut by the frame."""
    props = [
        *prop(toys.rocking_horse(), -1.0, 0.9, 0.9, 40),
        *prop(toys.toy_car(), 0.95, 0.5, 0.6, 200),
        *prop(home.armchair(), 0.6, 1.7, 1.0, -20),
    ]
    cubes = [
        block((0.22, 0.22, 0.22), m.label(tone, "#ffffff", ("A", "B")), at=at, bevel=0.015)
        for tone, at in (("#d94b3d", (-0.75, 0.1, 0)), ("#3d7fd9", (-0.72, 0.15, 0.22)), ("#e8b93c", (0.8, -0.1, 0)))
    ]
    return Setting(
        [
            ground(m.boards("#d3b183", 6, repeats=8)),
            wall(m.carpet(("#f2d9a0", "#f5e3bb", "#e9c877"), 4, repeats=6), 2.6),
            *props,
            *cubes,
        ],
        sky(0.35, 0.6),
        [lamp(-2, -2, 3, 0.5, 1.2)],
    )


def workbench() -> Setting:
    """Worn boards, a pegboard, other tools lying about."""
    props = [
        *prop(kitchen.scissors(), 0.9, 0.5, 0.6, 70),
        *prop(tools.tape_roll(), -0.9, 0.6, 0.4, 30),
        *prop(tools.hand_brush(), 0.1, 1.1, 0.8, 20),
        *prop(home.desk_lamp(), -1.4, 1.2, 1.4),
    ]
    peg = m.carpet(("#c7a87a", "#bd9d6f", "#59452b"), 5, repeats=16)
    return Setting(
        [ground(m.boards("#8b6a48", 17, repeats=9, roughness=0.8)), wall(peg, 1.6), *props],
        sky(0.15, 0.3),
        [lamp(1.5, -1.5, 2, 0.3, 1.8, 0.1)],
    )


def shop_shelf() -> Setting:
    """Packages on both sides and behind, close together."""
    props = [
        *prop(kitchen.cereal_box(), -0.95, 0.5, 1.0, 8),
        *prop(kitchen.soda_can(), 0.9, 0.35, 0.6),
        *prop(home.candle(), 0.5, 0.9, 0.6),
        *prop(kitchen.cereal_box(), 0.9, 1.1, 1.3, -12),
        *prop(tools.lotion_bottle(), -0.5, 1.0, 0.8),
    ]
    return Setting(
        [ground(m.plain("#d9d9d6", 0.3)), wall(m.plain("#c9ccd2", 0.6), 1.6), *props],
        sky(0.6, 0.9),
        [lamp(0, -1, 3, 0.9, 1.0)],
    )


def hallway() -> Setting:
    """Parquet, a wall with an empty frame, a chair cut by the frame."""
    frame = moved(settled(home.picture_frame(), np.eye(3)), to=(-0.7, 2.1, 1.2), scale=1.0)
    props = [*prop(home.wire_chair(), 1.35, 1.2, 1.7, -30), *frame]
    return Setting(
        [ground(m.boards("#9a6b3f", 5, repeats=9)), wall(m.mottled("#9fb0a8", 0.03, 0.1, 7, repeats=3), 2.2), *props],
        sky(0.2, 0.45, window=4),
        [],
    )


def linen_flat() -> Setting:
    """Crumpled linen seen from above."""
    cloth = forms.wrinkled(_fine_sheet(6), 0.035, 5.5, np.random.default_rng(3))
    return Setting(
        [Part(cloth, m.mottled("#d8cfc0", 0.05, 0.004, 3, repeats=3))], sky(0.2, 0.5), [lamp(-2.5, 1.5, 2, 0.3, 1.8)]
    )


def dark_wood_flat() -> Setting:
    """Dark boards seen from above."""
    return Setting([ground(m.boards("#4a3122", 19, repeats=7))], sky(0.2, 0.5), [lamp(2, 2.5, 2.5, 0.4, 1.6)])


def herringbone_flat() -> Setting:
    """Coloured bricks laid flat, hard sun."""
    return Setting([ground(m.bricks("#a8664b", "#cfc4b4", 9, repeats=7))], sky(0.2, 0.5), [lamp(-2, -1.5, 3, 0.1, 2.4)])


def white_flat() -> Setting:
    """White card seen from above."""
    return Setting([ground(m.plain("#f1f1ef", 0.8))], sky(0.4, 0.7), [lamp(-2, 1.5, 2.5, 0.6, 1.2)])


def black_flat() -> Setting:
    """Black felt seen from above."""
    return Setting(
        [ground(m.mottled("#141416", 0.2, 0.004, 5, repeats=3))], sky(0.06, 0.15), [lamp(-2, 1.5, 2.5, 0.6, 1.6)]
    )


def _fine_sheet(size: float) -> MeshData:
    x, y = np.meshgrid(np.linspace(-size / 2, size / 2, 160), np.linspace(-size / 2, size / 2, 160))
    return forms.skin(np.stack([x, y, np.zeros_like(x)], -1))
