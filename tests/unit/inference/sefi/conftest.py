"""Tiny checkpoints, and one thread: the networks are so small that more only get in each other's way."""

from __future__ import annotations

from pathlib import Path

import pytest

from inference.engines.sefi.pipeline import SeFiPipeline
from tests.checkpoints.quiet import _quiet_and_small  # noqa: F401 - an autouse fixture
from tests.checkpoints.sefi import tiny_pipeline, write_tiny_checkpoint


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
