from __future__ import annotations

import io
from collections.abc import Callable
from pathlib import Path

import pytest
from PIL import Image
from pytest_django import Settings

from apps.assets.decoding import take_in
from apps.assets.types import Intake

TakeIn = Callable[[bytes], Intake]


@pytest.fixture(autouse=True)
def quarantine(settings: Settings, tmp_path: Path) -> Path:
    settings.QUARANTINE_DIR = tmp_path / "quarantine"
    return settings.QUARANTINE_DIR


@pytest.fixture
def take(tmp_path: Path) -> TakeIn:
    """Ingest these bytes without extra renditions."""

    def run(data: bytes) -> Intake:
        path = tmp_path / "sent"
        path.write_bytes(data)
        with path.open("rb") as file:
            return take_in(file, size_bytes=len(data), specs=())

    return run


def opened(intake: Intake) -> Image.Image:
    """The clean copy, as a reader sees it."""
    picture = Image.open(io.BytesIO(intake.clean.data), formats=["PNG"])
    picture.load()
    return picture
