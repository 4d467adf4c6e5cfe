"""A random photo set around a product: ground, walls, other things, light, camera. Plain data; nothing is rendered.

World units: the product fits into a ball of diameter 1 and stands on z = 0 around the z axis; the camera looks from -y.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np

from inference.engines.studio_sets.render.meshes import Floats, MeshData, box, sweep
from inference.training.cutout_net import forms, objects
from inference.training.cutout_net.objects import Part, Surface
from inference.training.cutout_net.patterns import colour, fractal, pattern
from inference.types import F32

Rng = np.random.Generator


@dataclass(frozen=True)
class Camera:
    """A thin lens. ``fov_deg`` along the longer side; ``aperture`` radius and ``focus`` distance in world units."""

    origin: Floats
    target: Floats
    up: Floats
    fov_deg: float
    aperture: float
    focus: float
    width: int
    height: int


@dataclass(frozen=True)
class Lamp:
    """A square area light that faces the product; ``colour`` linear RGB radiance, ``shape`` "rectangle" or "sphere"."""

    position: Floats
    size: float
    colour: Floats


@dataclass(frozen=True)
class World:
    """One scene. ``sky`` float32 (H, W, 3), linear, lights the scene and is seen where no wall is."""

    product: Sequence[Part]
    others: Sequence[Part]
    sky: F32
    lamps: Sequence[Lamp]
    camera: Camera
    exposure: float


def world(rng: Rng, *, longest_px: int = 320) -> World:
    """One scene with one product."""
    tone = colour(rng)
    if rng.random() < 0.4:
        tone = np.float32(rng.choice([0.03, 0.06, 0.85, 0.95, 0.97])) * np.ones(3, np.float32)
    alike = rng.random() < 0.3
    product = objects.product(rng, base=tone if alike else None)
    size = _size(product)
    camera = _camera(rng, size, longest_px)
    others = _room(rng, tone, calm=alike or rng.random() < 0.35)
    if rng.random() < 0.12:
        product, stand = _raised(product, rng)
        others.append(stand)
    if rng.random() < 0.5:
        others += _company(rng, camera)
    return World(product, others, _sky(rng), _lamps(rng, camera), camera, float(rng.uniform(0.55, 1.15)))


def _size(parts: Sequence[Part]) -> Floats:
    points = np.concatenate([part.mesh.vertices for part in parts])
    return np.asarray(np.ptp(points, axis=0))


def _camera(rng: Rng, size: Floats, longest_px: int) -> Camera:
    kind = rng.random()
    rise = rng.uniform(70, 89.5) if kind < 0.15 else rng.uniform(-2, 15) if kind < 0.5 else rng.uniform(8, 65)
    heading = np.radians(rng.uniform(-25, 25) - 90)
    fov = float(np.exp(rng.uniform(np.log(12), np.log(65))))
    shape = (1.0, 1.0, 0.75, 0.667, 1.333, 1.5)[int(rng.integers(6))]
    width, height = (longest_px, round(longest_px / shape)) if shape > 1 else (round(longest_px * shape), longest_px)
    fill = rng.uniform(0.6, 1.25) if rng.random() < 0.85 else rng.uniform(0.3, 0.6)
    reach = float(np.linalg.norm(size)) / 2
    narrow = min(width, height) / longest_px
    distance = reach / (fill * narrow * np.tan(np.radians(fov) / 2)) + 0.2 * reach
    tilt = np.radians(rise)
    outward = np.array([np.cos(tilt) * np.cos(heading), np.cos(tilt) * np.sin(heading), np.sin(tilt)])
    middle = np.array([0, 0, size[2] / 2])
    origin = middle + distance * outward
    origin[2] = max(origin[2], 0.03)
    free = max(0.0, 1.1 - fill) * distance * np.tan(np.radians(fov) / 2) * narrow
    target = middle + free * rng.uniform(-0.8, 0.8, 3) * np.array([1, 0.3, 0.8])
    roll = forms.rotation(outward, rng.normal(0, 4) if rng.random() < 0.8 else rng.uniform(0, 360) * (rise > 65))
    up = roll @ (np.array([0, 0, 1.0]) if rise < 65 else np.array([0, 1.0, 0.001]))
    aperture = float(rng.choice([0.0, 0.002, 0.005, 0.012]) * distance)
    focus = float(distance + rng.uniform(-0.15, 0.05))
    return Camera(origin, target, up, fov, max(aperture, 1e-4), focus, width, height)


def _room(rng: Rng, tone: F32, *, calm: bool) -> list[Part]:
    """Ground and wall: a sweep of one tone, or two patterned planes, or the ground alone."""
    if calm and rng.random() < 0.6:
        near = np.clip(tone + rng.normal(0, 0.04, 3).astype(np.float32), 0.01, 0.99)
        material = Surface(pattern(rng, base=near, kind=str(rng.choice(["plain", "plain", "gradient"]))), 1, 0.9)
        back = rng.uniform(0.9, 4)
        return [Part(sweep([(-30, 0), (back, 0), (back, 20)], 40, 0.6, 24), material)]
    kind = str(rng.choice(["plain", "cloudy"])) if calm else None
    ground = objects.surface(rng, base=tone if calm else None, kind=kind)
    repeats = float(np.exp(rng.uniform(np.log(6), np.log(60))))
    floor = Surface(ground.picture, repeats, max(ground.roughness, 0.05), ground.metallic * (rng.random() < 0.2))
    parts = [Part(_plane(40, np.zeros(3), None), floor)]
    if rng.random() < 0.7:
        wall = objects.surface(rng, base=tone if calm else None, kind=kind)
        repeats = float(np.exp(rng.uniform(np.log(2), np.log(40))))
        place = np.array([0, rng.uniform(0.7, 8), 0])
        turn = forms.rotation(np.array([0, 0, 1.0]), rng.uniform(-30, 30)) @ forms.rotation(np.array([1.0, 0, 0]), 90)
        parts.append(Part(_plane(40, place, turn), Surface(wall.picture, repeats, 0.8)))
    return parts


def _plane(size: float, place: Floats, turn: Floats | None) -> MeshData:
    corner = np.array([[-1.0, -1, 0], [1, -1, 0], [1, 1, 0], [-1, 1, 0]]) * size / 2
    uv = np.array([[0.0, 0], [1, 0], [1, 1], [0, 1]])
    faces = np.array([[0, 1, 2], [0, 2, 3]])
    return forms.moved(MeshData(corner, np.tile([0.0, 0, 1], (4, 1)), uv, faces), turn=turn, to=place)


def _raised(product: Sequence[Part], rng: Rng) -> tuple[list[Part], Part]:
    """The product on a plinth, book or tray, which is not part of it."""
    height = float(rng.uniform(0.02, 0.5))
    footing = box([rng.uniform(0.6, 1.6), rng.uniform(0.6, 1.6), height], min(0.02, height / 3), 2)
    lifted = [Part(forms.moved(part.mesh, to=np.array([0, 0, height])), part.surface) for part in product]
    return lifted, Part(footing, objects.surface(rng))


def _company(rng: Rng, camera: Camera) -> list[Part]:
    """Other things behind, beside and, cut by the frame, before the product."""
    parts: list[Part] = []
    sight = camera.target - camera.origin
    sight = sight / np.linalg.norm(sight)
    side = np.cross(sight, camera.up)
    for _ in range(int(rng.integers(1, 7))):
        scale = float(rng.uniform(0.3, 1.4))
        if rng.random() < 0.7:
            place = np.array([rng.uniform(-2.5, 2.5), rng.uniform(0.6, 4) + scale / 2, 0])
        else:
            place = side * rng.choice([-1, 1]) * (0.6 + scale / 2 + rng.uniform(0, 0.6)) + [
                0,
                rng.uniform(-0.6, 0.6),
                0,
            ]
        place[2] = 0
        parts += [Part(forms.moved(part.mesh, scale=scale, to=place), part.surface) for part in objects.product(rng)]
    return parts


def _sky(rng: Rng) -> F32:
    """Surroundings that light the scene, linear (64, 128, 3): dusk to studio white, or a blurred anywhere."""
    if rng.random() < 0.5:
        rows = np.linspace(1, 0, 64, dtype=np.float32)[:, None, None]
        high, low = colour(rng), colour(rng)
        picture = np.broadcast_to(low + (high - low) * rows ** rng.uniform(0.3, 3), (64, 128, 3)).astype(np.float32)
        picture = picture * (0.7 + 0.6 * cv2.resize(fractal(64, rng), (128, 64)))[..., None]
    else:
        large = pattern(rng, kind=str(rng.choice(["collage", "patches", "cloudy"])))
        picture = cv2.resize(large, (128, 64)).astype(np.float32) / np.float32(255)
        picture = np.asarray(cv2.GaussianBlur(picture, (0, 0), rng.uniform(0.5, 6)), np.float32)
    grey = picture.mean(-1, keepdims=True)
    picture = grey + (picture - grey) * np.float32(rng.uniform(0, 0.8))
    return np.asarray(picture**2.2 * np.float32(rng.uniform(0.15, 1.5)) + np.float32(0.02), np.float32)


def _lamps(rng: Rng, camera: Camera) -> list[Lamp]:
    """Windows, soft boxes, bulbs and a sun, above and beside, outside of the picture."""
    lamps = []
    for _ in range(int(rng.integers(0, 4))):
        heading, rise = rng.uniform(0, 2 * np.pi), rng.uniform(0.25, 1.4)
        distance = rng.uniform(2, 6)
        where = distance * np.array([np.cos(heading) * np.cos(rise), np.sin(heading) * np.cos(rise), np.sin(rise)])
        size = float(rng.choice([0.05, 0.3, 0.8, 1.5]))
        if _in_sight(where, size, camera):
            continue
        warm = np.array([1.0, rng.uniform(0.7, 1.0), rng.uniform(0.45, 1.0)])[:: 1 if rng.random() < 0.7 else -1]
        power = rng.uniform(0.5, 6) * distance**2 / (4 * size**2)
        lamps.append(Lamp(where, size, warm * power))
    return lamps


def _in_sight(place: Floats, size: float, camera: Camera) -> bool:
    """Whether a lamp would stand between the camera and what it looks at, or in its way."""
    sight = camera.target - camera.origin
    reach = float(np.linalg.norm(sight))
    ahead = float((place - camera.origin) @ sight) / reach
    if ahead < -1.5 * size:
        return False
    beside = float(np.linalg.norm(place - camera.origin - ahead * sight / reach))
    return bool(beside < 1.5 * size + 1.1 * max(ahead, 0) * np.tan(np.radians(camera.fov_deg) / 2))
