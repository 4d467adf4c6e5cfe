"""What a worker keeps in memory between two shots of one product."""

from __future__ import annotations

import io

import numpy as np
import pytest
from PIL import Image

from apps.studio.pictures import PictureCache, Recent, decode, encode_png, frozen


def test_things_are_made_once_and_the_oldest_is_forgotten() -> None:
    made: list[str] = []
    kept: Recent[str] = Recent(most=2)

    def get(key: str) -> str:
        return kept.get_or_make(key, lambda: made.append(key) or key.upper())  # type: ignore[func-returns-value]

    assert [get(key) for key in ("a", "b", "a", "c", "a", "b")] == ["A", "B", "A", "C", "A", "B"]
    assert made == ["a", "b", "c", "b"]


def test_a_frozen_picture_is_its_own_and_can_not_be_written_to() -> None:
    whole = np.arange(48, dtype=np.uint8).reshape(4, 4, 3)
    part = frozen(whole[1:, :, ::-1])
    whole[:] = 0
    assert part.base is None
    assert part.flags.c_contiguous
    assert not part.flags.writeable
    assert part[0, 0].tolist() == [14, 13, 12]


def test_a_decoded_picture_is_shared_read_only() -> None:
    picture = np.random.default_rng(3).integers(0, 256, (9, 7, 3), dtype=np.uint8)
    kept = PictureCache(most=1)
    first = kept.get("a", lambda: encode_png(picture))
    assert np.array_equal(first, picture)
    assert np.array_equal(decode(encode_png(picture)), picture)
    assert kept.get("a", lambda: b"never read") is first
    assert not first.flags.writeable


def test_of_large_pictures_fewer_are_kept_and_always_the_last_one() -> None:
    made: list[str] = []
    kept = PictureCache(most=9, most_bytes=100)

    def get(key: str, side_px: int) -> None:
        kept.get_or_make(key, lambda: made.append(key) or np.zeros((side_px, side_px, 3), np.uint8))  # type: ignore[func-returns-value]

    for key, side_px in (("a", 4), ("b", 4), ("a", 4), ("large", 9), ("large", 9), ("a", 4)):
        get(key, side_px)
    assert made == ["a", "b", "large", "a"]


@pytest.mark.parametrize("channels", [3, 4])
def test_a_large_photo_which_is_kept_as_webp_is_decoded_exactly(channels: int) -> None:
    picture = np.random.default_rng(4).integers(0, 256, (40, 60, channels), dtype=np.uint8)
    picture[:9, :, -1] = 0  # clear rows, whose colour has to stay as well
    file = io.BytesIO()
    Image.fromarray(picture).save(file, "WEBP", lossless=True, exact=True, method=0, quality=0)
    assert np.array_equal(decode(file.getvalue()), picture)
