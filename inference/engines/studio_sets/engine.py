"""Virtual studio sets: light plates remixed, recoloured and shaded for a product, on a CPU, without weights."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import cv2
import numpy as np

from inference.edits import Edits
from inference.engines.studio_sets import PLATES_DIR
from inference.engines.studio_sets.edited import (
    focus_depth_m,
    mirrored_before,
    polished,
    shadow_lamps,
    with_direction,
    without_lamps,
)
from inference.engines.studio_sets.framing import Framing, frame_shot
from inference.engines.studio_sets.pair import Standing, is_nearer, shade_on, stand_companion, uncovered
from inference.engines.studio_sets.plates import PlateStore, StudioSet
from inference.engines.studio_sets.recolouring import GLOSSY, chosen_colours, recoloured, set_delta_e
from inference.engines.studio_sets.stage import Stage, set_stage
from inference.engines.studio_sets.variation import Look, edited_look, look_for
from inference.ops.body import Body, build_body
from inference.ops.defocus import defocused
from inference.ops.dither import tpdf_tile
from inference.ops.grade import graded
from inference.ops.lamps import deepened
from inference.ops.light import add_map, mix
from inference.ops.placement import Outline, find_outline, on_canvas, resample_rgba, widest_place
from inference.ops.reflection import mirror_card, reflection
from inference.ops.shadow import AreaLight, visibility
from inference.ops.timing import Stopwatch
from inference.ops.tonemap import display
from inference.ops.turn import Turn, find_turn, turned_cutout
from inference.ports import PlacedCompanion, SceneOptions, ScenePlate
from inference.types import F32, U8, Cutout, Progress, ShotSpec

LEFT_BY_MIRROR = 0.3
"""The share of its light that a surface keeps at least under the product's mirror image."""


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


class StudioSets:
    """The embedded scene engine. See ``ports.SceneEngine``."""

    name = "studio_sets"
    licence = "Apache-2.0"
    revision = 2

    def __init__(self, options: SceneOptions) -> None:
        self._store = PlateStore(options.plates_dir or PLATES_DIR, options.cache_mb)

    def names(self) -> tuple[str, ...]:
        return self._store.names()

    def warm(self, name: str) -> None:
        self._store.get(name)

    def identity(self, spec: ShotSpec) -> Mapping[str, Any]:
        """See ``ports.SceneEngine.identity``."""
        return _identity(self._store.get(spec.set_name, spec.camera, spec.mood))

    def render(
        self,
        cutout: Cutout,
        spec: ShotSpec,
        *,
        on_progress: Progress,
        longest_px: int | None = None,
        lamps_on: bool = True,
        companion: Cutout | None = None,
    ) -> ScenePlate:
        """See ``ports.SceneEngine.render``."""
        watch = Stopwatch(on_progress)
        with watch.stage("plates", 0.05):
            asked = self._asked(spec, lamps_on=lamps_on)
        with watch.stage("place", 0.1):
            placed = _placed(asked, cutout, companion, spec, longest_px)
        with watch.stage("stage", 0.25):
            stage = set_stage(asked.studio, placed.main.framing)
        lit = _lit(asked, placed, stage, spec, watch)
        scene = _scene(asked, placed, stage, lit, watch.timings_s)
        return _with_companion(scene, asked, placed, stage, lit, spec) if placed.second else scene

    def _asked(self, spec: ShotSpec, *, lamps_on: bool) -> Asked:
        studio = self._store.get(spec.set_name, spec.camera, spec.mood)
        colours, shares = chosen_colours(studio, spec.palette), _light_shares(studio)
        return Asked(studio, shares, _look(studio, shares, spec, lamps_on=lamps_on), colours)


def _placed(asked: Asked, cutout: Cutout, companion: Cutout | None, spec: ShotSpec, longest_px: int | None) -> Placed:
    turn = find_turn(cutout.alpha, spec.edits)
    rgb, alpha = turned_cutout(cutout, turn)
    upright = find_outline(cutout.alpha)
    outline = upright if alpha is cutout.alpha else find_outline(alpha)
    widest = widest_place(cutout.alpha)
    framing = frame_shot(asked.studio, upright, spec, asked.look, outline=outline, widest=widest, longest_px=longest_px)
    main = Standing(framing, _graded_part(resample_rgba(rgb, alpha, framing.placement), spec.edits))
    second = stand_companion(asked.studio, framing, companion, spec) if companion and spec.companion else None
    return Placed(turn, outline, main, second)


def _lit(asked: Asked, placed: Placed, stage: Stage, spec: ShotSpec, watch: Stopwatch) -> Lit:
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
        linear = _with_reflection(linear, studio, stage, main, bodies[0], edits)
        if second and bodies[1]:
            linear = _with_reflection(linear, studio, stage, second, bodies[1], edits)
    with watch.stage("display", 0.7):
        if edits.background_blur:
            linear = defocused(linear, stage.canvas.nearness, focus_depth_m(main.framing), edits.background_blur)
        plate = display(linear, tpdf_tile(spec.seed))
    off_by = set_delta_e(plate, studio, stage, lights, maps, asked.colours, exposures)
    return Lit(plate, shade, lamps, bodies, exposures, off_by)


def _scene(asked: Asked, placed: Placed, stage: Stage, lit: Lit, timings_s: dict[str, float]) -> ScenePlate:
    """The scene of the first product, and how it came about."""
    framing = placed.main.framing
    used = _colours_used(asked.studio, asked.colours, lit.exposures)
    return ScenePlate(
        plate=lit.plate,
        shadow=np.rint(np.clip(lit.shade, 0, 1) * 255).astype(np.uint8),
        visible=_visible(stage, framing, placed.main.part),
        product=placed.main.part,
        placement=framing.placement,
        base=framing.base,
        set_delta_e=lit.off_by,
        identity=_identity(asked.studio),
        parameters=_parameters(asked.studio, framing, asked.look, placed.turn) | used,
        measures=_measures(placed.outline, framing),
        timings_s=timings_s,
    )


def _look(studio: StudioSet, shares: tuple[float, ...], spec: ShotSpec, *, lamps_on: bool) -> Look:
    """The set's light as the seed varies it and as the edits ask."""
    look = edited_look(look_for(spec.seed, shares, mirrors=studio.mirrors), spec.edits, mirrors=studio.mirrors)
    look = with_direction(look, studio, shares, spec.edits)
    return look if lamps_on else without_lamps(look, studio)


def _cast(stage: Stage, bodies: tuple[Body, Body | None], lamps: list[AreaLight]) -> F32:
    """What arrives beside all products: their shadows are multiplied, as those of independent occluders."""
    seen = (stage.small_depth, stage.small_normal, stage.small_camera)
    maps = visibility(*seen, bodies[0], lamps)
    return maps if bodies[1] is None else np.asarray(maps * visibility(*seen, bodies[1], lamps), np.float32)


def _weights(stage: Stage, look: Look, shares: tuple[float, ...]) -> tuple[list[float], float]:
    """What each lamp adds to the set, and what comes from everywhere."""
    added = [share * factor for share, factor in zip(shares, look.lights, strict=True)]
    lamps = [light for light, lamp in zip(added, stage.lamps, strict=True) if lamp is not None]
    return lamps, sum(added) - sum(lamps)


def _with_companion(
    scene: ScenePlate, asked: Asked, placed: Placed, stage: Stage, lit: Lit, spec: ShotSpec
) -> ScenePlate:
    """The scene with the second product in it: who covers whom, and the shadow of each on the other."""
    (body, beside), main, other = lit.bodies, placed.main, placed.second
    assert spec.companion is not None
    assert other is not None
    assert beside is not None
    strength = spec.companion.shadow * min(1.0, spec.edits.shadow_intensity)
    light = (lit.lamps, *_weights(stage, asked.look, asked.shares))
    in_front = not is_nearer(main.framing, other.framing)
    visible = _visible(stage, other.framing, other.part)
    second = PlacedCompanion(
        product=other.part,
        placement=other.framing.placement,
        visible=visible if in_front else uncovered(visible, main),
        shade=shade_on(other, body, stage, *light, strength),
        is_in_front=in_front,
        edits=spec.companion.edits,
    )
    where = {**other.framing.placement.as_dict(), "is_in_front": in_front}
    return replace(
        scene,
        visible=uncovered(scene.visible, other) if in_front else scene.visible,
        shade=shade_on(main, beside, stage, *light, strength),
        companion=second,
        parameters={**scene.parameters, "companion": where},
    )


def _identity(studio: StudioSet) -> Mapping[str, Any]:
    return {"name": studio.name, "version": studio.version, "plates_sha256": studio.digest}


def _light_shares(studio: StudioSet) -> tuple[float, ...]:
    """Mean luminance that each light adds, from every sixteenth pixel."""
    means = [
        light.scale * light.weight * float(np.square(light.codes[::16, ::16].astype(np.float32) / 65535).mean())
        for light in studio.lights
    ]
    return tuple(means)


def _body(standing: Standing) -> Body:
    framing, placement = standing.framing, standing.framing.placement
    middle, base = framing.base[0] - placement.x, framing.base[1] - placement.y
    return build_body(standing.part[..., 3], base, middle, framing.camera, framing.frame, framing.thickness_m)


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


def _graded_part(part: U8, edits: Edits) -> U8:
    return np.dstack([graded(part[..., :3], edits), part[..., 3]]) if edits.colours_product else part


def _with_reflection(linear: F32, studio: StudioSet, stage: Stage, standing: Standing, body: Body, edits: Edits) -> F32:
    framing = standing.framing
    shiny = [index for index, item in enumerate(studio.materials) if item.roughness < GLOSSY or edits.reflection > 1]
    if not shiny or edits.reflection == 0:
        return linear
    gloss = np.zeros((*stage.small_depth.shape, 2), np.float32)
    for index in shiny:
        share = stage.small_coverage[index].astype(np.float32) / np.float32(255)
        gloss[..., 0] += share * np.float32(studio.materials[index].reflectance)
        gloss[..., 1] += share * np.float32(studio.materials[index].roughness)
    gloss = polished(gloss, stage, framing, edits)
    base = framing.base[1] - framing.placement.y
    upper = linear[: max(16, framing.base[1] - framing.placement.height) : 8, ::8]
    around = np.median(upper.reshape(-1, 3), axis=0)
    around = mirrored_before(around, linear, gloss, stage, framing, edits)
    added = reflection(
        stage.small_depth, stage.small_normal, gloss, stage.small_camera, body, mirror_card(standing.part, base), around
    )
    if edits.reflection < 1:
        added = added * np.float32(edits.reflection)
    # A mirror takes away the surroundings on average; where it showed a dark prop it must not take more than was there.
    return add_map(linear, added, stage.canvas, stage.small, least=LEFT_BY_MIRROR)


def _visible(stage: Stage, framing: Framing, part: U8) -> U8:
    """255 where the product is in front, 0 behind a prop; soft at the prop's edge."""
    _, _, depth = framing.camera.project(framing.frame.origin)
    in_front = (stage.canvas.nearness > 1 / (depth - max(0.03, framing.thickness_m * 0.5))).astype(np.uint8) * 255
    in_front[framing.base[1] - 1 :] = 0
    placed = on_canvas(part[..., 3], framing.placement, (stage.plates.shape[2], stage.plates.shape[1]))
    if not (in_front[placed > 0] > 0).any():
        return np.full(in_front.shape, 255, np.uint8)
    return np.asarray(255 - cv2.GaussianBlur(in_front, (3, 3), 0), np.uint8)


def _parameters(studio: StudioSet, framing: Framing, look: Look, turn: Turn | None) -> dict[str, Any]:
    window = framing.window
    return {
        **({"turn": turn.as_list()} if turn else {}),
        "look": look.as_dict(),
        "window": [window.left, window.top, window.width, window.height],
        "placement": framing.placement.as_dict(),
        "thickness_m": round(framing.thickness_m, 6),
    }


def _colours_used(studio: StudioSet, colours: Mapping[int, str], exposures: Mapping[int, float]) -> dict[str, Any]:
    """By material; ``exposures`` only where light was taken back."""
    names = [material.name for material in studio.materials]
    less = {names[index]: round(share, 4) for index, share in exposures.items() if share < 1}
    return {"colours": {names[index]: code for index, code in colours.items()}} | ({"exposures": less} if less else {})


def _measures(outline: Outline, framing: Framing) -> Mapping[str, float]:
    placement, window = framing.placement, framing.window
    return {
        "product_scale": placement.scale,
        "fill_height": round(outline.height * placement.scale / window.out_height, 4),
        "fill_width": round(outline.width * placement.scale / window.out_width, 4),
        "plate_scale": round(window.scale, 4),
        "base_x": round(framing.base[0] / window.out_width, 5),
        "base_y": round(framing.base[1] / window.out_height, 5),
    }
