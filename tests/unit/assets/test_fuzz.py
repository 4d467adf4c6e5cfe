"""Thousands of slightly broken files: each is taken or refused with a code that has a sentence. Seeds are fixed.

ASSETS_FUZZ_FILES raises the number for a long run.
"""

from __future__ import annotations

import io
import os
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from apps.assets.decoding import take_in
from apps.core.errors import InvalidInput
from apps.core.sentences import SENTENCES
from tests.unit.assets import pictures as made

FILES = int(os.environ.get("ASSETS_FUZZ_FILES", "320"))
SOURCES = {
    "jpeg": lambda: made.saved(made.gradient(), "JPEG", exif=made.exif_with(6, description="x"), icc_profile=made.P3),
    "progressive jpeg": lambda: made.saved(made.gradient("CMYK"), "JPEG", progressive=True),
    "png": lambda: made.saved(made.gradient("RGBA"), "PNG", icc_profile=made.ADOBE_RGB),
    "palette png": lambda: made.saved(made.gradient().quantize(16), "PNG", transparency=3),
    "webp": lambda: made.saved(made.gradient("RGBA"), "WEBP", exif=made.exif_with(3)),
    "lossless webp": lambda: made.saved(made.gradient(), "WEBP", lossless=True),
    "avif": lambda: made.saved(made.gradient("RGBA"), "AVIF", exif=made.exif_with(8)),
    "tiff": lambda: made.saved(made.gradient(), "TIFF", compression="tiff_lzw", icc_profile=made.P3),
    "plain tiff": lambda: made.saved(made.gradient("LA"), "TIFF"),
    "bmp": lambda: made.saved(made.gradient("P"), "BMP"),
}


def mutated(data: bytes, rng: np.random.Generator) -> bytes:
    """A few bytes changed, dropped, doubled or moved, more often near the front, where the headers are."""
    broken = bytearray(data)
    for _ in range(int(rng.integers(1, 8))):
        at = int(min(rng.random() ** 2.5, 0.999999) * len(broken))
        match int(rng.integers(0, 6)):
            case 0:
                broken[at] = int(rng.integers(0, 256))
            case 1:
                broken[at] ^= 1 << int(rng.integers(0, 8))
            case 2:
                broken[at : at + 4] = rng.choice([b"\0\0\0\0", b"\xff\xff\xff\xff", b"\x7f\xff\xff\xff"])
            case 3:
                del broken[at : at + int(rng.integers(1, 40))]
            case 4:
                broken[at:at] = broken[at : at + int(rng.integers(1, 200))]
            case _:
                broken[at:at] = rng.bytes(int(rng.integers(1, 30)))
        if len(broken) < 16:
            break
    return bytes(broken)


def outcome(data: bytes, path: Path) -> str:
    """``taken`` or the code of the refusal; anything else is a crash and goes up."""
    path.write_bytes(data)
    with path.open("rb") as file:
        try:
            intake = take_in(file, size_bytes=len(data), specs=())
        except InvalidInput as error:
            return error.code
    picture = Image.open(io.BytesIO(intake.clean.data), formats=["PNG"])
    picture.load()
    assert picture.mode in ("RGB", "RGBA")
    assert picture.size == (intake.clean.width, intake.clean.height)
    return "taken"


@pytest.mark.parametrize("source", SOURCES)
def test_a_broken_file_is_taken_or_refused_and_never_a_crash(source: str, tmp_path: Path) -> None:
    data = SOURCES[source]()
    rng = np.random.default_rng(sorted(SOURCES).index(source))
    files = [mutated(data, rng) for _ in range(FILES // len(SOURCES))]
    with ThreadPoolExecutor(2) as pool:
        outcomes = list(pool.map(lambda n: outcome(files[n], tmp_path / str(n)), range(len(files))))
    assert set(outcomes) <= {"taken", *SENTENCES}
    assert set(outcomes) != {"taken"}, "the mutations break nothing"
