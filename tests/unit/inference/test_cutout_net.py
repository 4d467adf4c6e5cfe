"""The network that comes with the library: its weights are verified, its answers repeatable, its doubts spoken."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from inference.engines.cutout_net.engine import CutoutNetEngine
from inference.engines.cutout_net.model import CARD, WEIGHTS, Model, sure, verified
from inference.errors import EngineUnavailable
from inference.ports import CutoutOptions
from inference.registry import cutout_engine_names
from inference.types import Box, no_progress
from tests.bench.drawn_photos import draw

MOST_BYTES = 10_500_000


@pytest.fixture
def files(tmp_path: Path) -> tuple[Path, Path]:
    return Path(shutil.copy(WEIGHTS, tmp_path)), Path(shutil.copy(CARD, tmp_path))


def engine_of(files: tuple[Path, Path]) -> CutoutNetEngine:
    return CutoutNetEngine(CutoutOptions(), weights=files[0], card=files[1])


def test_the_weights_that_ship_are_whole_and_small() -> None:
    data, about = verified(WEIGHTS, CARD)
    assert len(data) == json.loads(CARD.read_text(encoding="utf-8"))["bytes"] <= MOST_BYTES
    assert 96 <= about["working_px"] <= 640
    assert [len(about["confidence"][mode]) for mode in ("auto", "box")] == [3, 2]


def test_it_is_registered_and_available_without_any_download() -> None:
    assert "cutout_net" in cutout_engine_names()
    assert CutoutNetEngine(CutoutOptions()).status().available


def test_the_same_photo_gives_the_same_cutout() -> None:
    photo = draw("bottle", "paper")
    first, again = (CutoutNetEngine(CutoutOptions()).cut(photo.rgb, box=Box(*photo.box())) for _ in range(2))
    assert first.engine == "cutout_net"
    assert (first.alpha == again.alpha).all()
    assert (first.rgb == again.rgb).all()
    assert first.confidence == again.confidence


def test_the_product_in_the_box_is_found_and_its_pixels_are_the_photos() -> None:
    photo = draw("bottle", "paper")
    made = CutoutNetEngine(CutoutOptions()).cut(photo.rgb, box=Box(*photo.box()), on_progress=no_progress)
    ours, truth = made.alpha > 127, photo.alpha > 127
    assert np.count_nonzero(ours & truth) > 0.85 * np.count_nonzero(ours | truth)
    assert (made.rgb[made.alpha == 255] == photo.rgb[made.alpha == 255]).all()


def test_a_picture_of_any_shape_is_answered_in_its_proportions() -> None:
    wide = np.full((100, 300, 3), 128, np.uint8)
    answer = Model().look(wide, view=Box(0, 0, 300, 100), box=None)
    assert answer.probability.shape[1] > 2 * answer.probability.shape[0]
    assert 0 <= answer.probability.min() <= answer.probability.max() <= 1
    assert 0 <= answer.quality <= 1


def test_damaged_weights_are_refused_with_what_to_do(files: tuple[Path, Path]) -> None:
    damaged = bytearray(files[0].read_bytes())
    damaged[len(damaged) // 2] ^= 1
    files[0].write_bytes(damaged)
    with pytest.raises(EngineUnavailable, match=r"SHA-256.*install the package again") as caught:
        engine_of(files).warm()
    assert caught.value.code == "cutout.weights_corrupt"


def test_missing_weights_are_known_before_anything_is_loaded(files: tuple[Path, Path]) -> None:
    files[0].unlink()
    status = engine_of(files).status()
    assert not status.available
    assert "weights.onnx" in status.reason
    with pytest.raises(EngineUnavailable) as caught:
        engine_of(files).warm()
    assert caught.value.code == "cutout.weights_missing"


def test_importing_the_engine_loads_neither_onnxruntime_nor_numba() -> None:
    code = (
        "import sys, inference.engines.cutout_net.engine; print({'onnxruntime', 'numba', 'torch'} & set(sys.modules))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=60)
    assert done.stdout.strip() == "set()"


def test_confidence_grows_with_what_speaks_for_it() -> None:
    weights = [-4.0, 3.0, 2.0]
    assert sure(weights, [0.0, 0.0]) == pytest.approx(1 / (1 + np.exp(4)))
    assert sure(weights, [0.9, 0.9]) > sure(weights, [0.9, 0.2]) > sure(weights, [0.2, 0.2])


def test_a_doubtful_cutout_asks_for_a_box(files: tuple[Path, Path]) -> None:
    about = json.loads(files[1].read_text(encoding="utf-8"))
    photo = draw("bottle", "paper")
    for bias, warned in ((-9.0, True), (9.0, False)):
        files[1].write_text(json.dumps(about | {"confidence": {"auto": [bias, 0.0, 0.0], "box": [bias, 0.0]}}))
        made = engine_of(files).cut(photo.rgb, box=Box(*photo.box()))
        assert ("low_confidence" in made.warnings) == warned
