"""Batches from several processes: the pictures are made on the CPU's cores while the network learns.

Knows no torch, so that a worker process starts in a second.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Generator
from concurrent.futures import Executor, Future, ProcessPoolExecutor, ThreadPoolExecutor
from dataclasses import dataclass
from functools import lru_cache
from multiprocessing import get_context
from pathlib import Path

import cv2
import numpy as np

from inference.training.cutout_net.produce import VALIDATION_SEED
from inference.training.cutout_net.samples import Rng, Source, as_shot, sample
from inference.training.cutout_net.views import Boxed, automatic, boxed, jittered
from inference.types import U8

_AHEAD = 2
_REFRESH_EVERY = 200
_VALIDATION_RECOMBINED = 60


@dataclass(frozen=True)
class BatchPlan:
    """``size_px``: side of the square with the area that the network sees; ``canvas_px``: of the pictures before."""

    renders: Path
    batch: int
    size_px: int
    canvas_px: int = 256


def stacked(views: list[Boxed]) -> tuple[U8, U8]:
    """Pictures with their box plane, uint8 (N, H, W, 4), and alphas, uint8 (N, 1, H, W), of views of one shape."""
    inputs = np.stack([np.dstack([view.rgb, view.box]) for view in views])
    return inputs, np.stack([view.alpha for view in views])[:, None]


def batch(plan: BatchPlan, number: int, seed: int) -> tuple[U8, U8]:
    """Batch ``number`` of the stream with ``seed``: each picture once whole and once with a box, all of one shape."""
    rng = np.random.default_rng([seed, number])
    source = _source(plan.renders)
    if number % _REFRESH_EVERY == 0:
        source.refresh()
    size, views = _shape(plan.size_px, rng), []
    for _ in range(plan.batch // 2):
        made = sample(source, rng, canvas_px=plan.canvas_px)
        views += [jittered(made, size, with_box=with_box, rng=rng) for with_box in (made.ambiguous, True)]
    return stacked(views)


def stream(plan: BatchPlan, *, first: int, seed: int, workers: int) -> Generator[tuple[U8, U8], None, None]:
    """Batches from number ``first`` on, without end. ``workers`` = 0: one thread makes the next while one is used."""
    pool: Executor = ThreadPoolExecutor(1)
    if workers:
        spawn = get_context("spawn")
        pool = ProcessPoolExecutor(workers, mp_context=spawn, initializer=cv2.setNumThreads, initargs=(1,))
    waiting: deque[Future[tuple[U8, U8]]] = deque()
    number = first
    with pool:
        while True:
            while len(waiting) < max(1, _AHEAD * workers):
                waiting.append(pool.submit(batch, plan, number, seed))
                number += 1
            yield waiting.popleft().result()


def validation(renders: Path, size_px: int) -> tuple[list[Boxed], list[Boxed]]:
    """Pictures of scenes that are never trained on, the same each time: automatic ones and boxed ones."""
    source = Source(renders, first=VALIDATION_SEED, stop=10 * VALIDATION_SEED)
    source.refresh()
    rng = np.random.default_rng(1)
    shots = [as_shot(scene) for scene in source.scenes]
    shots += [made for made in (sample(source, rng) for _ in range(_VALIDATION_RECOMBINED)) if not made.ambiguous]
    size = (size_px, size_px)
    return [automatic(shot, size) for shot in shots], [boxed(shot, size, rng) for shot in shots]


@lru_cache(maxsize=1)
def _source(renders: Path) -> Source:
    source = Source(renders, first=0, stop=VALIDATION_SEED)
    source.refresh()
    return source


def _shape(size_px: int, rng: Rng) -> tuple[int, int]:
    stretch = float(rng.choice([0.8, 1.0, 1.0, 1.25]))
    return round(size_px * stretch / 32) * 32, round(size_px / stretch / 32) * 32
