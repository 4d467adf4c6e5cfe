"""Render the training scenes: `python -m inference.training.cutout_net.produce --out FOLDER --count 4000`.

One RGBA PNG a scene, named by its seed: sRGB of the whole picture with the product's coverage as alpha. Resumable: what
is there is not rendered again. Seeds from ``VALIDATION_SEED`` on are for validation and are never trained on.
"""

from __future__ import annotations

import argparse
import sys
import time
from pathlib import Path

import cv2
import numpy as np

from inference.training.cutout_net.render import beauty, coverage
from inference.training.cutout_net.world import world
from inference.types import U8

VALIDATION_SEED = 9_000_000
PICTURE_SPP = 12
COVERAGE_SPP = 16
LONGEST_PX = 288
_LEAST_COVERED = 0.01


def scene(seed: int, *, longest_px: int = LONGEST_PX) -> U8 | None:
    """One training picture, uint8 RGBA, or None where the product came out hidden or tiny."""
    chosen = world(np.random.default_rng(seed), longest_px=longest_px)
    alpha = coverage(chosen, spp=COVERAGE_SPP, seed=seed)
    if alpha.mean() < _LEAST_COVERED:
        return None
    linear = beauty(chosen, spp=PICTURE_SPP, seed=seed)
    srgb = np.clip(linear, 0, 1) ** np.float32(1 / 2.2)
    return np.asarray(np.rint(np.dstack([srgb, alpha]) * 255), np.uint8)


def main() -> int:
    """Render ``--count`` scenes from seed ``--first`` on."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--first", type=int, default=0)
    parser.add_argument("--count", type=int, default=4000)
    parser.add_argument("--longest", type=int, default=LONGEST_PX, help="longer side in px")
    arguments = parser.parse_args()
    arguments.out.mkdir(parents=True, exist_ok=True)
    started, made = time.monotonic(), 0
    for seed in range(arguments.first, arguments.first + arguments.count):
        path = arguments.out / f"{seed:07d}.png"
        if path.exists():
            continue
        picture = scene(seed, longest_px=arguments.longest)
        if picture is None:
            continue
        partial = path.with_suffix(".part.png")
        cv2.imwrite(str(partial), cv2.cvtColor(picture, cv2.COLOR_RGBA2BGRA))
        partial.replace(path)
        made += 1
        if made % 50 == 0:
            print(f"{path.name}: {made} made, {(time.monotonic() - started) / made:.2f} s each", flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
