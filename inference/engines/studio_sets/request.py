"""What a request makes of a set: its light, look and colours, and the products where they stand."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from inference.edits import Edits
from inference.engines.studio_sets.edited import with_direction, without_lamps
from inference.engines.studio_sets.framing import frame_shot
from inference.engines.studio_sets.pair import Standing, stand_companion
from inference.engines.studio_sets.plates import StudioSet
from inference.engines.studio_sets.recolouring import chosen_colours
from inference.engines.studio_sets.variation import Look, edited_look, look_for
from inference.ops.grade import graded
from inference.ops.placement import Outline, find_outline, resample_rgba, widest_place
from inference.ops.turn import Turn, find_turn, turned_cutout
from inference.types import U8, Cutout, ShotSpec


@dataclass(frozen=True, eq=False)
class Asked:
    """A set as the request wants it: what each light adds (as for ``look_for``), its look, its colours by material."""

    studio: StudioSet
    shares: tuple[float, ...]
    look: Look
    colours: Mapping[int, str]


@dataclass(frozen=True, eq=False)
class Placed:
    """The product where it stands, turned as it is wanted, its outline then, and the second product beside it."""

    turn: Turn | None
    outline: Outline
    main: Standing
    second: Standing | None


def asked_of(studio: StudioSet, spec: ShotSpec, *, lamps_on: bool) -> Asked:
    """``lamps_on`` False leaves only the light that comes from all around. Raises InputRejected for the palette."""
    colours, shares = chosen_colours(studio, spec.palette), _light_shares(studio)
    return Asked(studio, shares, _look(studio, shares, spec, lamps_on=lamps_on), colours)


def place(asked: Asked, cutout: Cutout, companion: Cutout | None, spec: ShotSpec, longest_px: int | None) -> Placed:
    """Stand the products on the set, before its camera. Raises InputRejected as ``frame_shot`` does."""
    turn = find_turn(cutout.alpha, spec.edits)
    rgb, alpha = turned_cutout(cutout, turn)
    upright = find_outline(cutout.alpha)
    outline = upright if alpha is cutout.alpha else find_outline(alpha)
    widest = widest_place(cutout.alpha)
    framing = frame_shot(asked.studio, upright, spec, asked.look, outline=outline, widest=widest, longest_px=longest_px)
    main = Standing(framing, _graded_part(resample_rgba(rgb, alpha, framing.placement), spec.edits))
    second = stand_companion(asked.studio, framing, companion, spec) if companion and spec.companion else None
    return Placed(turn, outline, main, second)


def _look(studio: StudioSet, shares: tuple[float, ...], spec: ShotSpec, *, lamps_on: bool) -> Look:
    """The set's light as the seed varies it and as the edits ask."""
    look = edited_look(look_for(spec.seed, shares, mirrors=studio.mirrors), spec.edits, mirrors=studio.mirrors)
    look = with_direction(look, studio, shares, spec.edits)
    return look if lamps_on else without_lamps(look, studio)


def _light_shares(studio: StudioSet) -> tuple[float, ...]:
    """Mean luminance that each light adds, from every sixteenth pixel."""
    means = [
        light.scale * light.weight * float(np.square(light.codes[::16, ::16].astype(np.float32) / 65535).mean())
        for light in studio.lights
    ]
    return tuple(means)


def _graded_part(part: U8, edits: Edits) -> U8:
    return np.dstack([graded(part[..., :3], edits), part[..., 3]]) if edits.colours_product else part
