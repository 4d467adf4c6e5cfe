"""Random still lifes as numbers and captions: what stands where, in which colour, on what, in which light."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from inference.training.small_sefi.words import COLOURS, HEIGHTS, KINDS, LIGHTS, PLACES, SURFACES, WALLS
from inference.types import F32

I64 = npt.NDArray[np.int64]
Rng = np.random.Generator

MAX_OBJECTS = 3
_COUNT_CHANCES = (0.4, 0.38, 0.22)
_SLOTS = np.array([0.24, 0.5, 0.76])
# Object colours nearer than this (sRGB distance) to what is behind them are drawn again.
_CLASH = 70.0


@dataclass(frozen=True)
class Scenes:
    """``n`` scenes. Lengths in fractions of the picture's side; objects that are not there have kind -1.

    Attributes:
        kind, colour, slot: int64 (n, MAX_OBJECTS), places in ``KINDS``, ``COLOURS``, ``PLACES``; from left to right.
        middle, base, height: fp32 (n, MAX_OBJECTS), where it stands and how tall it is; y grows downwards.
        wall, surface, light: int64 (n,), places in ``WALLS``, ``SURFACES``, ``LIGHTS``.
        horizon: fp32 (n,), where the surface begins.
        phase: fp32 (n, 4), of the patterns.
    """

    kind: I64
    colour: I64
    slot: I64
    middle: F32
    base: F32
    height: F32
    wall: I64
    surface: I64
    light: I64
    horizon: F32
    phase: F32

    def __len__(self) -> int:
        return len(self.wall)

    def objects(self, scene: int) -> list[int]:
        """The columns of the objects that are there, from left to right."""
        return [column for column in range(MAX_OBJECTS) if self.kind[scene, column] >= 0]

    def name(self, scene: int, column: int) -> str:
        """For example ``red mug``."""
        return f"{list(COLOURS)[self.colour[scene, column]]} {KINDS[self.kind[scene, column]]}"


def random_scenes(count: int, rng: Rng) -> Scenes:
    """``count`` scenes of one to three objects in different places."""
    objects = rng.choice(3, count, p=_COUNT_CHANCES) + 1
    order = np.argsort(rng.random((count, MAX_OBJECTS)), axis=1)
    there = np.sort(np.where(np.arange(MAX_OBJECTS) < objects[:, None], order, MAX_OBJECTS), axis=1)
    absent = there == MAX_OBJECTS
    slot = np.where(absent, 0, there)
    shape = (count, MAX_OBJECTS)
    kind = rng.integers(0, len(KINDS), shape)
    wall, surface = rng.integers(0, len(WALLS), count), rng.integers(0, len(SURFACES), count)
    horizon = rng.uniform(0.52, 0.66, count)
    size = rng.uniform(0.32, 0.42, shape) * np.array([1.25, 1.05, 0.9])[objects - 1][:, None]
    return Scenes(
        kind=np.where(absent, -1, kind),
        colour=_colours(wall, surface, shape, rng),
        slot=slot,
        middle=(_SLOTS[slot] + rng.uniform(-0.04, 0.04, shape)).astype(np.float32),
        base=rng.uniform(0.76, 0.9, shape).astype(np.float32),
        height=(size * np.array(HEIGHTS)[kind]).astype(np.float32),
        wall=wall,
        surface=surface,
        light=rng.integers(0, 2, count),
        horizon=horizon.astype(np.float32),
        phase=rng.uniform(0, 2 * np.pi, (count, 4)).astype(np.float32),
    )


def _colours(wall: I64, surface: I64, shape: tuple[int, int], rng: Rng) -> I64:
    """Colours that can be told from the wall and from the surface."""
    behind = [np.array(list(table.values()), np.float64) for table in (WALLS, SURFACES)]
    own = np.array(list(COLOURS.values()), np.float64)
    far = [np.linalg.norm(own[None] - table[:, None], axis=-1) > _CLASH for table in behind]
    allowed = (far[0][wall] & far[1][surface])[:, None]
    return np.asarray(np.argmax(rng.random((*shape, len(own))) * allowed, axis=-1))


def with_changes(scenes: Scenes, **changes: npt.NDArray[np.generic]) -> Scenes:
    """The same scenes with other values in some fields."""
    return replace(scenes, **changes)  # type: ignore[arg-type]


@dataclass(frozen=True)
class Says:
    """Which parts of a scene a caption speaks of."""

    places: bool = True
    surface: bool = True
    wall: bool = True
    light: bool = True


def caption(scenes: Scenes, scene: int, says: Says, order: Sequence[int] = ()) -> str:
    """For example ``a red mug on the left and a blue box on the right on oak before a sky wall , light from the left``.

    What it says is exact; what it leaves out may be anything. Objects come in the ``order`` of these columns, by
    default from left to right.
    """
    names = []
    for column in order or scenes.objects(scene):
        place = f" {PLACES[scenes.slot[scene, column]]}" if says.places else ""
        name = scenes.name(scene, column)
        names.append(f"{'an' if name[0] in 'aeiou' else 'a'} {name}{place}")
    text = " and ".join(names)
    if says.surface:
        text += f" on {list(SURFACES)[scenes.surface[scene]]}"
    if says.wall:
        text += f" before a {list(WALLS)[scenes.wall[scene]]} wall"
    if says.light:
        text += f" , {LIGHTS[scenes.light[scene]]}"
    return text


def captions(scenes: Scenes, rng: Rng) -> list[str]:
    """One caption a scene, each leaving out other things. Objects come in any order, as people name them.

    Else the order of words would say where things stand, and no box could change that any more.
    """
    chances: Sequence[float] = (0.6, 0.85, 0.85, 0.6)
    told = rng.random((len(scenes), len(chances))) < np.array(chances)
    orders = [rng.permutation(scenes.objects(scene)).tolist() for scene in range(len(scenes))]
    return [caption(scenes, scene, Says(*map(bool, told[scene])), orders[scene]) for scene in range(len(scenes))]
