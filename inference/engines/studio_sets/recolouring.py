"""A set's surfaces in the colours of a palette, exposed for them, and how near the result comes to what was asked for.

A designer exposes a set for its own colours: light on a dark floor may be three times what white paper bears. In a pale
colour that floor would be a white hole, so a surface is taken back to what the picture can show, like a photographer
who meters again after the backdrop was changed. The light without the product's shadow decides, and what the set shows
in its own colours is always allowed, so all products in one set are exposed alike and nothing changes without need.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import cv2
import numpy as np

from inference.engines.studio_sets.plate_files import Material
from inference.engines.studio_sets.plates import StudioSet
from inference.engines.studio_sets.stage import Stage
from inference.errors import InputRejected
from inference.ops.colour import LUMINANCE, delta_e_unit, hex_to_linear, hex_to_rgb, linear_to_srgb, srgb_decode_table
from inference.ops.palette import CORE, albedo_gain, exposed, recolour, seen_albedo
from inference.types import F32, U8

GLOSSY = 0.75
"""Materials rougher than this mirror nothing that could be seen."""
MIRRORED = 0.1
"""The share of its surroundings that a glossy, curved surface shows at most in the mean."""
STEP = 6
"""Every sixth pixel in both directions says enough about a surface's light."""


def chosen_colours(studio: StudioSet, palette: tuple[str, ...]) -> dict[int, str]:
    """Material index to ``#rrggbb``: the palette in the set's order, its details last; an empty colour changes nothing.

    A surface without a colour of its own, but with the same default as one that gets one (floor and wall, say), follows
    that one, so that a single brand colour never splits what belongs together.

    Raises InputRejected ``shot.bad_colour``, ``shot.too_many_colours``.
    """
    surfaces = [index for index, item in enumerate(studio.materials) if item.recolourable and not item.detail]
    details = [index for index, item in enumerate(studio.materials) if item.recolourable and item.detail]
    if len(palette) > len(surfaces + details):
        raise InputRejected(
            "shot.too_many_colours",
            f"the set {studio.name} takes {len(surfaces + details)} colours, not {len(palette)}",
            count=len(surfaces + details),
        )
    chosen = zip(surfaces + details, palette, strict=False)
    colours = {index: code for index, code in chosen if code and hex_to_rgb(code)}
    given = [index for index in surfaces if index in colours]
    leaders = {studio.materials[index].default_hex.lower(): colours[index] for index in reversed(given)}
    for index in surfaces:
        if index not in colours and (default := studio.materials[index].default_hex.lower()) in leaders:
            colours[index] = leaders[default]
    return colours


def recoloured(
    linear: F32, studio: StudioSet, stage: Stage, lights: F32, colours: Mapping[int, str]
) -> tuple[F32, dict[int, float]]:
    """The lit set in new colours, and how much light was taken back from each surface (1 = none).

    Args:
        linear: float32 (H, W, 3), lit and shadowed.
        lights: float32 (L, 3): linear value of code 65535 of each plate, times the light's weight and colour.
        colours: as ``chosen_colours`` gives them.
    """
    if not colours:
        return linear, {}
    bare = unshadowed(stage, lights)
    gains = np.ones((len(studio.materials), 3), np.float32)
    exposures = {}
    for index, code in colours.items():
        material = studio.materials[index]
        mirrored = MIRRORED if material.roughness < GLOSSY else 0.0
        seen = seen_albedo(linear, stage.coverage[index], material.base_albedo, mirrored=mirrored)
        gain = albedo_gain(hex_to_linear(code), seen)
        core = stage.coverage[index, ::STEP, ::STEP] >= CORE
        exposures[index] = exposed(bare[core], gain)
        gains[index] = gain * np.float32(exposures[index])
    return recolour(linear, stage.coverage, gains), exposures


def unshadowed(stage: Stage, lights: F32) -> F32:
    """The set without its product, float32, every ``STEP``-th pixel in both directions; ``lights`` as above."""
    codes = stage.plates[:, ::STEP, ::STEP].astype(np.float32) / np.float32(65535)
    return np.asarray(np.einsum("lhwc,lc->hwc", codes * codes, lights), np.float32)


def set_delta_e(
    plate: U8,
    studio: StudioSet,
    stage: Stage,
    lights: F32,
    maps: F32,
    colours: Mapping[int, str],
    exposures: Mapping[int, float],
) -> float | None:
    """Mean CIEDE2000 over the palette between each colour and its surface, brought to unit light and full exposure."""
    if not colours:
        return None
    light = unshadowed(stage, lights) @ np.array(LUMINANCE, np.float32)
    shown = srgb_decode_table()[plate[::STEP, ::STEP]]
    size = (light.shape[1], light.shape[0])
    lit = cv2.resize(maps, size, interpolation=cv2.INTER_NEAREST).reshape(*light.shape, -1).min(axis=2) > 0.98
    found = [
        _material_delta_e(
            shown / np.float32(exposures[index]),
            light,
            lit & (stage.coverage[index, ::STEP, ::STEP] >= CORE),
            studio.materials[index],
            code,
        )
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
