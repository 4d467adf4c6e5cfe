"""The product gate lets an honest picture pass and stops every kind of tampering."""

from __future__ import annotations

import io
from collections.abc import Callable

import numpy as np
import pytest
from PIL import Image

from inference.ops.gate import derivative_gate, interior, product_gate
from inference.ops.placement import Placement
from inference.pipelines.product_shot import make_shot
from inference.ports import SceneOptions
from inference.types import Cutout, GateReport, ShotResult, ShotSpec


@pytest.fixture(scope="module")
def shot(photo: np.ndarray, cutout: Cutout, options: SceneOptions) -> ShotResult:
    return make_shot(photo, cutout, ShotSpec("synthetic", width=400, height=400), options=options)


@pytest.fixture(scope="module")
def judge(shot: ShotResult, photo: np.ndarray, cutout: Cutout) -> Callable[[np.ndarray], GateReport]:
    def run(master: np.ndarray) -> GateReport:
        return product_gate(
            master,
            photo=photo,
            foreground=cutout.rgb,
            alpha=cutout.alpha,
            plate=shot.plate,
            visible=np.full(master.shape[:2], 255, np.uint8),
            placement=Placement(**shot.recipe["parameters"]["placement"]),
        )

    return run


def test_an_honest_master_passes(judge: Callable[[np.ndarray], GateReport], shot: ShotResult) -> None:
    report = judge(shot.master)
    assert report.passed
    assert report.max_abs_diff == 0
    assert report.edge_delta_e < 1.0


def test_one_altered_sample_fails(judge: Callable[[np.ndarray], GateReport], shot: ShotResult) -> None:
    y, x = np.argwhere(interior(shot.mask))[1234]
    tampered = shot.master.copy()
    tampered[y, x, 1] ^= 1
    report = judge(tampered)
    assert not report.passed
    assert report.max_abs_diff == 1


@pytest.mark.parametrize("axis", [0, 1])
def test_a_shift_by_one_pixel_fails(judge: Callable[[np.ndarray], GateReport], shot: ShotResult, axis: int) -> None:
    assert not judge(np.roll(shot.master, 1, axis=axis)).passed


def test_a_regraded_picture_fails(judge: Callable[[np.ndarray], GateReport], shot: ShotResult) -> None:
    warmer = np.clip(shot.master * np.array([1.03, 1.0, 0.97]), 0, 255).astype(np.uint8)
    assert not judge(warmer).passed


def test_a_missing_product_fails(judge: Callable[[np.ndarray], GateReport], shot: ShotResult) -> None:
    assert not judge(shot.plate).passed


def test_a_halo_fails_though_the_inside_is_exact(judge: Callable[[np.ndarray], GateReport], shot: ShotResult) -> None:
    haloed = shot.master.copy()
    haloed[(shot.mask > 0) & (shot.mask < 255)] = 255
    haloed[(shot.mask == 0) & (np.roll(shot.mask, 3, axis=1) > 0)] = 255
    haloed[(shot.mask == 0) & (np.roll(shot.mask, -3, axis=1) > 0)] = 255
    report = judge(haloed)
    assert report.max_abs_diff == 0
    assert report.edge_delta_e > 3
    assert not report.passed


def test_hiding_the_product_does_not_pass(shot: ShotResult, photo: np.ndarray, cutout: Cutout) -> None:
    report = product_gate(
        shot.plate,
        photo=photo,
        foreground=cutout.rgb,
        alpha=cutout.alpha,
        plate=shot.plate,
        visible=np.zeros((400, 400), np.uint8),
        placement=Placement(**shot.recipe["parameters"]["placement"]),
    )
    assert not report.passed
    assert report.pixels_compared == 0


def encoded(pixels: np.ndarray, kind: str, **settings: object) -> np.ndarray:
    buffer = io.BytesIO()
    Image.fromarray(pixels).save(buffer, kind, **settings)
    return np.asarray(Image.open(buffer).convert("RGB"))


@pytest.mark.parametrize(
    ("kind", "settings"),
    [
        ("JPEG", {"quality": 95, "subsampling": 0}),
        ("WEBP", {"lossless": True}),
        ("AVIF", {"quality": 92, "subsampling": "4:4:4"}),
    ],
)
def test_a_good_lossy_copy_passes(shot: ShotResult, kind: str, settings: dict[str, object]) -> None:
    report = derivative_gate(shot.master, encoded(shot.master, kind, **settings), shot.mask)
    assert report.passed
    assert report.ssim >= 0.98
    assert report.delta_e <= 1.0


def test_a_bad_lossy_copy_fails(shot: ShotResult) -> None:
    assert not derivative_gate(shot.master, encoded(shot.master, "JPEG", quality=8), shot.mask).passed


def test_a_lossy_copy_of_another_size_fails(shot: ShotResult) -> None:
    assert not derivative_gate(shot.master, shot.master[:-1], shot.mask).passed


def test_a_product_that_touches_the_border_of_its_photo_passes_too(
    photo: np.ndarray, cutout: Cutout, options: SceneOptions
) -> None:
    rows, columns = np.nonzero(cutout.alpha == 255)
    window = np.s_[rows.min() + 12 : rows.max() - 12, columns.min() + 9 : columns.max() - 9]
    cropped = Cutout(rgb=cutout.rgb[window], alpha=cutout.alpha[window], engine="cropped", confidence=1.0)
    assert (cropped.alpha[:, 0] == 255).any()

    result = make_shot(photo[window], cropped, ShotSpec("synthetic", width=400, height=400), options=options)

    assert result.gate.passed, result.gate
    assert result.gate.max_abs_diff == 0
