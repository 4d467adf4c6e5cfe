"""Tiny checkpoints, and one thread: the networks are so small that more only get in each other's way."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
import torch
import transformers

from inference.engines.sefi.pipeline import SeFiPipeline
from tests.checkpoints.sefi import tiny_pipeline, write_tiny_checkpoint


@pytest.fixture(autouse=True, scope="session")
def _quiet_and_small() -> Iterator[None]:
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    transformers.utils.logging.disable_progress_bar()
    yield
    torch.set_num_threads(threads)


@pytest.fixture(scope="session")
def base() -> SeFiPipeline:
    """A Base checkpoint: guidance, any number of steps."""
    return tiny_pipeline("base")


@pytest.fixture(scope="session")
def turbo() -> SeFiPipeline:
    """A Turbo checkpoint: 4, 8 or 10 steps."""
    return tiny_pipeline("turbo")


@pytest.fixture(scope="session")
def checkpoint(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The Turbo checkpoint as a folder. Tests that change it work on a copy."""
    return write_tiny_checkpoint(tmp_path_factory.mktemp("checkpoints") / "tiny-turbo", "turbo")
