"""What the network is shown: products on other grounds, boxes as hands draw them, pictures as cameras take them."""

from __future__ import annotations

import time
from pathlib import Path

import cv2
import numpy as np
import pytest
import torch

from inference.training.cutout_net import mixing, openings, photo, prints
from inference.training.cutout_net.bank import Bank, Feeder, filled, prepared
from inference.training.cutout_net.scenes import Sample, as_shot, read_scene, scene_paths
from inference.training.cutout_net.train import size_at
from inference.training.cutout_net.views import automatic, boxed, drawn_box

EVERY = range(0, 1000)


def scene(seed: int, folder: Path) -> Path:
    rng = np.random.default_rng(seed)
    picture = np.full((120, 160, 4), (200, 210, 220, 0), np.uint8)
    middle = (int(rng.integers(60, 100)), int(rng.integers(45, 75)))
    cv2.circle(picture, middle, 28, (30, 60, int(rng.integers(90, 255)), 255), -1, cv2.LINE_AA)
    cv2.imwrite(str(folder / f"{seed:07d}.png"), picture)
    return folder / f"{seed:07d}.png"


@pytest.fixture
def bank(tmp_path: Path) -> Bank:
    made = Bank("cpu")
    for seed in (1, 2, 3):
        made.add(prepared(scene(seed, tmp_path)))
    return made.settle()


def test_a_feeder_prepares_its_own_seeds_and_finds_new_ones(tmp_path: Path) -> None:
    for seed in (1, 2, 900):
        scene(seed, tmp_path)
    (tmp_path / "0000003.part.png").write_bytes(b"half")
    feeder, bank = Feeder(tmp_path, first=0, stop=900, workers=1), Bank("cpu")
    try:
        filled(bank, feeder, least=2, pause=lambda: time.sleep(0.02))
        assert len(bank) == 2
        scene(4, tmp_path)
        filled(bank, feeder, least=3, pause=lambda: time.sleep(0.02))
        assert (len(bank), feeder.pending) == (3, 0)
    finally:
        feeder.close()


def test_batches_show_products_and_follow_their_seed(bank: Bank) -> None:
    batch = mixing.mixed(bank, np.random.default_rng(7), count=16, size_px=96)
    again = mixing.mixed(bank, np.random.default_rng(7), count=16, size_px=96)
    assert torch.equal(batch.inputs, again.inputs)
    assert torch.equal(batch.alpha, again.alpha)
    assert batch.inputs.shape[:2] == (16, 4)
    assert batch.inputs.shape[2] % 32 == batch.inputs.shape[3] % 32 == 0
    assert 0 <= float(batch.inputs.min()) <= float(batch.inputs.max()) <= 1
    assert ((batch.alpha > 0.5).float().mean((1, 2, 3)) > 0.005).all()


def test_the_second_half_of_a_batch_has_boxes_around_its_products(bank: Bank) -> None:
    batch = mixing.mixed(bank, np.random.default_rng(3), count=32, size_px=96)
    planes = batch.inputs[:, 3:]
    assert not planes[:16].any()
    assert (planes[16:].flatten(1).amax(1) == 1).all()
    outside = (batch.alpha[16:] * (1 - planes[16:])).sum((1, 2, 3))
    assert (outside < 0.12 * batch.alpha[16:].sum((1, 2, 3))).all()


def test_products_without_prints_keep_their_colour_on_other_grounds(
    bank: Bank, monkeypatch: pytest.MonkeyPatch
) -> None:
    for module, share in ((prints, "PLAIN"), (prints, "LABELLED"), (prints, "BANDED"), (mixing, "RODS")):
        monkeypatch.setattr(module, share, 0.0)
    batch = mixing.mixed(bank, np.random.default_rng(5), count=32, size_px=96)
    red, green, blue = (
        ((batch.inputs[:, plane] * batch.alpha[:, 0]).sum((1, 2)) / batch.alpha[:, 0].sum((1, 2))) for plane in range(3)
    )
    assert float((red > green).float().mean()) > 0.9
    assert float((red > blue).float().mean()) > 0.9


def test_prints_change_colours_inside_some_products_and_no_outline() -> None:
    alpha = torch.zeros(64, 1, 96, 96)
    alpha[:, :, 16:80, 32:64] = 1
    products = torch.cat([alpha * torch.tensor([0.2, 0.3, 0.4])[None, :, None, None], alpha], 1)
    tone = torch.full((64, 3), 0.9)
    made = prints.printed(products, np.random.default_rng(4), tone=tone)
    assert torch.equal(made[:, 3:], alpha)
    assert not (made[:, :3] * (1 - alpha)).any()
    assert 0 <= float(made.min()) <= float(made.max()) <= 1
    changed = ((made - products).abs().amax(1, keepdim=True) > 0.05).float()
    share = changed.sum((1, 2, 3)) / alpha.sum((1, 2, 3))
    assert 0.3 < float((share > 0).float().mean()) < 0.7
    assert float((share == 1).float().mean()) < 0.25 < float(share.max())
    assert torch.equal(made, prints.printed(products, np.random.default_rng(4), tone=tone))


def discs(count: int) -> torch.Tensor:
    """Orange discs, premultiplied."""
    rows, columns = torch.meshgrid(torch.arange(96.0), torch.arange(96.0), indexing="ij")
    alpha = (torch.hypot(rows - 48, columns - 48) < 40).float().expand(count, 1, 96, 96)
    return torch.cat([alpha * torch.tensor([0.9, 0.5, 0.1])[None, :, None, None], alpha], 1)


def test_holes_take_from_some_products_and_leave_enough_of_each(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(openings, "HOLED", 0.5)
    whole = discs(64)
    made = openings.opened(whole, np.random.default_rng(2))
    left = made[:, 3].sum((1, 2)) / whole[:, 3].sum((1, 2))
    assert 0.3 < float((left < 0.98).float().mean()) < 0.8
    assert float(left.min()) >= 0.35
    assert (made[:, 3] <= whole[:, 3]).all()
    assert (made[:, :3] <= made[:, 3:] + 1e-6).all()


def test_figures_of_rods_are_mostly_gaps_and_end_before_the_frame() -> None:
    made = openings.rods(np.random.default_rng(8), discs(32))
    assert (made[:, :3] <= made[:, 3:] + 1e-6).all()
    cover = made[:, 3] > 0.5
    assert cover.any(2).any(1).all()
    filled = []
    for mask in cover.numpy().astype(np.uint8):
        hull = cv2.convexHull(cv2.findNonZero(mask))
        filled.append(mask.sum() / cv2.fillPoly(np.zeros_like(mask), [hull], 1).sum())
    assert float(np.median(filled)) < 0.55
    assert not made[:, 3, 0].any()


def test_compression_keeps_at_high_quality_and_costs_at_low() -> None:
    picture = torch.from_numpy(np.random.default_rng(1).random((2, 3, 64, 96), np.float32))
    kept = photo.compressed(picture, [98, 98])
    coarse = photo.compressed(picture, [10, 10])
    assert float((kept - picture).abs().mean()) < 0.012
    assert float((coarse - picture).abs().mean()) > 0.1


def test_a_blur_of_nothing_changes_nothing_and_a_wide_one_keeps_the_mean() -> None:
    picture = torch.zeros(2, 3, 64, 64)
    picture[:, :, 28:36, 28:36] = 1
    still, soft = photo.blurred(picture, [0.0, 3.0])
    assert torch.allclose(still, picture[0], atol=1e-6)
    assert float(soft.sum()) == pytest.approx(float(picture[1].sum()), rel=1e-3)
    assert float(soft.max()) < 0.9


def test_pictures_grow_during_a_run() -> None:
    sizes = [size_at(progress, 384) for progress in (0.0, 0.6, 0.7, 1.0)]
    assert sizes == [288, 288, 384, 384]


def disc() -> Sample:
    alpha = np.zeros((200, 300), np.uint8)
    cv2.circle(alpha, (180, 90), 40, 255, -1)
    rgb = np.repeat(alpha[..., None], 3, 2)
    return Sample(rgb, alpha)


def test_a_drawn_box_is_off_by_little() -> None:
    for seed in range(50):
        left, top, right, bottom = drawn_box(disc().alpha, np.random.default_rng(seed))
        assert np.abs(np.array([left, top, right, bottom]) - [140, 50, 221, 131]).max() <= 8


def test_without_a_box_its_plane_is_empty_and_with_one_it_is_a_rectangle() -> None:
    assert not automatic(disc(), (96, 64)).box.any()
    view = boxed(disc(), (96, 64), np.random.default_rng(1))
    rows, columns = np.flatnonzero(view.box.any(1)), np.flatnonzero(view.box.any(0))
    assert (view.box[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1] == 255).all()
    assert view.alpha[view.box == 0].mean() < 5


def test_a_scene_as_a_shot_keeps_its_pixels(tmp_path: Path) -> None:
    (path,) = scene_paths(scene(1, tmp_path).parent, EVERY)
    shot = as_shot(read_scene(path))
    assert (np.dstack([shot.rgb, shot.alpha]) == read_scene(path)).all()
