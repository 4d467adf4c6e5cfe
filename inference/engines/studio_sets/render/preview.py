"""`python -m inference.engines.studio_sets.render.preview NAME... --out DIR`: a set in seconds, with a product.

One picture a set: the close camera in every mood, then a wide one. For judging composition, scale and light while a
definition is being written; nothing of it is shipped.
"""

from __future__ import annotations

import argparse
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from inference.engines.studio_sets.render import passes
from inference.engines.studio_sets.render import scene as scenes
from inference.engines.studio_sets.render.choices import Mood, View
from inference.engines.studio_sets.render.contact_sheet import display
from inference.engines.studio_sets.render.definition import (
    SETS_DIR,
    DefinitionError,
    Light,
    Material,
    SetDefinition,
    Shape,
    load_definition,
)
from inference.engines.studio_sets.render.mitsuba_runtime import RendererMissingError

Floats = NDArray[np.float32]
STRATA = 2
TILE_PX = 300
# A bottle of height 1, as (radius, z).
BOTTLE = ((0.0, 0.0), (0.17, 0.0), (0.185, 0.015), (0.185, 0.6), (0.16, 0.7), (0.07, 0.76), (0.07, 0.8))
CAP = ((0.0, 0.79), (0.085, 0.79), (0.09, 0.8), (0.09, 0.985), (0.085, 1.0), (0.0, 1.0))


def main(arguments: list[str] | None = None) -> int:
    """Exit status 0 when every asked set was drawn."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("names", nargs="+", metavar="NAME")
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--size", type=int, default=480)
    parser.add_argument("--spp", type=int, default=6)
    options = parser.parse_args(arguments)
    options.out.mkdir(parents=True, exist_ok=True)
    try:
        for name in options.names:
            definition = load_definition(SETS_DIR / f"{name}.toml")
            picture = preview(definition, options.size, options.spp)
            cv2.imwrite(str(options.out / f"{name}.png"), picture[..., ::-1])
    except (DefinitionError, RendererMissingError) as error:
        print(error, file=sys.stderr)
        return 1
    return 0


def preview(definition: SetDefinition, size: int, spp: int) -> NDArray[np.uint8]:
    """The moods of a set side by side, uint8 (h, w, 3) sRGB."""
    staged = _with_product(definition)
    solids = scenes.solids(staged)
    geometry = passes.geometry(scenes.seen_by(solids, staged, None), staged.camera, size, STRATA, lambda line: None)
    plates = {light.name: _plate(staged, light, solids, geometry, size, spp) for light in staged.lights}
    first = definition.moods[0] if definition.moods else _as_designed(definition)
    moods = definition.moods or (first,)
    hero = {view.name: view for view in definition.cameras[0].views}
    tiles = [_tile(_mixed(plates, staged, mood), hero["hero"]) for mood in moods]
    wide = next(view for view in definition.cameras[-1].views if view.name == "hero")
    tiles.append(_tile(_mixed(plates, staged, first), replace(wide, width=1.0)))
    return np.hstack(tiles)


def _as_designed(definition: SetDefinition) -> Mood:
    shares = {light.name: light.share for light in definition.lights}
    return Mood("", {}, shares, {light.name: light.color for light in definition.lights})


def _mixed(plates: dict[str, Floats], definition: SetDefinition, mood: Mood) -> Floats:
    own = {light.name: light.share for light in definition.lights}
    parts = [
        plates[name] * np.asarray(mood.colors[name], np.float32) * np.float32(share / own[name])
        for name, share in mood.shares.items()
    ]
    return np.asarray(np.sum(parts, axis=0), np.float32)


def _tile(linear: Floats, view: View) -> NDArray[np.uint8]:
    size = linear.shape[0]
    left, top = (round((at - view.width / 2) * size) for at in view.center)
    span = round(view.width * size)
    part = linear[max(0, top) : top + span, max(0, left) : left + span]
    shown = cv2.resize(display(part), (TILE_PX, TILE_PX), interpolation=cv2.INTER_AREA)
    return np.clip(np.round(shown * 255), 0, 255).astype(np.uint8)


def _plate(
    definition: SetDefinition, light: Light, solids: dict[str, Any], geometry: passes.Geometry, size: int, spp: int
) -> Floats:
    if light.kind == "glow":
        solids = scenes.solids(definition, light.material)
    present = scenes.seen_by(solids, definition, light.name)
    unflagged = scenes.seen_by(solids, definition, None)
    bare = {key: solid for key, solid in unflagged.items() if "standin" not in key}
    radiance, _ = passes.radiance(definition, bare, light)
    noisy = passes.light_plate(present, light, scenes.sensor(definition.camera, size), spp, lambda line: None)
    return passes.denoise(noisy * np.float32(radiance), geometry, "fast")


def _with_product(definition: SetDefinition) -> SetDefinition:
    """A plain bottle of natural height on the first anchor; on a flat lay it lies."""
    anchor = definition.anchors[0]
    tall = anchor.natural_height_m
    x, y, z = anchor.position
    if definition.top_down:
        x, y, z = x, z, -y
        # Turned back into the definition's axes, and raised to lie on its side.
        z += 0.185 * tall
    place = {"position": (x, y, z), "tilt_x_deg": -90.0 if definition.top_down else 0.0}
    parts = [
        Shape("lathe", f"standin_{name}", {"profile": [[r * tall, h * tall] for r, h in profile]}, **place)  # type: ignore[arg-type]
        for name, profile in (("body", BOTTLE), ("cap", CAP))
    ]
    materials = (
        Material("standin_body", {}, "#7A2E22", roughness=0.25, recolourable=False),
        Material("standin_cap", {}, "#1E1B19", roughness=0.35, recolourable=False),
    )
    return replace(definition, shapes=(*definition.shapes, *parts), materials=(*definition.materials, *materials))


if __name__ == "__main__":
    sys.exit(main())
