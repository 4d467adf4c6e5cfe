"""Virtual studio sets: light plates remixed, recoloured and shaded for a product, on a CPU, without weights."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
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
from inference.engines.studio_sets.plates import Material, PlateStore, StudioSet
from inference.engines.studio_sets.stage import Stage, set_stage
from inference.engines.studio_sets.variation import Look, edited_look, look_for
from inference.errors import InputRejected
from inference.ops.body import Body, build_body
from inference.ops.colour import LUMINANCE, delta_e_unit, hex_to_linear, hex_to_rgb, linear_to_srgb, srgb_decode_table
from inference.ops.defocus import defocused
from inference.ops.dither import tpdf_tile
from inference.ops.grade import graded
from inference.ops.lamps import deepened
from inference.ops.light import add_map, mix
from inference.ops.palette import CORE, albedo_gain, light_tint, recolour
from inference.ops.placement import Outline, find_outline, on_canvas, resample_rgba
from inference.ops.reflection import mirror_card, reflection
from inference.ops.shadow import AreaLight, visibility
from inference.ops.timing import Stopwatch
from inference.ops.tonemap import display
from inference.ops.turn import Turn, find_turn, turned_cutout
from inference.ports import PlacedCompanion, SceneOptions, ScenePlate
from inference.types import F32, U8, Cutout, Progress, ShotSpec

GLOSSY = 0.75
"""Materials rougher than this mirror nothing that could be seen."""
LEFT_BY_MIRROR = 0.3
"""The share of its light that a surface keeps at least under the product's mirror image."""


class StudioSets:
    """The embedded scene engine. See ``ports.SceneEngine``."""

    name = "studio_sets"
    licence = "Apache-2.0"
    revision = 1

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
        watch, edits = Stopwatch(on_progress), spec.edits
        with watch.stage("plates", 0.05):
            studio = self._store.get(spec.set_name, spec.camera, spec.mood)
            colours = chosen_colours(studio, spec.palette)
            shares = _light_shares(studio)
            look = _look(studio, shares, spec, lamps_on=lamps_on)
        with watch.stage("place", 0.1):
            turn = find_turn(cutout.alpha, edits)
            rgb, alpha = turned_cutout(cutout, turn)
            upright = find_outline(cutout.alpha)
            outline = upright if alpha is cutout.alpha else find_outline(alpha)
            framing = frame_shot(studio, upright, spec, look, outline=outline, longest_px=longest_px)
            main = Standing(framing, _graded_part(resample_rgba(rgb, alpha, framing.placement), edits))
            second = stand_companion(studio, framing, companion, spec) if companion and spec.companion else None
        with watch.stage("stage", 0.25):
            stage = set_stage(studio, framing)
        with watch.stage("shadow", 0.4):
            body = _body(main.part, framing)
            beside = _body(second.part, second.framing) if second else None
            lamps = shadow_lamps(stage, framing, look, shares, edits)
            maps = deepened(_cast(stage, (body, beside), lamps), edits.shadow_intensity)
        with watch.stage("mix", 0.5):
            linear, shade = _mixed(studio, stage, look, maps)
        with watch.stage("recolour", 0.55):
            linear = _recoloured(linear, studio, stage, colours)
        with watch.stage("reflection", 0.6):
            for solid, standing in ((body, main), (beside, second)):
                if solid and standing:
                    linear = _with_reflection(linear, studio, stage, standing.framing, solid, standing.part, edits)
        with watch.stage("display", 0.7):
            if edits.background_blur:
                linear = defocused(linear, stage.canvas.nearness, focus_depth_m(framing), edits.background_blur)
            plate = display(linear, tpdf_tile(spec.seed))
        scene = ScenePlate(
            plate=plate,
            shadow=np.rint(np.clip(shade, 0, 1) * 255).astype(np.uint8),
            visible=_visible(stage, framing, main.part),
            product=main.part,
            placement=framing.placement,
            base=framing.base,
            set_delta_e=_set_delta_e(plate, studio, stage, look, maps, colours),
            identity=_identity(studio),
            parameters=_parameters(studio, framing, look, colours, turn),
            measures=_measures(outline, framing),
            timings_s=watch.timings_s,
        )
        if not (second and beside):
            return scene
        light = (lamps, *_weights(stage, look, shares))
        return _with_companion(scene, stage, (main, body), (second, beside), light, spec)


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
    scene: ScenePlate,
    stage: Stage,
    first: tuple[Standing, Body],
    second: tuple[Standing, Body],
    light: tuple[list[AreaLight], list[float], float],
    spec: ShotSpec,
) -> ScenePlate:
    """The scene with the second product in it: who covers whom, and the shadow of each on the other."""
    assert spec.companion is not None
    strength = spec.companion.shadow * min(1.0, spec.edits.shadow_intensity)
    (main, body), (other, beside) = first, second
    in_front = not is_nearer(main.framing, other.framing)
    visible = _visible(stage, other.framing, other.part)
    placed = PlacedCompanion(
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
        companion=placed,
        parameters={**scene.parameters, "companion": where},
    )


def _identity(studio: StudioSet) -> Mapping[str, Any]:
    return {"name": studio.name, "version": studio.version, "plates_sha256": studio.digest}


def chosen_colours(studio: StudioSet, palette: tuple[str, ...]) -> dict[int, str]:
    """Material index to ``#rrggbb``: the palette in the set's order.

    A surface that the palette does not reach, but that has the same colour as one that it does (floor and wall, say),
    follows that one, so that a single brand colour never splits what belongs together.

    Raises InputRejected ``shot.bad_colour``, ``shot.too_many_colours``.
    """
    open_to_change = [index for index, item in enumerate(studio.materials) if item.recolourable]
    if len(palette) > len(open_to_change):
        raise InputRejected(
            "shot.too_many_colours",
            f"the set {studio.name} takes {len(open_to_change)} colours, not {len(palette)}",
            count=len(open_to_change),
        )
    colours = {index: code for index, code in zip(open_to_change, palette, strict=False) if hex_to_rgb(code)}
    leaders = {studio.materials[index].default_hex.lower(): code for index, code in reversed(colours.items())}
    for index in open_to_change[len(palette) :]:
        if (default := studio.materials[index].default_hex.lower()) in leaders:
            colours[index] = leaders[default]
    return colours


def _recoloured(linear: F32, studio: StudioSet, stage: Stage, colours: Mapping[int, str]) -> F32:
    gains = np.ones((len(studio.materials), 3), np.float32)
    for index, code in colours.items():
        base = studio.materials[index].base_albedo
        lit_base = base * light_tint(linear, stage.coverage[index], base)
        gains[index] = albedo_gain(hex_to_linear(code), lit_base)
    return recolour(linear, stage.coverage, gains)


def _light_shares(studio: StudioSet) -> tuple[float, ...]:
    """Mean luminance that each light adds, from every sixteenth pixel."""
    means = [
        light.scale * light.weight * float(np.square(light.codes[::16, ::16].astype(np.float32) / 65535).mean())
        for light in studio.lights
    ]
    return tuple(means)


def _body(part: U8, framing: Framing) -> Body:
    x, y = framing.placement.x, framing.placement.y
    camera = framing.camera
    middle, base = framing.base[0] - x, framing.base[1] - y
    return build_body(part[..., 3], base, middle, camera, framing.frame, framing.thickness_m)


def _gains(studio: StudioSet, look: Look) -> F32:
    rows = [
        np.asarray(light.colour, np.float32) * np.float32(light.scale * light.weight * factor)
        for light, factor in zip(studio.lights, look.lights, strict=True)
    ]
    return np.stack(rows)


def _mixed(studio: StudioSet, stage: Stage, look: Look, maps: F32) -> tuple[F32, F32]:
    lamps = [area is not None for area in stage.lamps]
    plane = np.array([sum(lamps[:i]) if lamp else -1 for i, lamp in enumerate(lamps)], np.int64)
    return mix(stage.plates, _gains(studio, look), plane, maps, stage.canvas, stage.small)


def _graded_part(part: U8, edits: Edits) -> U8:
    return np.dstack([graded(part[..., :3], edits), part[..., 3]]) if edits.colours_product else part


def _with_reflection(
    linear: F32, studio: StudioSet, stage: Stage, framing: Framing, body: Body, part: U8, edits: Edits
) -> F32:
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
        stage.small_depth, stage.small_normal, gloss, stage.small_camera, body, mirror_card(part, base), around
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


def _set_delta_e(
    plate: U8, studio: StudioSet, stage: Stage, look: Look, maps: F32, colours: Mapping[int, str]
) -> float | None:
    """Mean CIEDE2000 over the palette between each colour and its lit material, brought to unit light."""
    if not colours:
        return None
    step = np.s_[::6, ::6]
    codes = stage.plates[:, ::6, ::6].astype(np.float32) / np.float32(65535)
    light = np.einsum("lhwc,lc->hwc", codes * codes, _gains(studio, look)) @ np.array(LUMINANCE, np.float32)
    shown = srgb_decode_table()[plate[step]]
    size = (light.shape[1], light.shape[0])
    lit = cv2.resize(maps, size, interpolation=cv2.INTER_NEAREST).reshape(*light.shape, -1).min(axis=2) > 0.98
    found = [
        _material_delta_e(shown, light, lit & (stage.coverage[index][step] >= CORE), studio.materials[index], code)
        for index, code in colours.items()
    ]
    known = [value for value in found if value is not None]
    return float(np.mean(known)) if known else None


def _material_delta_e(shown: F32, light: F32, where: Any, material: Material, code: str) -> float | None:
    """Median colour of the material where its light is between 0.6 and 1.05, divided by that light."""
    unit = light / max(1e-4, float(material.base_albedo @ np.array(LUMINANCE, np.float32)))
    chosen = where & (unit > 0.6) & (unit < 1.05)
    if int(chosen.sum()) < 50:
        return None
    colour = np.median(shown[chosen] / unit[chosen][:, None], axis=0)
    wanted = np.array(hex_to_rgb(code), np.float32) / np.float32(255)
    return float(delta_e_unit(linear_to_srgb(colour)[None], wanted[None])[0])


def _parameters(
    studio: StudioSet, framing: Framing, look: Look, colours: Mapping[int, str], turn: Turn | None
) -> dict[str, Any]:
    window = framing.window
    return {
        **({"turn": turn.as_list()} if turn else {}),
        "look": look.as_dict(),
        "window": [window.left, window.top, window.width, window.height],
        "placement": framing.placement.as_dict(),
        "thickness_m": round(framing.thickness_m, 6),
        "colours": {studio.materials[index].name: code for index, code in colours.items()},
    }


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
