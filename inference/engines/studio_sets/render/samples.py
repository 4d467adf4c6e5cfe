"""`python -m inference.engines.studio_sets.render.samples`: photograph the sample products, with their exact alpha.

Each file in samples/ is written like a set, but is lit and developed as one photograph. Materials whose names begin
with "product-" make up the product: what the lens sees of them is the alpha.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from inference.engines.studio_sets.render import passes
from inference.engines.studio_sets.render import scene as scenes
from inference.engines.studio_sets.render.definition import (
    DefinitionError,
    SetDefinition,
    definition_paths,
    load_definition,
)
from inference.engines.studio_sets.render.mitsuba_runtime import RendererMissingError, mitsuba

Floats = NDArray[np.float32]
SAMPLES_DIR = Path(__file__).parent / "samples"
PRODUCT = "product-"
GRAIN = 0.9  # standard deviation of the sensor noise in 8-bit steps
SHOULDER_START = 0.75


def main(arguments: list[str] | None = None) -> int:
    """Exit status 0 when every asked photograph was written."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("names", nargs="*", metavar="NAME", help="samples to photograph; none: all")
    parser.add_argument("--photos", type=Path, required=True, help="folder for the photographs (JPEG)")
    parser.add_argument("--alphas", type=Path, required=True, help="folder for the alphas (PNG)")
    parser.add_argument("--size", type=int, default=1600)
    parser.add_argument("--spp", type=int, help="light samples a pixel, instead of those of the definition")
    options = parser.parse_args(arguments)
    paths = [SAMPLES_DIR / f"{name}.toml" for name in options.names] or list(definition_paths(SAMPLES_DIR))
    try:
        for definition in [load_definition(path) for path in paths]:
            photo, alpha = photograph(definition, options.size, options.spp or definition.quality.spp)
            for folder in (options.photos, options.alphas):
                folder.mkdir(parents=True, exist_ok=True)
            Image.fromarray(photo).save(options.photos / f"{definition.name}.jpg", quality=90, subsampling=0)
            Image.fromarray(alpha).save(options.alphas / f"{definition.name}-alpha.png", optimize=True)
    except (DefinitionError, RendererMissingError) as error:
        print(f"\n{error}", file=sys.stderr)
        return 1
    return 0


def photograph(definition: SetDefinition, size: int, spp: int) -> tuple[NDArray[np.uint8], NDArray[np.uint8]]:
    """The developed photograph (size, size, 3) and the product's alpha (size, size), both uint8."""
    mi = mitsuba()
    solids = scenes.solids(definition)
    # The exposure is metered before the product is put down: the meter stands where the product will.
    backdrop = {key: solid for key, solid in solids.items() if PRODUCT not in key}
    radiances = {light.name: passes.radiance(definition, backdrop, light)[0] for light in definition.lights}
    lights = {f"light_{light.name}": _tinted(light, radiances[light.name]) for light in definition.lights}
    geometry = passes.geometry(solids, definition.camera, size, definition.quality.strata, _progress(definition.name))
    scene = mi.load_dict({"type": "scene", **solids, **lights})
    sensor = scenes.sensor(definition.camera, size)
    linear = passes.denoise(passes.render(scene, sensor, spp, _progress(definition.name)), geometry)
    seen = [values for name, values in geometry.coverage.items() if name.startswith(PRODUCT)]
    alpha = np.clip(np.sum(seen, axis=0), 0, 1)
    return _develop(linear), np.round(alpha * 255).astype(np.uint8)


def _tinted(light: Any, radiance: float) -> dict[str, Any]:
    emitter = scenes.emitter(light, radiance)
    if light.kind != "environment":
        emitter["emitter"]["radiance"]["value"] = [radiance * part for part in light.color]
    return emitter


def _develop(linear: Floats) -> NDArray[np.uint8]:
    """Camera-like rendering to sRGB: a soft shoulder per channel, then a little grain."""
    room = 1 - SHOULDER_START
    soft = np.where(linear > SHOULDER_START, 1 - room * np.exp((SHOULDER_START - linear) / room), linear)
    encoded = np.where(soft <= 0.0031308, 12.92 * soft, 1.055 * np.maximum(soft, 1e-9) ** (1 / 2.4) - 0.055)
    grain = np.random.default_rng(1).normal(0, GRAIN, encoded.shape)
    return np.clip(np.round(encoded * 255 + grain), 0, 255).astype(np.uint8)


def _progress(name: str) -> passes.Progress:
    return lambda line: print(f"\r\x1b[K{name}: {line}", end="", file=sys.stderr, flush=True)


if __name__ == "__main__":
    sys.exit(main())
