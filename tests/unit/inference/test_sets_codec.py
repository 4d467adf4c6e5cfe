"""Plates survive storage: what is decoded is what was rendered, closely and without bands."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from inference.engines.studio_sets import codec
from inference.engines.studio_sets.render.package import RATES_X1000, is_faithful, smallest

SQRT = {"curve": "sqrt", "scale": 1.5}


def soft_wall(size: int = 512) -> np.ndarray:
    """A smooth light falloff such as a studio wall shows, with an edge."""
    down, across = np.mgrid[0:size, 0:size] / size
    wall = 0.9 - 0.5 * ((across - 0.3) ** 2 + (down - 0.4) ** 2)
    picture = np.stack([wall, wall * 0.94, wall * 0.86], -1).astype(np.float32)
    cv2.circle(picture, (size // 2, size * 2 // 3), size // 6, (0.4, 0.2, 0.1), -1, cv2.LINE_AA)
    return picture


def display(linear: np.ndarray) -> np.ndarray:
    return 255 * np.where(linear <= 0.0031308, 12.92 * linear, 1.055 * np.maximum(linear, 0) ** (1 / 2.4) - 0.055)


def test_a_light_plate_is_stored_as_small_as_its_loss_stays_unseen() -> None:
    wall = soft_wall()
    grainy = wall * (1 + 0.1 * np.random.default_rng(2).normal(size=wall.shape)).astype(np.float32)
    easy, hard = smallest(wall, SQRT, RATES_X1000), smallest(grainy, SQRT, RATES_X1000)
    assert is_faithful(codec.decode(easy, SQRT), wall)
    second, last = (wall.size * 2 * rate / 1000 + 500 for rate in RATES_X1000[1:])
    assert len(easy) <= second < len(hard) <= last


def test_a_stain_of_a_display_step_is_not_faithful() -> None:
    wall = soft_wall()
    stained = wall.copy()
    stained[200:260, 200:260] *= 1.01
    assert is_faithful(wall, wall)
    assert not is_faithful(stained, wall)


def test_a_smooth_wall_keeps_its_gradient_instead_of_steps() -> None:
    wall = soft_wall()[:160]
    decoded = codec.decode(smallest(wall, SQRT, RATES_X1000), SQRT)
    steps_before = np.abs(np.diff(display(wall)[..., 0], axis=1))
    steps_after = np.abs(np.diff(display(decoded)[..., 0], axis=1))
    assert steps_after.max() < steps_before.max() + 0.5
    assert len(np.unique(np.round(decoded[..., 0], 5))) > 1000


def test_channels_keep_their_order() -> None:
    red = np.zeros((64, 64, 3), np.float32)
    red[..., 0] = 1.0
    decoded = codec.decode(codec.encode_jp2(red, SQRT, 100), SQRT)
    assert decoded.mean((0, 1)) == pytest.approx([1, 0, 0], abs=2e-3)


def test_depth_keeps_metres_and_marks_nothing_as_infinite() -> None:
    encoding = {"curve": "inverse", "near_m": 0.5, "far_m": 6.0}
    depth = np.linspace(0.6, 5.9, 4096, dtype=np.float32).reshape(64, 64)
    depth[0, 0] = np.inf
    decoded = codec.decode(codec.encode_png(depth, encoding), encoding)
    assert np.isinf(decoded[0, 0])
    assert np.isfinite(decoded).sum() == 4095
    seen = np.isfinite(depth)
    assert np.abs(decoded[seen] - depth[seen]).max() < 1e-3


def test_coverage_and_normals_keep_their_range() -> None:
    ramp = np.linspace(0, 1, 4096, dtype=np.float32).reshape(64, 64)
    coverage = codec.decode(codec.encode_png(ramp, {"curve": "unit"}, bits=8), {"curve": "unit"})
    assert np.abs(coverage - ramp).max() <= 0.5 / 255 + 1e-6
    normals = codec.decode(codec.encode_png(ramp * 2 - 1, {"curve": "signed"}), {"curve": "signed"})
    assert np.abs(normals - (ramp * 2 - 1)).max() < 1e-4


def test_a_damaged_file_is_refused() -> None:
    with pytest.raises(ValueError, match="damaged"):
        codec.decode(b"not a picture", SQRT)


@pytest.mark.parametrize("work", [lambda e: codec.encode_png(np.zeros((4, 4), np.float32), e)])
def test_an_unknown_curve_is_refused(work) -> None:
    with pytest.raises(ValueError, match="unknown plate encoding 'cubic'"):
        work({"curve": "cubic"})
