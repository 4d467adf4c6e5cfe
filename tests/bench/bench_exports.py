"""What exports cost: one file of each kind on one core, and the memory of a ZIP with hundreds of files."""

from __future__ import annotations

import asyncio
import io
import os
import statistics
import tempfile
import time
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
FILES, FILE_BYTES = 500, 600_000
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
    """What the process grows by while 500 different files leave it as one ZIP, in the response that browsers get.

    Ten files go first: what modules and allocators take once is no cost of a file.
    """
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "apps.config.settings.test")
    import django

    django.setup()
    with tempfile.TemporaryDirectory() as folder:
        paths = [Path(folder) / f"{number:04}.jpg" for number in range(FILES)]
        for path in paths:
            path.write_bytes(os.urandom(FILE_BYTES))
        asyncio.run(_sent(paths[:10]))
        before = resident_mb()
        began = time.perf_counter()
        total, peak, checked = asyncio.run(_sent(paths))
        spent = time.perf_counter() - began
    assert checked == FILES, "the archive holds every file, whole"
    return {
        "name": "exports.zip_memory_mb",
        "value": round(peak - before, 2),
        "unit": "MiB",
        "resident_before_mb": round(before, 1),
        "resident_most_mb": round(peak, 1),
        "files": FILES,
        "zip_mb": round(total / 2**20),
        "s": round(spent, 2),
    }


async def _sent(paths: list[Path]) -> tuple[int, float, int]:
    """Bytes of the archive of ``paths``, the most memory on the way, and how many files it held unharmed."""
    from apps.studio.exports.archive import zip_response

    response = zip_response([_FromDisk(path.name, path) for path in paths], file_name="bench.zip")
    peak, total = resident_mb(), 0
    with tempfile.NamedTemporaryFile(suffix=".zip") as received:
        async for chunk in response.streaming_content:  # type: ignore[union-attr]
            peak = max(peak, resident_mb())
            total += received.write(chunk)
        received.flush()
        with zipfile.ZipFile(received.name) as archive:
            checked = len(archive.namelist()) if archive.testzip() is None else 0
    return total, peak, checked


def resident_mb() -> float:
    """Memory of this process that is really there, MiB."""
    status = Path("/proc/self/status").read_text(encoding="ascii")
    line = next(line for line in status.splitlines() if line.startswith("VmRSS:"))
    return int(line.split()[1]) / 1024
