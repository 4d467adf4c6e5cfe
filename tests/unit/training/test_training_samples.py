"""What the network is shown: products on other grounds, boxes as hands draw them."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import pytest

from inference.training.cutout_net.samples import CANVAS_PX, Sample, Source, as_shot, sample
from inference.training.cutout_net.views import automatic, boxed, drawn_box


def scene(seed: int, folder: Path) -> None:
    rng = np.random.default_rng(seed)
    picture = np.full((120, 160, 4), (200, 210, 220, 0), np.uint8)
    middle = (int(rng.integers(60, 100)), int(rng.integers(45, 75)))
    cv2.circle(picture, middle, 28, (30, 60, int(rng.integers(90, 255)), 255), -1, cv2.LINE_AA)
    cv2.imwrite(str(folder / f"{seed:07d}.png"), picture)


@pytest.fixture
def source(tmp_path: Path) -> Source:
    for seed in (1, 2, 3, 900):
        scene(seed, tmp_path)
    found = Source(tmp_path, first=0, stop=900)
    found.refresh()
    return found


def test_a_source_reads_its_own_seeds_and_finds_new_ones(source: Source, tmp_path: Path) -> None:
    assert len(source.scenes) == 3
    scene(4, tmp_path)
    assert source.refresh() == 4


def test_samples_are_pictures_with_a_product_and_follow_their_seed(source: Source) -> None:
    for seed in range(30):
        made = sample(source, np.random.default_rng(seed))
        assert made.rgb.shape == (CANVAS_PX, CANVAS_PX, 3)
        assert made.alpha.shape == (CANVAS_PX, CANVAS_PX)
        assert (made.alpha > 127).mean() > 0.01
    first, again = (sample(source, np.random.default_rng(7)) for _ in range(2))
    assert (first.rgb == again.rgb).all()
    assert (first.alpha == again.alpha).all()


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


def test_a_scene_as_a_shot_keeps_its_pixels(source: Source) -> None:
    shot = as_shot(source.scenes[0])
    assert (np.dstack([shot.rgb, shot.alpha]) == source.scenes[0]).all()
