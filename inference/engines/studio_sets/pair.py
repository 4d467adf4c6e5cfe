"""A second product beside the first: where it stands, what of it is seen, and the shadow that each throws on the other.

The second one stands on the same support, before the same camera, at a size of its own. What stands nearer covers what
stands behind. On the support the two shadows are multiplied, as those of independent occluders. On each product the
other's shadow is cast as on any surface: the product's front is taken as upright and rounded towards its sides.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np

from inference.engines.studio_sets.framing import Framing, frame_companion
from inference.engines.studio_sets.plates import StudioSet
from inference.engines.studio_sets.stage import Stage
from inference.ops.body import Body
from inference.ops.colour import delta_e
from inference.ops.geometry import Camera, Frame
from inference.ops.grade import shaded
from inference.ops.placement import SOLID, find_outline, on_canvas, resample_rgba, widest_place
from inference.ops.shadow import AreaLight, visibility
from inference.ops.turn import find_turn, turned_cutout
from inference.types import F32, U8, Cutout, ShotSpec

MOST_DELTA_E = 2.7
"""Mean CIEDE2000 that a shadow may move a product's colours by; below what the product gate lets pass."""

ROUNDING_DEG = 55.0
"""How far the surface of a product turns away towards its outline."""

REACH_PX = 3
INDIRECT = 0.35
"""Part of the lamps' light that reaches a product by way of walls and table, where no shadow takes it away."""

SAMPLES = 20_000


@dataclass(frozen=True, eq=False)
class Standing:
    """A product in the set: its framing (the camera is the shot's), and its pixels as placed, uint8 RGBA."""

    framing: Framing
    part: U8


def stand_companion(studio: StudioSet, main: Framing, cutout: Cutout, spec: ShotSpec) -> Standing:
    """Place the second product as ``spec.companion`` asks. Raises InputRejected ``shot.offset_outside``."""
    assert spec.companion is not None
    turn = find_turn(cutout.alpha, spec.companion.edits)
    rgb, alpha = turned_cutout(cutout, turn)
    upright = find_outline(cutout.alpha)
    outline = find_outline(alpha) if turn else upright
    framing = frame_companion(studio, main, upright, spec, outline=outline, widest=widest_place(cutout.alpha))
    return Standing(framing, resample_rgba(rgb, alpha, framing.placement))


def is_nearer(framing: Framing, other: Framing) -> bool:
    """Whether a product stands before another one, as the camera sees it; of two equals the first one does."""
    return framing.camera.project(framing.frame.origin)[2] <= other.camera.project(other.frame.origin)[2]


def seen(standing: Standing, stage: Stage) -> U8:
    """255 where a product is in front, 0 behind a prop; soft at the prop's edge: uint8 (H, W)."""
    framing = standing.framing
    _, _, depth = framing.camera.project(framing.frame.origin)
    in_front = (stage.canvas.nearness > 1 / (depth - max(0.03, framing.thickness_m * 0.5))).astype(np.uint8) * 255
    in_front[framing.base[1] - 1 :] = 0
    placed = on_canvas(standing.part[..., 3], framing.placement, (stage.plates.shape[2], stage.plates.shape[1]))
    if not (in_front[placed > 0] > 0).any():
        return np.full(in_front.shape, 255, np.uint8)
    return np.asarray(255 - cv2.GaussianBlur(in_front, (3, 3), 0), np.uint8)


def uncovered(visible: U8, front: Standing) -> U8:
    """What is seen of a product behind ``front``: uint8 (H, W)."""
    cover = on_canvas(front.part[..., 3], front.framing.placement, (visible.shape[1], visible.shape[0]))
    return np.minimum(visible, 255 - cover)


def shade_on(
    target: Standing,
    body: Body,
    stage: Stage,
    lamps: Sequence[AreaLight],
    weights: Sequence[float],
    around: float,
    strength: float,
) -> U8:
    """The light that another product's ``body`` leaves on ``target``: uint8 (H, W), 255 = all.

    Args:
        lamps: as shadows see them; ``weights`` what each adds to the set, ``around`` what comes from everywhere.
        strength: 0 = none, 1 = as lit; less where it would change the product's colours too much.
    """
    full = (stage.plates.shape[2], stage.plates.shape[1])
    depth, normal = _front(target, stage.small_camera, stage.small_depth.shape, full)
    maps = visibility(depth, normal, stage.small_camera, body, list(lamps))
    light = _mixed(maps, normal, target.framing.frame, lamps, weights, around)
    light[depth <= 0] = 1
    shade = cv2.resize(np.asarray(cv2.GaussianBlur(light, (3, 3), 0)), full, interpolation=cv2.INTER_LINEAR)
    placed = on_canvas(target.part, target.framing.placement, full)
    lit = np.asarray(np.where(placed[..., 3] > 0, np.clip(shade, 0, 1), 1), np.float32)
    return _within_limit(placed, lit, strength)


def _front(target: Standing, camera: Camera, shape: tuple[int, ...], full: tuple[int, int]) -> tuple[F32, F32]:
    """Planar depth and world normals of a product's front on the shadow raster; 0 where it is not."""
    height, width = shape
    alpha = on_canvas(target.part[..., 3], target.framing.placement, full)
    small = cv2.resize(alpha, (width, height), interpolation=cv2.INTER_AREA)
    solid = cv2.dilate((small > 8).astype(np.uint8), np.ones((2 * REACH_PX + 1,) * 2, np.uint8)) > 0
    frame = target.framing.frame
    across = (np.arange(width) + 0.5 - camera.centre_px[0]) / camera.focal_px
    below = (np.arange(height) + 0.5 - camera.centre_px[1]) / camera.focal_px
    approach = (
        camera.forward @ frame.behind
        + across[None] * (camera.right @ frame.behind)
        + below[:, None] * (camera.down @ frame.behind)
    )
    distance = float((frame.origin - camera.origin) @ frame.behind)
    depth = np.divide(distance, approach, out=np.zeros((height, width)), where=approach > 1e-6)
    columns = np.flatnonzero(solid.any(axis=0))
    left, right = (columns[0], columns[-1]) if len(columns) else (0, 1)
    aside = np.clip((np.arange(width) - (left + right) / 2) / max(1.0, (right - left) / 2), -1, 1)
    turn = np.radians(ROUNDING_DEG) * aside[None, :, None]
    normal = np.sin(turn) * frame.across - np.cos(turn) * frame.behind
    normal = np.broadcast_to(normal, (height, width, 3))
    return np.where(solid, depth, 0).astype(np.float32), np.ascontiguousarray(normal, np.float32)


def _mixed(
    maps: F32, normal: F32, frame: Frame, lamps: Sequence[AreaLight], weights: Sequence[float], around: float
) -> F32:
    """What of all the light arrives: each lamp by how squarely it meets the surface, and the light from everywhere."""
    ambient = around + INDIRECT * sum(weights)
    total = np.full(maps.shape[:2], ambient, np.float32)
    left = total * maps[..., -1]
    for index, (lamp, weight) in enumerate(zip(lamps, weights, strict=True)):
        way = np.asarray(lamp.centre, np.float64) - frame.origin
        facing = np.maximum(0, normal @ (way / np.linalg.norm(way)).astype(np.float32)) * np.float32(weight)
        total += facing
        left += facing * maps[..., index]
    return np.asarray(np.divide(left, total, out=np.ones_like(left), where=total > 1e-9), np.float32)


def _within_limit(placed: U8, shade: F32, strength: float) -> U8:
    """The shade at ``strength``, or as much of it as leaves the product its colours."""
    inside = np.flatnonzero(placed[..., 3] >= SOLID)[:: max(1, int((placed[..., 3] >= SOLID).sum()) // SAMPLES)]
    colours, light = placed.reshape(-1, 4)[inside, :3], shade.reshape(-1)[inside]
    for _ in range(3):
        moved = delta_e(colours, shaded(colours, _codes(light, strength)))
        mean = float(moved.mean()) if len(moved) else 0.0
        if mean <= MOST_DELTA_E:
            break
        strength *= 0.97 * MOST_DELTA_E / mean
    return _codes(shade, strength)


def _codes(light: F32, strength: float) -> U8:
    return np.asarray(np.rint(255 * (1 - np.float32(strength) * (1 - light))), np.uint8)
