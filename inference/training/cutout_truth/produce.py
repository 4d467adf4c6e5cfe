"""Render the benchmark: `python -m inference.training.cutout_truth.produce --out tests/bench/cutout_truth`.

One JPEG and one 8-bit alpha PNG a photo. Photos that are there are kept; ``--only NAME`` renders one again. Seeds are
fixed: the same renderer gives the same photos.
"""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path

import cv2
import numpy as np

from inference.training.cutout_net.render import beauty, coverage
from inference.training.cutout_truth.catalogue import PHOTOS, Photo
from inference.types import U8

PICTURE_SPP = 12
COVERAGE_SPP = 36
_DEPTH = 10
_GRAIN = 0.12
JPEG_QUALITY = 85
_NOISE = 1.2


def rendered(photo: Photo, seed: int, *, draft: bool = False) -> tuple[U8, U8]:
    """uint8 sRGB picture and uint8 alpha, at ``catalogue.LONGEST_PX``."""
    world = photo.world()
    linear = beauty(world, spp=4 if draft else PICTURE_SPP, seed=seed, depth=_DEPTH, grain=_GRAIN)
    alpha = coverage(world, spp=4 if draft else COVERAGE_SPP, seed=seed)
    srgb = 255 * np.clip(linear, 0, 1) ** np.float32(1 / 2.2)
    grain = np.random.default_rng(seed).normal(0, _NOISE, srgb.shape)
    return np.clip(np.rint(srgb + grain), 0, 255).astype(np.uint8), np.rint(alpha * 255).astype(np.uint8)


def main() -> int:
    """See the module."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--only", action="append", default=[], help="name of a photo to render even if it is there")
    parser.add_argument("--draft", action="store_true", help="four samples a pixel, to judge the arrangement")
    arguments = parser.parse_args()
    arguments.out.mkdir(parents=True, exist_ok=True)
    categories = {photo.name: photo.category for photo in PHOTOS}
    (arguments.out / "categories.json").write_text(
        json.dumps(categories, indent=1, sort_keys=True) + "\n", encoding="utf-8"
    )
    for seed, photo in enumerate(PHOTOS):
        picture, mask = (arguments.out / f"{photo.name}.{kind}" for kind in ("jpg", "png"))
        if (arguments.only and photo.name not in arguments.only) or (picture.exists() and not arguments.only):
            continue
        rgb, alpha = rendered(photo, seed, draft=arguments.draft)
        cv2.imwrite(str(mask), alpha, [cv2.IMWRITE_PNG_COMPRESSION, 9])
        cv2.imwrite(str(picture), rgb[..., ::-1], [cv2.IMWRITE_JPEG_QUALITY, JPEG_QUALITY])
        print(f"{photo.name}: {picture.stat().st_size + mask.stat().st_size} bytes", flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
