"""What edits change on a set's stage: its lamps, its shadow, its gloss."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from inference.edits import Edits
from inference.engines.studio_sets.framing import Framing
from inference.engines.studio_sets.plates import StudioSet
from inference.engines.studio_sets.stage import Stage
from inference.engines.studio_sets.variation import Look, directed_look
from inference.ops.geometry import Frame
from inference.ops.lamps import lowered, resized, sideways
from inference.ops.shadow import AreaLight
from inference.types import F32, Mask

LEVEL = 0.7
"""Surfaces whose normal points up at least this much are ground that can be polished."""

SAME_LEVEL_M = 0.02
POLISHED_ROUGHNESS, POLISHED_REFLECTANCE = 0.05, 0.3


def with_direction(look: Look, studio: StudioSet, shares: tuple[float, ...], edits: Edits) -> Look:
    """The look with the light coming more from one side of the picture."""
    if edits.light_direction == 0:
        return look
    frame = Frame.facing(studio.camera, studio.anchor.position)
    turn = -1.0 if look.mirrored else 1.0
    sides = [turn * sideways(light.area, frame.origin, frame.across) for light in studio.lights]
    return directed_look(look, shares, sides, edits.light_direction)


def without_lamps(look: Look, studio: StudioSet) -> Look:
    """The look with only the light that comes from all around."""
    factors = [0.0 if light.area else factor for light, factor in zip(studio.lights, look.lights, strict=True)]
    return replace(look, lights=tuple(factors))


def shadow_lamps(
    stage: Stage, framing: Framing, look: Look, shares: tuple[float, ...], edits: Edits
) -> list[AreaLight]:
    """The lamps that shadows are cast from, in the set's order; the surroundings are not among them."""
    lamps = [(index, lamp) for index, lamp in enumerate(stage.lamps) if lamp is not None]
    if edits.shadow_length == 1 and edits.shadow_softness == 1:
        return [lamp for _, lamp in lamps]
    key = max((index for index, _ in lamps), key=lambda index: shares[index] * look.lights[index], default=-1)
    return [_as_edited(lamp, framing, edits, is_key=index == key) for index, lamp in lamps]


def _as_edited(lamp: AreaLight, framing: Framing, edits: Edits, *, is_key: bool) -> AreaLight:
    if is_key and edits.shadow_length != 1:
        lamp = lowered(lamp, framing.frame.origin, edits.shadow_length)
    return resized(lamp, edits.shadow_softness)


def polished(gloss: F32, stage: Stage, framing: Framing, edits: Edits) -> F32:
    """Reflectance and roughness (h, w, 2) with the ground polished, by the part of ``reflection`` above 1."""
    share = np.float32(edits.reflection - 1)
    if share <= 0:
        return gloss
    ground = _ground(stage, framing)
    out = gloss.copy()
    out[ground, 0] += share * np.maximum(0, POLISHED_REFLECTANCE - gloss[ground, 0])
    out[ground, 1] += share * np.minimum(0, POLISHED_ROUGHNESS - gloss[ground, 1])
    return out


def _ground(stage: Stage, framing: Framing) -> Mask:
    """The level that the product stands on: the floor below a plinth sees the plinth, not the product."""
    camera, (height, width) = stage.small_camera, stage.small_depth.shape
    across = (np.arange(width) + 0.5 - camera.centre_px[0]) / camera.focal_px
    below = (np.arange(height) + 0.5 - camera.centre_px[1]) / camera.focal_px
    rise = camera.forward[2] + across[None] * camera.right[2] + below[:, None] * camera.down[2]
    level = camera.origin[2] + stage.small_depth * rise
    same_level = np.abs(level - framing.frame.origin[2]) < SAME_LEVEL_M
    return np.asarray((stage.small_normal[..., 2] > LEVEL) & same_level & (stage.small_depth > 0))


def mirrored_before(around: F32, linear: F32, gloss: F32, stage: Stage, framing: Framing, edits: Edits) -> F32:
    """What the ground mirrored before: the surroundings; on a ground that is only now polished, its own light.

    Taking away more than a matte ground has would leave a stain instead of a mirror image.
    """
    share = np.float32(max(0.0, edits.reflection - 1))
    if share == 0:
        return around
    ground = _ground(stage, framing) & (gloss[..., 0] > 0)
    if not ground.any():
        return around
    step = linear.shape[0] / ground.shape[0]
    rows, columns = np.nonzero(ground)
    own = linear[(rows * step).astype(np.intp), (columns * step).astype(np.intp)]
    return np.asarray(around + share * (np.quantile(own, 0.3, axis=0) - around), np.float32)


def focus_depth_m(framing: Framing) -> float:
    """Planar depth of the product's back."""
    back = framing.frame.origin + framing.frame.behind * framing.thickness_m
    return framing.camera.project(back)[2]
