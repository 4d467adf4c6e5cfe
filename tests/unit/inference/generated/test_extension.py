"""Extensions and copies of a product are found; scenes in its colours, shadows, textures are not mistaken for them."""

from __future__ import annotations

from collections.abc import Callable

import cv2
import numpy as np
import pytest

from inference.ops.extension import find_extension
from inference.types import U8

SIZE = 360


def product() -> tuple[U8, U8]:
    """A bottle: body, label, cap; rgb and mask, 360 x 360."""
    rgb, mask = np.zeros((SIZE, SIZE, 3), np.uint8), np.zeros((SIZE, SIZE), np.uint8)
    for box, colour in (
        ((150, 150, 60, 140), (150, 40, 50)),
        ((156, 190, 48, 50), (235, 225, 200)),
        ((165, 120, 30, 34), (40, 40, 48)),
    ):
        x, y, width, height = box
        shade = np.linspace(0.8, 1.15, width)[None, :, None]
        rgb[y : y + height, x : x + width] = np.clip(np.array(colour) * shade, 0, 255).astype(np.uint8)
        mask[y : y + height, x : x + width] = 255
    return rgb, mask


def wall() -> U8:
    rows = np.linspace(1.1, 0.8, SIZE)[:, None, None]
    scene = np.where(np.arange(SIZE)[:, None, None] < 240, np.array([176, 190, 170]), np.array([196, 158, 112])) * rows
    return np.clip(scene + np.random.default_rng(2).normal(0, 5, (SIZE, SIZE, 3)), 0, 255).astype(np.uint8)


def wood() -> U8:
    grain = cv2.resize(np.random.default_rng(3).random((SIZE, 12)).astype(np.float32), (SIZE, SIZE))
    return (np.array([150, 100, 60]) * (0.7 + 0.6 * grain[..., None])).clip(0, 255).astype(np.uint8)


def leaves() -> U8:
    blobs = cv2.GaussianBlur(np.random.default_rng(4).random((SIZE, SIZE)).astype(np.float32), (0, 0), 5)
    high = (blobs - blobs.min()) / np.ptp(blobs)
    return (np.array([60, 120, 50]) * (0.4 + high[..., None])).clip(0, 255).astype(np.uint8)


def red_wall() -> U8:
    """In the product's own colour."""
    return np.clip(np.array([150, 42, 50]) + np.random.default_rng(5).normal(0, 8, (SIZE, SIZE, 3)), 0, 255).astype(
        np.uint8
    )


def red_plinth() -> U8:
    """In the product's own colour, under it and out of the picture."""
    scene = wall()
    scene[288:, 90:270] = np.clip(np.array([150, 42, 50]) + np.random.default_rng(6).normal(0, 5, (72, 180, 3)), 0, 255)
    return scene


def shadowed_sweep() -> U8:
    scene = np.full((SIZE, SIZE, 3), 225, np.float32)
    shade = np.zeros((SIZE, SIZE), np.float32)
    cv2.ellipse(shade, (210, 290), (90, 16), 0, 0, 360, 1.0, -1)
    return np.asarray(scene * (1 - 0.6 * cv2.GaussianBlur(shade, (0, 0), 9)[..., None]), np.uint8)


SCENES = (wall, wood, leaves, red_wall, red_plinth, shadowed_sweep)


def over(plate: U8, rgb: U8, mask: U8) -> U8:
    return np.where(mask[..., None] > 0, rgb, plate)


def moved(rgb: U8, mask: U8, *, scale: float = 1.0, by: tuple[int, int] = (0, 0)) -> tuple[U8, U8]:
    """Scaled about the middle of its base, then moved."""
    matrix = np.array([[scale, 0, 180 - 180 * scale + by[0]], [0, scale, 290 - 290 * scale + by[1]]], np.float32)
    return tuple(cv2.warpAffine(one, matrix, (SIZE, SIZE)) for one in (rgb, mask))  # type: ignore[return-value]


@pytest.mark.parametrize("scene", SCENES)
def test_a_product_alone_in_its_scene_passes(scene: Callable[[], U8]) -> None:
    rgb, mask = product()
    found = find_extension(over(scene(), rgb, mask), mask)
    assert found.passed, found


@pytest.mark.parametrize("scene", [wall, wood, leaves, shadowed_sweep])
@pytest.mark.parametrize(("scale", "by"), [(1.25, (0, 8)), (1.0, (0, -26)), (1.0, (22, 0))])
def test_more_product_beside_the_product_is_found(scene: Callable[[], U8], scale: float, by: tuple[int, int]) -> None:
    rgb, mask = product()
    more = over(scene(), *moved(rgb, mask, scale=scale, by=by))
    found = find_extension(over(more, rgb, mask), mask)
    assert found.iou < 0.98


@pytest.mark.parametrize("scene", [wall, wood, leaves])
def test_a_second_product_is_counted(scene: Callable[[], U8]) -> None:
    rgb, mask = product()
    for scale, by in ((0.7, (-110, 0)), (1.0, (115, 0))):
        twice = over(scene(), *moved(rgb, mask, scale=scale, by=by))
        assert find_extension(over(twice, rgb, mask), mask).count == 2


def test_a_shape_in_another_colour_is_no_copy() -> None:
    rgb, mask = product()
    blue = np.full_like(rgb, (60, 80, 170))
    plate = over(wall(), *moved(blue, mask, by=(110, 0)))
    assert find_extension(over(plate, rgb, mask), mask).passed


def test_without_a_product_there_is_nothing_to_find() -> None:
    assert find_extension(wall(), np.zeros((SIZE, SIZE), np.uint8)).passed
