"""Photos as phones write them, where the extra of `infra/requirements/heic.txt` is installed."""

from __future__ import annotations

import io
from typing import Any

import numpy as np
import pytest
from PIL import Image

from apps.core.errors import InvalidInput
from tests.unit.assets import pictures as made
from tests.unit.assets.conftest import TakeIn, opened

heif = pytest.importorskip(
    "pillow_heif", reason="the HEIC extra is not installed: python3 -m infra.local.bootstrap base heic"
)


def heic_of(picture: Image.Image, *more: Image.Image, **options: Any) -> bytes:
    """A file without losses (in YCbCr, so within rounding), made by the extra's own encoder."""
    out = io.BytesIO()
    written = heif.from_pillow(picture)
    for page in more:
        written.add_from_pillow(page)
    written.save(out, quality=-1, chroma=444, **options)
    return out.getvalue()


def difference(picture: Image.Image, expected: Image.Image) -> int:
    assert picture.size == expected.size
    return int(np.abs(np.asarray(picture).astype(int) - np.asarray(expected).astype(int)).max())


def test_a_heic_photo_keeps_its_pixels_and_nothing_else(take: TakeIn) -> None:
    sent = heic_of(made.gradient(), exif=made.exif_with(1, description="SECRET-CAMERA", with_place=True))
    assert b"SECRET-CAMERA" in sent
    intake = take(sent)
    assert intake.format == "HEIF"
    assert difference(opened(intake), made.gradient()) <= 3
    assert set(made.chunks_of(intake.clean.data)) == {b"IHDR", b"IDAT", b"IEND"}


def test_a_heic_photo_is_turned_upright_once(take: TakeIn) -> None:
    lying = made.corners().transpose(Image.Transpose.ROTATE_90)
    intake = take(heic_of(lying, exif=made.exif_with(6)))
    assert difference(opened(intake), made.corners()) <= 3


def test_of_several_pictures_in_a_file_the_main_one_is_taken(take: TakeIn) -> None:
    small = Image.new("RGB", (80, 80), (200, 30, 30))
    intake = take(heic_of(small, made.gradient(), primary_index=1))
    assert difference(opened(intake), made.gradient()) <= 3


def test_half_a_heic_file_is_refused(take: TakeIn) -> None:
    whole = heic_of(made.gradient())
    with pytest.raises(InvalidInput) as refused:
        take(whole[: len(whole) // 2])
    assert refused.value.code == "assets.damaged"


def test_a_heic_photo_with_too_many_pixels_is_refused_by_its_header(take: TakeIn, settings: Any) -> None:
    settings.UPLOAD_MAX_PIXELS = made.SIZE[0] * made.SIZE[1] - 1
    with pytest.raises(InvalidInput) as refused:
        take(heic_of(made.gradient()))
    assert refused.value.code == "assets.too_many_pixels"
