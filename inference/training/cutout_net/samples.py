"""Training pictures without end: rendered scenes as they are, and their products on other grounds.

A product is lifted out of its rendered scene with its true alpha and put on a piece of another scene, a pattern or a
tone like its own, with a soft shadow; sometimes a second product stands beside it, and the box says which is meant.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import cv2
import numpy as np

from inference.ops.foreground import foreground_colours
from inference.training.cutout_net.patterns import noise, pattern
from inference.types import F32, U8

Rng = np.random.Generator
CANVAS_PX = 256


@dataclass(frozen=True)
class Sample:
    """uint8 ``rgb`` (H, W, 3) and ``alpha`` (H, W); ``ambiguous`` where only a box can tell which product is meant."""

    rgb: U8
    alpha: U8
    ambiguous: bool = False


class Source:
    """Rendered scenes from a folder; new ones are found by ``refresh``."""

    def __init__(self, folder: Path, *, first: int, stop: int) -> None:
        self._folder, self._range = folder, range(first, stop)
        self._known: dict[Path, U8] = {}

    def refresh(self) -> int:
        """Read what was rendered since; returns how many scenes there are."""
        for path in sorted(self._folder.glob("[0-9]*.png")):
            if path not in self._known and path.name.count(".") == 1 and int(path.stem) in self._range:
                read = cv2.imread(str(path), cv2.IMREAD_UNCHANGED)
                self._known[path] = np.asarray(cv2.cvtColor(np.asarray(read), cv2.COLOR_BGRA2RGBA), np.uint8)
        self.scenes: Sequence[U8] = list(self._known.values())
        return len(self.scenes)

    def any(self, rng: Rng) -> U8:
        """One scene, uint8 RGBA."""
        return self.scenes[int(rng.integers(len(self.scenes)))]


def sample(source: Source, rng: Rng, *, canvas_px: int = CANVAS_PX) -> Sample:
    """One training picture, ``canvas_px`` square."""
    made = _as_rendered(source.any(rng), rng, canvas_px) if rng.random() < 0.4 else _recombined(source, rng, canvas_px)
    return Sample(_photographed(made.rgb, rng), made.alpha, made.ambiguous)


def as_shot(scene: U8) -> Sample:
    """A scene as it was rendered, whole."""
    return Sample(np.ascontiguousarray(scene[..., :3]), np.ascontiguousarray(scene[..., 3]))


def _as_rendered(scene: U8, rng: Rng, canvas_px: int) -> Sample:
    """A crop of a scene that keeps its product, nearly always whole."""
    height, width = scene.shape[:2]
    top, bottom, left, right = _extent(scene[..., 3])
    margin = np.maximum(0, [top, height - bottom, left, width - right])
    up, down, before, after = (margin * rng.beta(1.2, 1.2, 4)).astype(int)
    if rng.random() < 0.08:
        before = int(-0.25 * (right - left))
    crop = scene[top - up : bottom + down, max(0, left - before) : right + after]
    resized = cv2.resize(crop, (canvas_px, canvas_px), interpolation=cv2.INTER_AREA)
    return Sample(np.ascontiguousarray(resized[..., :3]), np.ascontiguousarray(resized[..., 3]))


def _recombined(source: Source, rng: Rng, canvas_px: int) -> Sample:
    scene = source.any(rng)
    rgb, alpha = _lifted(scene, rng, canvas_px)
    ground = _ground(source, rgb, alpha, rng)
    ambiguous = rng.random() < 0.12
    if ambiguous:
        other_rgb, other = _lifted(source.any(rng), rng, canvas_px)
        ground = _over(ground, other_rgb, other)
    ground = _shaded(ground, alpha, rng)
    picture = _over(ground, rgb * _relit(rng), alpha)
    if rng.random() < 0.05:
        picture, alpha = _hidden(picture, alpha, rng)
    return Sample(np.clip(picture, 0, 255).astype(np.uint8), np.rint(alpha * 255).astype(np.uint8), ambiguous)


def _lifted(scene: U8, rng: Rng, canvas_px: int) -> tuple[F32, F32]:
    """A product alone: its colours 0..255 (H, W, 3) and its alpha 0..1, placed anew on a square canvas."""
    top, bottom, left, right = _extent(scene[..., 3])
    crop = scene[top:bottom, left:right]
    colours = foreground_colours(np.ascontiguousarray(crop[..., :3]), np.ascontiguousarray(crop[..., 3]))
    alpha = crop[..., 3].astype(np.float32) / np.float32(255)
    if rng.random() < 0.5:
        colours, alpha = colours[:, ::-1], alpha[:, ::-1]
    height, width = alpha.shape
    scale = canvas_px * rng.uniform(0.3, 1.0) / max(height, width)
    angle = rng.normal(0, 6) if rng.random() < 0.75 else rng.uniform(0, 360)
    pose = cv2.getRotationMatrix2D((width / 2, height / 2), angle, scale)
    pose[0] *= np.float32(rng.uniform(0.85, 1.15))
    free = max(0.0, (canvas_px - scale * max(height, width)) / 2)
    pose[:, 2] += canvas_px / 2 - pose[:, :2] @ [width / 2, height / 2] - pose[:, 2] + free * rng.uniform(-1, 1, 2)
    size = (canvas_px, canvas_px)
    premultiplied = np.dstack([colours * alpha[..., None], alpha]).astype(np.float32)
    if scale < 0.6:
        premultiplied = _f32(cv2.GaussianBlur(premultiplied, (0, 0), 0.35 / scale))
    placed = cv2.warpAffine(premultiplied, pose, size, flags=cv2.INTER_LINEAR)
    cover = _f32(np.clip(placed[..., 3], 0, 1))
    return np.asarray(placed[..., :3] / np.maximum(cover, 1e-3)[..., None], np.float32), cover


def _ground(source: Source, rgb: F32, alpha: F32, rng: Rng) -> F32:
    """Something to stand before, float32 0..255, (H, W, 3) like ``alpha``."""
    kind = rng.random()
    size = (alpha.shape[1], alpha.shape[0])
    if kind < 0.5:
        piece = _piece_without_product(source.any(rng), rng)
        picture = _f32(cv2.resize(piece, size))
    elif kind < 0.75:
        tone = rgb[alpha > 0.9].mean(0) if (alpha > 0.9).any() else np.full(3, 128.0)
        near = np.clip((tone + rng.normal(0, 14, 3)) / 255, 0, 1).astype(np.float32)
        picture = pattern(rng, 128, base=near, kind=str(rng.choice(["plain", "gradient", "cloudy"]))).astype(np.float32)
        picture = _f32(cv2.resize(picture, size))
    else:
        picture = _f32(cv2.resize(pattern(rng, 192), size))
        if rng.random() < 0.5:
            cut = int(rng.uniform(0.25, 0.85) * len(alpha))
            picture[cut:] = cv2.resize(pattern(rng, 128), size)[cut:]
    if rng.random() < 0.4:
        picture = _f32(cv2.GaussianBlur(picture, (0, 0), float(rng.uniform(0.6, 7))))
    light = 1 + rng.uniform(0, 0.5) * (noise(64, int(rng.integers(1, 4)), rng) - 0.5)
    return np.asarray(picture * cv2.resize(light, size)[..., None] * _relit(rng), np.float32)


def _piece_without_product(scene: U8, rng: Rng) -> U8:
    """A crop of the scene that shows little or nothing of its own product; a blurred fill where all show it."""
    height, width = scene.shape[:2]
    best, least = scene, 1.0
    for _ in range(6):
        side = int(rng.uniform(0.35, 0.9) * min(height, width))
        top, left = int(rng.integers(0, height - side + 1)), int(rng.integers(0, width - side + 1))
        crop = scene[top : top + side, left : left + side]
        covered = float(crop[..., 3].mean()) / 255
        if covered < least:
            best, least = crop, covered
        if least < 0.02:
            break
    rgb = np.ascontiguousarray(best[..., :3])
    if least > 0.02:
        hole = cv2.dilate((best[..., 3] > 0).astype(np.uint8), np.ones((7, 7), np.uint8))
        small = cv2.resize(rgb, (96, 96)), cv2.resize(hole, (96, 96), interpolation=cv2.INTER_NEAREST)
        filled = cv2.resize(cv2.inpaint(*small, 3, cv2.INPAINT_TELEA), (rgb.shape[1], rgb.shape[0]))
        rgb = np.where(hole[..., None] > 0, filled, rgb)
    return np.asarray(rgb, np.uint8)


def _shaded(ground: F32, alpha: F32, rng: Rng) -> F32:
    """The ground with a contact shadow, a cast shadow, both or none."""
    shadow = np.zeros_like(alpha)
    if rng.random() < 0.6:
        rows = np.flatnonzero(alpha.max(1) > 0.5)
        foot = rows[-1] if len(rows) else len(alpha) - 1
        flat = cv2.getAffineTransform(
            np.array([[0, 0], [1, 0], [0, foot]], np.float32),
            np.array([[0, foot * 0.88], [1, foot * 0.88], [0, foot + 3]], np.float32),
        )
        shadow = _f32(cv2.GaussianBlur(cv2.warpAffine(alpha, flat, alpha.shape[::-1]), (0, 0), rng.uniform(1.5, 9)))
    if rng.random() < 0.5:
        push = np.array([[1, rng.uniform(-0.3, 0.3), rng.uniform(-25, 25)], [0, 1, rng.uniform(-6, 20)]], np.float32)
        cast = cv2.GaussianBlur(cv2.warpAffine(alpha, push, alpha.shape[::-1]), (0, 0), rng.uniform(1, 14))
        shadow = np.maximum(shadow, cast)
    return np.asarray(ground * (1 - rng.uniform(0.15, 0.8) * shadow[..., None]), np.float32)


def _hidden(picture: F32, alpha: F32, rng: Rng) -> tuple[F32, F32]:
    """Something before a corner of the picture."""
    corner = rng.integers(0, 2, 2) * len(alpha)
    disc = np.zeros_like(alpha)
    cv2.circle(disc, corner.tolist(), int(rng.uniform(0.15, 0.4) * len(alpha)), 1.0, -1)
    disc = _f32(cv2.GaussianBlur(disc, (0, 0), rng.uniform(0.7, 6)))
    front = _f32(cv2.resize(pattern(rng, 64), alpha.shape[::-1]))
    return _over(picture, front, disc), alpha * (1 - disc)


def _f32(values: Any) -> F32:
    return np.asarray(values, np.float32)


def _over(ground: F32, rgb: F32, alpha: F32) -> F32:
    return np.asarray(ground + alpha[..., None] * (rgb - ground), np.float32)


def _relit(rng: Rng) -> F32:
    return (np.float32(rng.uniform(0.7, 1.2)) * (1 + rng.normal(0, 0.05, 3))).astype(np.float32)


def _photographed(rgb: U8, rng: Rng) -> U8:
    """Through a camera: white balance, contrast, softness, grain, compression."""
    picture = rgb.astype(np.float32) * (1 + rng.normal(0, 0.06, 3)).astype(np.float32)
    if rng.random() < 0.7:
        power = np.float32(np.exp(rng.normal(0, 0.25)))
        picture = _f32(255 * (np.clip(picture, 0, 255) / 255) ** power)
    if rng.random() < 0.15:
        grey = picture.mean(-1, keepdims=True)
        picture = grey + (picture - grey) * np.float32(rng.uniform(0, 0.7))
    if rng.random() < 0.3:
        picture = _f32(cv2.GaussianBlur(picture, (0, 0), float(rng.uniform(0.4, 1.3))))
    if rng.random() < 0.6:
        picture = picture + rng.standard_normal(picture.shape, np.float32) * np.float32(rng.exponential(4))
    result = np.clip(picture, 0, 255).astype(np.uint8)
    if rng.random() < 0.5:
        coded = cv2.imencode(".jpg", result, [cv2.IMWRITE_JPEG_QUALITY, int(rng.integers(35, 96))])[1]
        result = np.asarray(cv2.imdecode(coded, cv2.IMREAD_COLOR), np.uint8)
    return result


def _extent(alpha: U8) -> tuple[int, int, int, int]:
    rows, columns = np.flatnonzero((alpha > 20).any(1)), np.flatnonzero((alpha > 20).any(0))
    return int(rows[0]), int(rows[-1]) + 1, int(columns[0]), int(columns[-1]) + 1
