"""Seconds and memory of one way to draw, the device being idle before and after."""

from __future__ import annotations

import statistics
import subprocess
import time
from collections.abc import Callable
from typing import Any

import torch

from tests.architecture.sources import ROOT

_GB = 10**9


def seconds(draw: Callable[[], object], device: torch.device, repeats: int) -> float:
    """Median of ``repeats`` after one that is not counted. Memory peaks count from here on (``peak_gb``)."""
    draw()
    _settle(device)
    if device.type == "cuda":
        torch.cuda.reset_peak_memory_stats(device)
    taken = []
    for _ in range(repeats):
        _settle(device)
        begun = time.perf_counter()
        draw()
        _settle(device)
        taken.append(time.perf_counter() - begun)
    return statistics.median(taken)


def peak_gb(device: torch.device) -> float | None:
    """The most memory that tensors took in the latest ``seconds``, weights included; None where nobody counts."""
    if device.type != "cuda":
        return None
    return round(torch.cuda.max_memory_allocated(device) / _GB, 2)


def figure(name: str, per_image_s: float, **more: Any) -> dict[str, Any]:
    """One line of the report."""
    return {
        "name": name,
        "value": round(per_image_s, 4),
        "unit": "s/image",
        "images_per_min": round(60.0 / per_image_s, 1),
        **more,
    }


def surroundings(device: torch.device) -> dict[str, str]:
    """What a figure depends on besides the code."""
    answer = subprocess.run(
        ["git", "rev-parse", "--short", "HEAD"], cwd=ROOT, capture_output=True, text=True, check=False
    )
    name = torch.cuda.get_device_name(device) if device.type == "cuda" else "cpu"
    return {"device": name, "torch": torch.__version__, "commit": answer.stdout.strip() or "unknown"}


def _settle(device: torch.device) -> None:
    if device.type == "cuda":
        torch.cuda.synchronize(device)
