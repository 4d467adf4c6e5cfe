"""From the lamps of a stage to the picture of the set: shadows, mix, colours, mirror images, and the display."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from inference.engines.studio_sets.edited import focus_depth_m, shadow_lamps
from inference.engines.studio_sets.mirror_image import with_mirror_image
from inference.engines.studio_sets.pair import Standing
from inference.engines.studio_sets.plates import StudioSet
from inference.engines.studio_sets.recolouring import recoloured, set_delta_e
from inference.engines.studio_sets.request import Asked, Placed
from inference.engines.studio_sets.stage import Stage
from inference.engines.studio_sets.variation import Look
from inference.ops.body import Body, build_body
from inference.ops.defocus import defocused
from inference.ops.dither import tpdf_tile
from inference.ops.lamps import deepened
from inference.ops.light import mix
from inference.ops.shadow import AreaLight, visibility
from inference.ops.timing import Stopwatch
from inference.ops.tonemap import display
from inference.types import F32, U8, ShotSpec


@dataclass(frozen=True, eq=False)
class Lit:
    """The picture of the set (uint8 (H, W, 3)), with the light that the products leave of it, float32 (H, W).

    ``lamps`` and ``bodies`` are what threw the shadows, ``exposures`` as ``recoloured`` tells them, ``off_by`` as
    ``set_delta_e`` measures.
    """

    plate: U8
    shade: F32
    lamps: list[AreaLight]
    bodies: tuple[Body, Body | None]
    exposures: Mapping[int, float]
    off_by: float | None


def light(asked: Asked, placed: Placed, stage: Stage, spec: ShotSpec, watch: Stopwatch) -> Lit:
    """From the shadows to the finished picture of the set."""
    studio, edits, main, second = asked.studio, spec.edits, placed.main, placed.second
    with watch.stage("shadow", 0.4):
        bodies = (_body(main), _body(second) if second else None)
        lamps = shadow_lamps(stage, main.framing, asked.look, asked.shares, edits)
        maps = deepened(_cast(stage, bodies, lamps), edits.shadow_intensity)
    with watch.stage("mix", 0.5):
        lights = _gains(studio, asked.look)
        linear, shade = _mixed(stage, lights, maps)
    with watch.stage("recolour", 0.55):
        linear, exposures = recoloured(linear, studio, stage, lights, asked.colours)
    with watch.stage("reflection", 0.6):
        linear = with_mirror_image(linear, studio, stage, main, bodies[0], edits)
        if second and bodies[1]:
            linear = with_mirror_image(linear, studio, stage, second, bodies[1], edits)
    with watch.stage("display", 0.7):
        if edits.background_blur:
            linear = defocused(linear, stage.canvas.nearness, focus_depth_m(main.framing), edits.background_blur)
        plate = display(linear, tpdf_tile(spec.seed))
    off_by = set_delta_e(plate, studio, stage, lights, maps, asked.colours, exposures)
    return Lit(plate, shade, lamps, bodies, exposures, off_by)


def _body(standing: Standing) -> Body:
    framing, placement = standing.framing, standing.framing.placement
    middle, base = framing.base[0] - placement.x, framing.base[1] - placement.y
    return build_body(standing.part[..., 3], base, middle, framing.camera, framing.frame, framing.thickness_m)


def _cast(stage: Stage, bodies: tuple[Body, Body | None], lamps: list[AreaLight]) -> F32:
    """What arrives beside all products: their shadows are multiplied, as those of independent occluders."""
    seen = (stage.small_depth, stage.small_normal, stage.small_camera)
    maps = visibility(*seen, bodies[0], lamps)
    return maps if bodies[1] is None else np.asarray(maps * visibility(*seen, bodies[1], lamps), np.float32)


def _gains(studio: StudioSet, look: Look) -> F32:
    """Linear value of code 65535 of each plate, times the light's weight and colour: float32 (L, 3)."""
    rows = [
        np.asarray(light.colour, np.float32) * np.float32(light.scale * light.weight * factor)
        for light, factor in zip(studio.lights, look.lights, strict=True)
    ]
    return np.stack(rows)


def _mixed(stage: Stage, lights: F32, maps: F32) -> tuple[F32, F32]:
    lamps = [area is not None for area in stage.lamps]
    plane = np.array([sum(lamps[:i]) if lamp else -1 for i, lamp in enumerate(lamps)], np.int64)
    return mix(stage.plates, lights, plane, maps, stage.canvas, stage.small)
