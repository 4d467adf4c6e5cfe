"""How long it takes from the bytes of a photo to its clean copy and first renditions, its own process included."""

from __future__ import annotations

import io
import os
import statistics
import tempfile
import time
from collections.abc import Iterable
from typing import Any

import numpy as np
from PIL import Image

ROUNDS = 5
_NAMES = ("assets.ingest_12mp_s", "assets.ingest_50mp_s", "assets.rendition_1280_s")


def run(only: str | None) -> Iterable[dict[str, Any]]:
    """Figures: ``assets.ingest_12mp_s``, ``assets.ingest_50mp_s``, ``assets.rendition_1280_s``."""
    wanted = [name for name in _NAMES if name.startswith(only or "")]
    if not wanted:
        return
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "apps.config.settings.test")
    from apps.assets.decoding import derive, take_in
    from apps.assets.types import INTAKE_SPECS, SPECS

    def ingest(data: bytes) -> None:
        with tempfile.TemporaryFile() as file:
            file.write(data)
            file.flush()
            take_in(file, size_bytes=len(data), specs=INTAKE_SPECS)

    if _NAMES[0] in wanted:
        photo = drawn_photo(4000, 3000)
        yield _figure(_NAMES[0], lambda: ingest(photo), sent_kb=len(photo) // 1000)
    if _NAMES[1] in wanted:
        large = drawn_photo(8160, 6120)
        yield _figure(_NAMES[1], lambda: ingest(large), sent_kb=len(large) // 1000)
    if _NAMES[2] in wanted:
        stored = drawn_photo(4000, 3000, "PNG", compress_level=1)
        yield _figure(_NAMES[2], lambda: derive(stored, content_type="image/png", specs=[SPECS["webp-1280"]]))


def drawn_photo(width: int, height: int, file_format: str = "JPEG", **options: Any) -> bytes:
    """Soft shapes with the grain of a phone camera."""
    rng = np.random.default_rng(3)
    small = rng.integers(30, 220, (height // 200, width // 200, 3), dtype=np.uint8)
    soft = np.asarray(Image.fromarray(small).resize((width, height), Image.Resampling.BICUBIC)).astype(np.int16)
    grain = rng.integers(-4, 5, (height, width, 1), dtype=np.int16)
    out = io.BytesIO()
    picture = Image.fromarray(np.clip(soft + grain, 0, 255).astype(np.uint8))
    picture.save(out, file_format, **(options or {"quality": 92}))
    return out.getvalue()


def _figure(name: str, work: Any, **more: Any) -> dict[str, Any]:
    times = []
    for _ in range(ROUNDS):
        begin = time.perf_counter()
        work()
        times.append(time.perf_counter() - begin)
    worst = round(max(times), 3)
    return {"name": name, "value": round(statistics.median(times), 3), "unit": "s", "max": worst, **more}
