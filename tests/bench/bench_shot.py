"""How long a product shot takes: one warm shot at 1200 px on one core, and a batch of twelve in two processes."""

from __future__ import annotations

import multiprocessing
import statistics
import threading
import time
from collections.abc import Callable, Iterable
from dataclasses import replace
from functools import lru_cache
from typing import Any

import cv2
import numpy as np

from inference.edits import Edits
from inference.pipelines.catalogue import list_sets
from inference.pipelines.product_shot import draft_shot, make_shot, warm
from inference.types import Cutout, ShotSpec

SIZE_PX, DRAFT_PX = 1200, 640
SHOTS = 12
PALETTE = ("#c9d8c5",)


def run(only: str | None) -> Iterable[dict[str, Any]]:
    """Figures: ``studio.shot_1200_s``, ``studio.preview_480_s``, ``studio.draft_640_s``, ``studio.edited_1200_s``,
    ``studio.batch12_s``."""
    sets = [item.name for item in list_sets()]
    wanted = only or ""
    if not sets or not any(name.startswith(wanted) for name in _NAMES):
        return
    cv2.setNumThreads(1)
    begin = time.perf_counter()
    warm()
    warm_s = round(time.perf_counter() - begin, 3)
    if "studio.shot_1200_s".startswith(wanted):
        yield {**_median_shot("studio.shot_1200_s", sets, SIZE_PX), "warm_s": warm_s}
    if "studio.preview_480_s".startswith(wanted):
        yield _median_shot("studio.preview_480_s", sets, 480)
    if "studio.draft_640_s".startswith(wanted):
        yield _median_edit("studio.draft_640_s", lambda *shot: draft_shot(*shot, longest_px=DRAFT_PX))
    if "studio.edited_1200_s".startswith(wanted):
        yield _median_edit("studio.edited_1200_s", make_shot)
    if "studio.batch12_s".startswith(wanted):
        yield _batch(sets)


_NAMES = (
    "studio.shot_1200_s",
    "studio.preview_480_s",
    "studio.draft_640_s",
    "studio.edited_1200_s",
    "studio.batch12_s",
)
EVERYTHING = Edits(
    scale=1.2,
    rotate_deg=7,
    exposure_ev=0.1,
    warmth_ev=0.02,
    shadow_softness=2,
    shadow_intensity=0.8,
    shadow_length=1.5,
    light_direction=0.3,
    reflection=1.5,
    background_blur=0.5,
    frame_zoom=1.1,
)
"""Nearly every edit at once: the dearest draft that a person can ask for."""


def _median_edit(name: str, make: Callable[[np.ndarray, Cutout, ShotSpec], Any]) -> dict[str, Any]:
    """Median over five seeds of one set; the first call, which loads the set, is not counted."""
    photo, cutout = rendered_product()
    spec = ShotSpec("plinth", SIZE_PX, SIZE_PX, PALETTE, edits=EVERYTHING)
    make(photo, cutout, spec)
    times, cpu_s = [], []
    for seed in range(1, 6):
        begin, cpu_begin = time.perf_counter(), time.process_time()
        make(photo, cutout, replace(spec, seed=seed))
        times.append(time.perf_counter() - begin)
        cpu_s.append(time.process_time() - cpu_begin)
    value, cpu = round(statistics.median(times), 3), round(statistics.median(cpu_s), 3)
    return {"name": name, "value": value, "unit": "s", "cpu_s": cpu, "set": spec.set_name}


@lru_cache(maxsize=1)
def rendered_product() -> tuple[np.ndarray, Cutout]:
    """A 2000 px photo of a shaded bottle with its exact cutout."""
    across = np.linspace(-1, 1, 620)
    photo = np.full((2000, 2000, 3), (118, 130, 110), np.uint8)
    body = (np.sqrt(np.maximum(0, 1 - across**2)) * 0.7 + 0.3)[None, :, None] * np.array([186, 74, 48])
    photo[420:1680, 690:1310] = np.rint(body).astype(np.uint8)
    alpha = np.zeros((2000, 2000), np.uint8)
    cv2.rectangle(alpha, (700, 620), (1299, 1640), 255, -1)
    cv2.rectangle(alpha, (880, 430), (1119, 620), 255, -1)
    cv2.ellipse(alpha, (1000, 1640), (299, 32), 0, 0, 180, 255, -1)
    alpha = cv2.GaussianBlur(alpha, (5, 5), 0)
    return photo, Cutout(rgb=photo, alpha=alpha, engine="rendered", confidence=1.0)


def _median_shot(name: str, sets: list[str], size_px: int) -> dict[str, Any]:
    photo, cutout = rendered_product()
    per_set: dict[str, float] = {}
    stages: dict[str, float] = {}
    cpu_s: list[float] = []
    for set_name in sets:
        times, cpu_begin = [], time.process_time()
        for seed in range(1, 6):
            begin = time.perf_counter()
            shot = make_shot(photo, cutout, ShotSpec(set_name, size_px, size_px, PALETTE, seed))
            times.append(time.perf_counter() - begin)
        per_set[set_name] = round(statistics.median(times), 3)
        cpu_s.append((time.process_time() - cpu_begin) / 5)
        if per_set[set_name] == max(per_set.values()):
            stages = dict(shot.timings_s)
    return {
        "name": name,
        "value": max(per_set.values()),
        "unit": "s",
        "cpu_s": round(max(cpu_s), 3),
        "sets": per_set,
        "stages": stages,
    }


def _one_shot(task: tuple[str, int]) -> bool:
    photo, cutout = rendered_product()
    return make_shot(photo, cutout, ShotSpec(task[0], SIZE_PX, SIZE_PX, PALETTE, task[1])).gate.passed


def _start_worker(ready: threading.Barrier) -> None:
    cv2.setNumThreads(1)
    rendered_product()
    warm()
    ready.wait()


def _batch(sets: list[str]) -> dict[str, Any]:
    tasks = [(sets[index % len(sets)], index + 1) for index in range(SHOTS)]
    context = multiprocessing.get_context("spawn")
    ready = context.Barrier(3)
    with context.Pool(2, initializer=_start_worker, initargs=(ready,)) as pool:
        ready.wait()
        begin = time.perf_counter()
        first: float | None = None
        passed = 0
        for done in pool.imap_unordered(_one_shot, tasks, chunksize=1):
            first = first or round(time.perf_counter() - begin, 3)
            passed += done
        total = time.perf_counter() - begin
    return {
        "name": "studio.batch12_s",
        "value": round(total, 3),
        "unit": "s",
        "first_s": first,
        "gates_passed": passed,
        "processes": 2,
    }
