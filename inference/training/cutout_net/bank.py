"""Rendered scenes made ready for mixing: the picture, its product lifted out, grounds and patterns to stand before.

What takes a processor (reading, the product's own colours, patterns) is done once a scene in other processes; the bank
holds the results where the network learns, so that every batch can be mixed there.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import Executor, Future, ProcessPoolExecutor
from dataclasses import dataclass
from multiprocessing import get_context
from pathlib import Path
from typing import Self

import cv2
import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from inference.ops.foreground import foreground_colours
from inference.training.cutout_net.patterns import pattern
from inference.training.cutout_net.scenes import extent, piece_without_product, read_scene, scene_paths
from inference.types import U8

I32 = npt.NDArray[np.int32]

SCENE_PX, PRODUCT_PX, GROUND_PX = 480, 352, 288
GROUNDS, PATTERNS = 2, 2
_PICTURES = {
    "scene": (4, SCENE_PX, SCENE_PX),
    "product": (4, PRODUCT_PX, PRODUCT_PX),
    "grounds": (3, GROUND_PX, GROUND_PX),
    "patterns": (3, GROUND_PX, GROUND_PX),
}


@dataclass(frozen=True)
class Prepared:
    """One scene, ready.

    Attributes:
        scene: uint8 (4, SCENE_PX, SCENE_PX), sRGB and alpha, in the upper left corner, the rest 0.
        extent: int32 (6,): height and width of the scene in ``scene``; top, bottom, left, right of the product.
        product: uint8 (4, PRODUCT_PX, PRODUCT_PX), the product alone in the middle, colours premultiplied by alpha.
        grounds: uint8 (GROUNDS, 3, GROUND_PX, GROUND_PX), parts of the scene without its product.
        patterns: uint8 (PATTERNS, 3, GROUND_PX, GROUND_PX), made up.
    """

    scene: U8
    extent: I32
    product: U8
    grounds: U8
    patterns: U8


def prepared(path: Path) -> Prepared:
    """Read and prepare one scene; the same file gives the same result."""
    cv2.setNumThreads(1)
    rgba = read_scene(path)
    rng = np.random.default_rng([int(path.stem), 7])
    scale = SCENE_PX / max(rgba.shape[:2])
    side = (max(1, round(rgba.shape[1] * scale)), max(1, round(rgba.shape[0] * scale)))
    scene = np.asarray(
        cv2.resize(rgba, side, interpolation=cv2.INTER_AREA if scale < 1 else cv2.INTER_LINEAR), np.uint8
    )
    grounds = [_squared(piece_without_product(rgba, rng)) for _ in range(GROUNDS)]
    patterns = [pattern(rng, GROUND_PX) for _ in range(PATTERNS)]
    return Prepared(
        _framed(scene, SCENE_PX, centred=False),
        np.array([side[1], side[0], *extent(scene[..., 3])], np.int32),
        _framed(_lifted(rgba), PRODUCT_PX, centred=True),
        np.stack([_planes(ground) for ground in grounds]),
        np.stack([_planes(picture) for picture in patterns]),
    )


def _lifted(rgba: U8) -> U8:
    """The product's own colours, premultiplied, and its alpha, as large as the frame allows."""
    top, bottom, left, right = extent(rgba[..., 3])
    crop = np.ascontiguousarray(rgba[top:bottom, left:right])
    alpha = np.ascontiguousarray(crop[..., 3])
    colours = foreground_colours(np.ascontiguousarray(crop[..., :3]), alpha)
    layers = np.dstack([colours * (alpha[..., None] / np.float32(255)), alpha.astype(np.float32)]).astype(np.float32)
    scale = (PRODUCT_PX - 4) / max(alpha.shape)
    size = (max(1, round(alpha.shape[1] * scale)), max(1, round(alpha.shape[0] * scale)))
    resized = cv2.resize(layers, size, interpolation=cv2.INTER_AREA if scale < 1 else cv2.INTER_LINEAR)
    return np.asarray(np.clip(np.rint(resized), 0, 255), np.uint8)


def _squared(rgb: U8) -> U8:
    return np.asarray(cv2.resize(rgb, (GROUND_PX, GROUND_PX), interpolation=cv2.INTER_AREA), np.uint8)


def _framed(picture: U8, side: int, *, centred: bool) -> U8:
    frame = np.zeros((side, side, picture.shape[2]), np.uint8)
    top, left = ((side - picture.shape[0]) // 2, (side - picture.shape[1]) // 2) if centred else (0, 0)
    frame[top : top + picture.shape[0], left : left + picture.shape[1]] = picture
    return _planes(frame)


def _planes(picture: U8) -> U8:
    return np.ascontiguousarray(picture.transpose(2, 0, 1))


class Bank:
    """Prepared scenes as tensors on one device. Grows by ``add``; pictures stay uint8."""

    def __init__(self, device: str) -> None:
        self._device = device
        self._waiting: list[Prepared] = []
        self.layers: dict[str, Tensor] = {}
        self.extents: I32 = np.zeros((0, 6), np.int32)

    def __len__(self) -> int:
        return len(self.extents)

    def add(self, ready: Prepared) -> None:
        """Remember one scene; it can be drawn after ``settle``."""
        self._waiting.append(ready)

    def settle(self) -> Self:
        """Move what was added to the device."""
        if self._waiting:
            self.extents = np.concatenate([self.extents, np.stack([ready.extent for ready in self._waiting])])
            for name in _PICTURES:
                pictures = np.concatenate(
                    [getattr(ready, name).reshape(-1, *_PICTURES[name]) for ready in self._waiting]
                )
                new = torch.from_numpy(pictures).to(self._device)
                self.layers[name] = torch.cat([self.layers[name], new]) if name in self.layers else new
        self._waiting.clear()
        return self

    @property
    def waiting(self) -> int:
        """How many were added since the last ``settle``."""
        return len(self._waiting)


class Feeder:
    """Fills a bank from a folder that may still grow. Close it when done."""

    def __init__(self, folder: Path, *, first: int, stop: int, workers: int) -> None:
        self._folder, self._range = folder, range(first, stop)
        self._seen: set[Path] = set()
        self._coming: list[Future[Prepared]] = []
        self._pool: Executor = ProcessPoolExecutor(max(1, workers), mp_context=get_context("spawn"))

    def ready(self) -> Iterator[Prepared]:
        """What was prepared since the last call; looks for new files and waits for nothing."""
        for path in scene_paths(self._folder, self._range):
            if path not in self._seen:
                self._seen.add(path)
                self._coming.append(self._pool.submit(prepared, path))
        done = [future for future in self._coming if future.done()]
        self._coming = [future for future in self._coming if not future.done()]
        for future in done:
            yield future.result()

    @property
    def pending(self) -> int:
        """Files that were seen and are not ready yet."""
        return len(self._coming)

    def close(self) -> None:
        """Drop what is not ready and end the processes."""
        self._pool.shutdown(wait=False, cancel_futures=True)


def filled(bank: Bank, feeder: Feeder, *, least: int, pause: Callable[[], None]) -> None:
    """Wait until ``bank`` holds ``least`` scenes, calling ``pause`` in between."""
    while len(bank) + bank.waiting < least:
        for ready in feeder.ready():
            bank.add(ready)
        pause()
    bank.settle()
