"""Is there room for a model, and what to do when there was not."""

from __future__ import annotations

import json
import math
import os
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

import torch

from inference.engines.diffusion.gate import Obstacle
from inference.errors import EngineFailed
from inference.models import ModelCard

Item = TypeVar("Item")
Result = TypeVar("Result")

# What one picture of a megapixel needs beside the weights. `make bench-gpu` on an H200, less the counted weights: 2.5
# to 3.2 GB a megapixel for SeFi 1B, 2B and 5B Turbo at 512 and 1024 px; the editors were not measured.
_ACTIVATIONS_GB_PER_MEGAPIXEL = 3.0
_SMALLER = "stop what else uses the device, or choose a smaller model"
_GB = 10**9
MB = 10**6


@dataclass
class Splits:
    """How often a pass was split because memory ran out, in this process."""

    since_start: int = 0


SPLITS = Splits()


def weight_bytes(folder: Path, bytes_per_value: int) -> int:
    """What the safetensors files below ``folder`` take when every value has ``bytes_per_value``. Reads headers only."""
    return sum(_values(path) for path in folder.rglob("*.safetensors")) * bytes_per_value


def free_bytes(device: torch.device) -> int:
    """Memory of ``device`` that nothing uses."""
    if device.type == "cuda":
        return int(torch.cuda.mem_get_info(device)[0])
    return os.sysconf("SC_AVPHYS_PAGES") * os.sysconf("SC_PAGE_SIZE") + _reclaimable()


def total_bytes(device: torch.device) -> int:
    """Memory of ``device``."""
    if device.type == "cuda":
        return int(torch.cuda.mem_get_info(device)[1])
    return os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")


def too_little(card: ModelCard, folder: Path, device: torch.device, dtype: torch.dtype) -> Obstacle | None:
    """Whether the weights and one picture of the model's smallest warmed size do not fit."""
    smallest = min(width * height for width, height in card.sizes) / 1e6
    needed = weight_bytes(folder, dtype.itemsize) / _GB + _ACTIVATIONS_GB_PER_MEGAPIXEL * smallest
    free = free_bytes(device) / _GB
    if needed <= free:
        return None
    return Obstacle(
        "generate.too_little_memory",
        f"{card.title} needs about {needed:.1f} GB on {device} and {free:.1f} GB are free",
        _SMALLER,
    )


@contextmanager
def refused_when_full(card: ModelCard, device: torch.device) -> Iterator[None]:
    """Around loading: the estimate of ``too_little`` was too small, or somebody else took the memory meanwhile.

    Raises:
        EngineUnavailable: ``generate.too_little_memory``.
    """
    try:
        yield
    except torch.OutOfMemoryError as error:
        raise Obstacle(
            "generate.too_little_memory",
            f"{device} ran out of memory while {card.title} was loaded",
            _SMALLER,
        ).error() from error


def in_shrinking_batches(
    items: Sequence[Item],
    size: int,
    run: Callable[[Sequence[Item]], Sequence[Result]],
    *,
    relieve: Callable[[], bool] = lambda: False,
) -> tuple[list[Result], int]:
    """Run all items, ``size`` at a time; when memory runs out, half as many at a time, then one.

    Args:
        relieve: drops something that can be done without; True: it did, so that the same may fit now. It is asked
            first, and will have nothing left at some time.

    Returns:
        the results in the order of the items, and the size that worked last.

    Raises:
        EngineFailed: even one was too much (``generate.out_of_memory``). Nothing else is caught.
    """
    sizes = sorted({max(1, size), max(1, math.ceil(size / 2)), 1}, reverse=True)
    done: list[Result] = []
    while len(done) < len(items):
        drawn = _unless_out_of_memory(run, items[len(done) : len(done) + sizes[0]])
        if drawn is not None:
            done.extend(drawn)
        elif relieve():
            release()
        elif len(sizes) > 1:
            sizes = sizes[1:]
            SPLITS.since_start += 1
            release()
        else:
            raise EngineFailed(
                "generate.out_of_memory",
                "the device ran out of memory for a single picture; choose a smaller size or a smaller model",
            )
    return done, sizes[0]


def _unless_out_of_memory(run: Callable[[Sequence[Item]], Sequence[Result]], items: Sequence[Item]) -> Any:
    """What ``run`` returns, or None. The error goes here already: it would keep the tensors of its frames alive."""
    try:
        return run(items)
    except torch.OutOfMemoryError:
        return None


def release() -> None:
    """Give what is cached back to the device."""
    if torch.cuda.is_available():
        torch.cuda.empty_cache()


def _values(path: Path) -> int:
    with path.open("rb") as stream:
        header = json.loads(stream.read(int.from_bytes(stream.read(8), "little")))
    return sum(math.prod(entry["shape"]) for name, entry in header.items() if name != "__metadata__")


def _reclaimable() -> int:
    """File cache that Linux gives back on demand; 0 where it is not known."""
    meminfo = Path("/proc/meminfo")
    if not meminfo.is_file():
        return 0
    lines = dict(line.split(":", 1) for line in meminfo.read_text(encoding="utf-8").splitlines() if ":" in line)
    return int(lines.get("Cached", "0 kB").split()[0]) * 1024
