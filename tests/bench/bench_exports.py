"""What exports cost: one file of each kind on one core, and the memory of a ZIP with hundreds of files."""

from __future__ import annotations

import io
import os
import statistics
import tempfile
import time
import tracemalloc
import zipfile
from collections.abc import Callable, Iterable
from itertools import pairwise
from pathlib import Path
from typing import Any

import cv2
from PIL import Image

from inference.ops.certificate import make_identity, root_of
from inference.pipelines.export import Rendered, Target, render_scene, render_white, write_file
from inference.pipelines.file_check import check_file
from inference.pipelines.product_shot import make_shot
from inference.pipelines.rules import Rule
from inference.types import ShotSpec
from tests.bench.bench_shot import rendered_product

SIZE_PX = 1200
FILES, FILE_BYTES = 600, 1_500_000
_NAMES = ("exports.white_cpu_s", "exports.psd_cpu_s", "exports.psd_max_diff", "exports.zip_memory_mb")


def run(only: str | None) -> Iterable[dict[str, Any]]:
    """Figures: ``exports.white_cpu_s``, ``exports.psd_cpu_s``, ``exports.psd_max_diff``, ``exports.zip_memory_mb``."""
    wanted = only or ""
    if not any(name.startswith(wanted) for name in _NAMES):
        return
    cv2.setNumThreads(1)
    if any(name.startswith(wanted) for name in _NAMES[:3]):
        yield from _files()
    if _NAMES[3].startswith(wanted):
        yield _zip()


def _files() -> Iterable[dict[str, Any]]:
    photo, cutout = rendered_product()
    shot = make_shot(photo, cutout, ShotSpec("plinth", SIZE_PX, SIZE_PX, seed=1))
    main = Target("white", "jpeg", width=SIZE_PX, height=SIZE_PX, max_bytes=300_000)
    layers = Target("layers", "psd")
    white = _measured(lambda: render_white(photo, cutout, main, shadow=True), main, [])
    yield {"name": "exports.white_cpu_s", "unit": "s", **white}
    rules = [Rule("layers_match", 0)]
    psd = _measured(lambda: render_scene(photo, cutout, shot.recipe, layers), layers, rules)
    found = psd.pop("checks")[0].found
    yield {"name": "exports.psd_cpu_s", "unit": "s", **psd}
    yield {"name": "exports.psd_max_diff", "unit": "of 255", "value": max(found.values()), **found}


def _measured(render: Callable[[], Rendered], target: Target, rules: list[Rule]) -> dict[str, Any]:
    """CPU seconds for rendering, writing and signing, and checking; the median of three."""
    identity, photo_file = make_identity(), io.BytesIO()
    Image.fromarray(rendered_product()[0]).save(photo_file, "PNG", compress_level=1)
    spent = []
    for _ in range(3):
        marks = [time.process_time()]
        rendered = render()
        marks.append(time.process_time())
        file = write_file(
            rendered,
            target,
            name=f"a.{'psd' if target.kind == 'layers' else 'jpg'}",
            profile="bench",
            identity=identity,
            photo=photo_file.getvalue(),
            photo_type="image/png",
        )
        marks.append(time.process_time())
        report = check_file(
            file.data,
            rules,
            name="a.psd" if target.kind == "layers" else "a.jpg",
            trust_pem=root_of(identity.chain_pem),
            sidecar=file.sidecar,
            master=rendered.pixels,
            mask=rendered.mask,
        )
        marks.append(time.process_time())
        spent.append([round(b - a, 3) for a, b in pairwise(marks)])
    parts = [round(statistics.median(column), 3) for column in zip(*spent, strict=True)]
    steps = dict(zip(("render_s", "write_s", "check_s"), parts, strict=True))
    result = {"value": round(sum(parts), 3), **steps, "size_bytes": len(file.data), "passed": report.passed}
    return {**result, "checks": report.checks} if rules else result


class _FromDisk:
    def __init__(self, name: str, path: Path) -> None:
        self.name, self._path = name, path

    def read(self) -> bytes:
        return self._path.read_bytes()


def _zip() -> dict[str, Any]:
    """Peak of what Python holds while ten and six hundred files pass through."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "apps.config.settings.test")
    import django

    django.setup()
    from apps.studio.exports.archive import zip_chunks

    with tempfile.TemporaryDirectory() as folder:
        source = Path(folder) / "file"
        source.write_bytes(os.urandom(FILE_BYTES))
        peaks = {}
        for count in (10, FILES):
            tracemalloc.start()
            total = sum(len(part) for part in zip_chunks(_FromDisk(f"{i:04}.jpg", source) for i in range(count)))
            peaks[count] = tracemalloc.get_traced_memory()[1] / 2**20
            tracemalloc.stop()
        whole = io.BytesIO(b"".join(zip_chunks(_FromDisk(f"{i}.jpg", source) for i in range(3))))
        assert zipfile.ZipFile(whole).testzip() is None
    return {
        "name": "exports.zip_memory_mb",
        "value": round(peaks[FILES], 2),
        "unit": "MiB",
        "with_10_files": round(peaks[10], 2),
        "files": FILES,
        "zip_mb": round(total / 2**20),
    }
