"""Render the training scenes: `python -m inference.training.cutout_net.produce --out FOLDER --count 4000`.

One RGBA PNG a scene, named by its seed: sRGB of the whole picture with the product's coverage as alpha. Resumable: what
is there is not rendered again. Seeds from ``VALIDATION_SEED`` on are for validation and are never trained on.

On a GPU (``VISUALFORGE_MITSUBA_VARIANT=cuda_ad_rgb``) samples are cheap: ``--spp 64 --plain`` needs no denoiser.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from functools import partial
from multiprocessing import get_context
from pathlib import Path

import cv2
import numpy as np

from inference.engines.studio_sets.render.mitsuba_runtime import drjit, mitsuba
from inference.training.cutout_net.render import beauty, coverage
from inference.training.cutout_net.world import world
from inference.types import U8

VALIDATION_SEED = 9_000_000
_LEAST_COVERED = 0.01


@dataclass(frozen=True)
class Quality:
    """``longest_px``: longer side; samples a pixel of picture and coverage; ``is_plain``: no denoiser."""

    longest_px: int = 320
    spp: int = 12
    coverage_spp: int = 16
    is_plain: bool = False


def scene(seed: int, quality: Quality) -> U8 | None:
    """One training picture, uint8 RGBA, or None where the product came out hidden or tiny."""
    chosen = world(np.random.default_rng(seed), longest_px=quality.longest_px)
    alpha = coverage(chosen, spp=quality.coverage_spp, seed=seed)
    if alpha.mean() < _LEAST_COVERED:
        return None
    linear = beauty(chosen, spp=quality.spp, seed=seed, denoise=not quality.is_plain)
    srgb = np.rint(255 * np.clip(linear, 0, 1) ** np.float32(1 / 2.2)).astype(np.uint8)
    if quality.is_plain:
        srgb = np.asarray(cv2.fastNlMeansDenoisingColored(srgb, None, 4, 8, 5, 13), np.uint8)
    return np.dstack([srgb, np.rint(alpha * 255).astype(np.uint8)])


def written(seed: int, out: Path, quality: Quality) -> bool:
    """Render one scene into ``out`` unless it is there; False where there was nothing to write."""
    path = out / f"{seed:07d}.png"
    if path.exists():
        return False
    picture = scene(seed, quality)
    if picture is None:
        return False
    partial_file = path.with_suffix(".part.png")
    cv2.imwrite(str(partial_file), cv2.cvtColor(picture, cv2.COLOR_RGBA2BGRA), [cv2.IMWRITE_PNG_COMPRESSION, 1])
    partial_file.replace(path)
    return True


def produced(seeds: range, out: Path, quality: Quality, *, workers: int) -> Iterator[bool]:
    """``written`` for each seed, in this process or in several that share the machine."""
    work: Callable[[int], bool] = partial(written, out=out, quality=quality)
    if workers < 2:
        yield from map(work, seeds)
        return
    spawn = get_context("spawn")
    with ProcessPoolExecutor(workers, mp_context=spawn, initializer=_alone) as pool:
        yield from pool.map(work, seeds, chunksize=4)


def _alone() -> None:
    """One thread a process: there is a process for each core."""
    cv2.setNumThreads(1)
    mitsuba()
    drjit().set_thread_count(1)


def main() -> int:
    """Render ``--count`` scenes from seed ``--first`` on, or as many as ``--minutes`` allow."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--first", type=int, default=0)
    parser.add_argument("--count", type=int, default=4000)
    parser.add_argument("--minutes", type=float, default=float("inf"))
    parser.add_argument("--longest", type=int, default=Quality.longest_px, help="longer side in px")
    parser.add_argument("--spp", type=int, default=Quality.spp, help="samples a pixel")
    parser.add_argument("--plain", action="store_true", help="a plain filter instead of the denoiser")
    parser.add_argument("--workers", type=int, default=1, help="processes")
    given = parser.parse_args()
    given.out.mkdir(parents=True, exist_ok=True)
    quality = Quality(longest_px=given.longest, spp=given.spp, is_plain=given.plain)
    started, made = time.monotonic(), 0
    for new in produced(range(given.first, given.first + given.count), given.out, quality, workers=given.workers):
        made += new
        passed_s = time.monotonic() - started
        if new and made % 50 == 0:
            print(f"{made} made, {passed_s / made:.2f} s each", flush=True)
        if passed_s > 60 * given.minutes:
            break
    return 0


if __name__ == "__main__":
    sys.exit(main())
