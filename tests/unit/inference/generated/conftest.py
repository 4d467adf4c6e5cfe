"""Tiny weights that read long prompts, and a product to put into scenes."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from inference.generation import GenerateOptions
from inference.types import U8, Cutout
from tests.checkpoints.klein import write_tiny_klein
from tests.checkpoints.quiet import _quiet_and_small  # noqa: F401 - an autouse fixture
from tests.checkpoints.sefi import write_tiny_checkpoint
from tests.unit.inference.generated.painted import Painted

TOKENS = 480


@pytest.fixture(scope="session")
def options(tmp_path_factory: pytest.TempPathFactory) -> GenerateOptions:
    folder = tmp_path_factory.mktemp("weights")
    write_tiny_checkpoint(folder / "sefi-1b-turbo", "turbo", max_sequence_length=TOKENS)
    write_tiny_klein(folder / "flux2-klein-4b")
    return GenerateOptions(weights_dir=Path(folder), accepted_licences=frozenset({"CC-BY-NC-4.0"}), device="cpu")


@pytest.fixture
def photo() -> U8:
    """A red box with a pale label, on grey."""
    picture = np.full((300, 200, 3), 220, np.uint8)
    picture[40:260, 60:140] = (180, 40, 30)
    picture[60:120, 80:120] = (240, 240, 200)
    return picture


@pytest.fixture
def cutout(photo: U8) -> Cutout:
    alpha = np.zeros((300, 200), np.uint8)
    alpha[40:260, 60:140] = 255
    return Cutout(photo, alpha, "test", 1.0)


@pytest.fixture
def painted(monkeypatch: pytest.MonkeyPatch) -> Painted:
    model = Painted()
    monkeypatch.setattr("inference.pipelines.generated.shot.generator", lambda name, options: model)
    return model
