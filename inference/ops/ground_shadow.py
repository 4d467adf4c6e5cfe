"""A product's contact shade and soft shadow on a ground that nobody measured.

A drawn scene has no depth. What is known is where the product's base line lies, how the camera looks (from the scene's
words) and where light comes from; that is a horizontal plane through the base line. The shadow on it is computed as for
studio sets (``ops.body``, ``ops.shadow``), and fades within two heights of the product, because what lies further away
need not be the ground.
"""

from __future__ import annotations

import math
from collections.abc import Mapping

import cv2
import numpy as np

from inference.ops.body import build_body
from inference.ops.colour import linear_to_srgb, srgb_decode_table
from inference.ops.geometry import F64, Camera, Frame
from inference.ops.shadow import AreaLight, visibility
from inference.types import F32, U8

PITCH_DEG: Mapping[str, float] = {"eye_level": 9.0, "high": 26.0, "low": 3.0}
"""How far the camera looks down, by view; a picture from straight above has no ground that a shadow could fall on."""

_WORKING_PX = 384
_HEIGHT_M = 0.25
_SENSOR_MM = 36.0
_THICKNESS = 0.5
_FADE_HEIGHTS = 2.0
_DISTANCE_M = 1.6
_TOWARDS: Mapping[str, tuple[float, float, float]] = {
    "left": (-1.0, -0.35, 1.1),
    "right": (1.0, -0.35, 1.1),
    "behind": (0.25, 1.0, 0.9),
    "above": (0.1, -0.15, 1.5),
}


def ground_shade(
    mask: U8, base: tuple[int, int], *, view: str, focal_mm: int, comes_from: str, softness: float
) -> F32 | None:
    """What part of the light the product leaves on the ground, float32 (H, W), 1 = all. None where there is no ground.

    Args:
        mask: uint8 (H, W), the placed product's coverage.
        base: canvas pixel in the middle of its base line.
        view, focal_mm: the camera, as ``scene.graph.SceneCamera`` has it (36 mm wide sensor).
        comes_from, softness: the light, as ``scene.graph.SceneLight`` has it.
    """
    rows = np.flatnonzero((mask >= 128).any(axis=1))
    if view not in PITCH_DEG or len(rows) == 0 or base[1] - rows[0] < 8:
        return None
    scale = min(1.0, _WORKING_PX / max(mask.shape))
    size = round(mask.shape[1] * scale), round(mask.shape[0] * scale)
    small = cv2.resize(mask, size, interpolation=cv2.INTER_AREA)
    spot = base[0] * scale, min(base[1] * scale, size[1] - 1.0)
    height_px = (base[1] - rows[0]) * scale
    camera = _camera(size, spot, height_px, math.radians(PITCH_DEG[view]), focal_mm)
    shade = _shade(small.astype(np.uint8), spot, camera, comes_from, softness)
    return np.asarray(cv2.resize(shade, (mask.shape[1], mask.shape[0]), interpolation=cv2.INTER_LINEAR), np.float32)


def shaded(plate: U8, shade: F32, amount: float) -> U8:
    """``plate`` darkened in linear light by ``amount`` (0..1) of what ``shade`` takes away."""
    factor = 1 - np.float32(amount) * (1 - shade[..., None])
    touched = (factor < 1)[..., 0]
    result = plate.copy()
    linear = srgb_decode_table()[plate[touched]] * factor[touched]
    result[touched] = np.rint(linear_to_srgb(linear) * 255).astype(np.uint8)
    return result


def _camera(size: tuple[int, int], spot: tuple[float, float], height_px: float, pitch: float, focal_mm: int) -> Camera:
    """A camera above the plane z = 0: the world's origin is at ``spot``, where ``_HEIGHT_M`` shows as ``height_px``."""
    focal = focal_mm / _SENSOR_MM * size[0]
    right = np.array([1.0, 0.0, 0.0])
    forward = np.array([0.0, math.cos(pitch), -math.sin(pitch)])
    down = np.cross(forward, right)
    depth = focal * _HEIGHT_M / height_px
    centre = size[0] / 2, size[1] / 2
    # The base must be seen from above, however low in the frame the plane's horizon would have to be.
    across, below = (spot[0] - centre[0]) / focal, (spot[1] - centre[1]) / focal
    origin = -depth * (forward + across * right + below * down)
    if origin[2] < 0.05 * depth:
        below = math.tan(math.radians(4.0)) - math.tan(pitch)
        centre = centre[0], spot[1] - max(below, -0.9) * focal
        origin = -depth * (forward + across * right + (spot[1] - centre[1]) / focal * down)
    return Camera(origin, right, down, forward, focal, centre)


def _shade(mask: U8, spot: tuple[float, float], camera: Camera, comes_from: str, softness: float) -> F32:
    rows, columns = np.mgrid[: mask.shape[0], : mask.shape[1]] + 0.5
    u, v = (columns - camera.centre_px[0]) / camera.focal_px, (rows - camera.centre_px[1]) / camera.focal_px
    ways = camera.forward + u[..., None] * camera.right + v[..., None] * camera.down
    falling = ways[..., 2] < -1e-3
    depth = np.where(falling, -camera.origin[2] / np.minimum(ways[..., 2], -1e-3), 0.0)
    ground: F64 = camera.origin + depth[..., None] * ways
    distance = np.hypot(ground[..., 0], ground[..., 1]) / _HEIGHT_M
    depth[distance > _FADE_HEIGHTS] = 0.0
    normal = np.zeros((*mask.shape, 3), np.float32)
    normal[..., 2] = 1.0
    frame = Frame.facing(camera, np.zeros(3))
    base_row = max(2, min(mask.shape[0], round(spot[1]) + 1))
    body = build_body(mask, base_row, spot[0], camera, frame, _THICKNESS * _width_m(mask, camera))
    maps = visibility(depth.astype(np.float32), normal, camera, body, _lights(comes_from, softness))
    direct = 0.8 - 0.45 * softness if maps.shape[2] > 1 else 0.0
    light = direct * maps[..., 0] + (1 - direct) * maps[..., -1]
    near = np.clip((_FADE_HEIGHTS - distance) / (0.6 * _FADE_HEIGHTS), 0, 1)
    return np.asarray(np.where(depth > 0, 1 - near * (1 - light), 1.0), np.float32)


def _width_m(mask: U8, camera: Camera) -> float:
    depth = float(np.linalg.norm(camera.origin))
    columns = np.flatnonzero((mask >= 128).any(axis=0))
    return float(columns[-1] + 1 - columns[0]) * depth / camera.focal_px


def _lights(comes_from: str, softness: float) -> list[AreaLight]:
    """One area light, larger where it is softer; none for light from all around."""
    if comes_from not in _TOWARDS:
        return []
    way = np.asarray(_TOWARDS[comes_from])
    centre = way / np.linalg.norm(way) * _DISTANCE_M
    half = 0.06 + 0.7 * softness
    across = np.cross(way, [0.0, 0.0, 1.0])
    across = across / np.linalg.norm(across) * half
    up = np.cross(across, way)
    up = up / np.linalg.norm(up) * half
    x, y, z = (float(value) for value in centre)
    return [AreaLight((x, y, z), _triple(across), _triple(up))]


def _triple(vector: F64) -> tuple[float, float, float]:
    return float(vector[0]), float(vector[1]), float(vector[2])
