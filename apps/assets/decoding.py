"""Runs ``isolated/picture.py`` on one file and believes nothing that it says beyond sizes it can check.

Each picture gets a process of its own: started in about 30 ms, with 2 GB of memory, 10 s of processor time, no
environment, no open file but its three streams. When a decoder is broken by a file, that process is all that breaks.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any

from django.conf import settings

from apps.assets.formats import HEAD_BYTES, detect
from apps.assets.types import Intake, Picture, Spec
from apps.core.errors import InvalidInput, Unavailable
from apps.core.tenancy import let_go_of_connection

SCRIPT = Path(__file__).parent / "isolated" / "picture.py"
WALL_S = 60.0
TURN_S = 60.0
NO_SPACE_STATUS = 75
MIN_SIDE_PX = 64
MAX_SIDE_PX = 30_000

MOST_WAITING = 48
_queue = threading.BoundedSemaphore(MOST_WAITING)
_turns = threading.BoundedSemaphore(max(2, os.cpu_count() or 2))


def take_in(source: IO[bytes], *, size_bytes: int, specs: Sequence[Spec]) -> Intake:
    """The clean copy of an uploaded file and its first renditions.

    Args:
        source: a seekable binary file with a file descriptor; read by another process, from the start.

    Raises:
        InvalidInput: the file is not a picture that we take; the code says why.
        Unavailable: ``assets.busy`` or ``assets.storage_full``; the file itself may be fine.
    """
    if size_bytes > settings.UPLOAD_MAX_BYTES:
        raise InvalidInput("assets.too_big", limit_mb=settings.UPLOAD_MAX_BYTES // 2**20)
    source.seek(0)
    name = detect(source.read(HEAD_BYTES))
    limits = {"max_pixels": settings.UPLOAD_MAX_PIXELS, "max_side": MAX_SIDE_PX, "min_side": MIN_SIDE_PX}
    report, files = _run(source, {"format": name, "clean": True, "specs": _plain(specs), **limits})
    clean_type = "image/webp" if files.startswith(b"RIFF") else "image/png"  # the clean copy comes first
    pictures = _pictures(report, files, {"clean": clean_type, **{spec.name: spec.content_type for spec in specs}})
    return Intake(
        format=name,
        clean=pictures.pop("clean"),
        renditions=pictures,
        profile=str(report["profile"]),
        orientation=int(report["orientation"]),
    )


def derive(data: bytes, *, content_type: str, specs: Sequence[Spec]) -> dict[str, Picture]:
    """Renditions of a stored picture by spec name. Raises like ``take_in``."""
    limits = {"max_pixels": 4 * settings.UPLOAD_MAX_PIXELS, "max_side": 65_535, "min_side": 1}
    name = content_type.removeprefix("image/").upper()
    with tempfile.TemporaryFile(dir=quarantine_folder()) as source:
        with _disk_faults():
            source.write(data)
            source.flush()
        report, files = _run(source, {"format": name, "clean": False, "specs": _plain(specs), **limits})
    return _pictures(report, files, {spec.name: spec.content_type for spec in specs})


def report_on(source: IO[bytes], *, script: Path, job: dict[str, Any]) -> dict[str, Any]:
    """What another isolated script says of an untrusted file; it writes no files. Raises like ``take_in``.

    Args:
        source: a binary file with a file descriptor; read by another process, from the start.
        script: takes ``job`` as its argument and answers like ``isolated/picture.py``.
    """
    with _turn(), tempfile.TemporaryFile(dir=quarantine_folder()) as output:
        return _report(source, output, job, script)


def quarantine_folder() -> Path:
    """Where unchecked bytes lie on this machine; readable by nobody else."""
    folder = Path(settings.QUARANTINE_DIR)
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    return folder


def _plain(specs: Sequence[Spec]) -> list[dict[str, Any]]:
    return [{"name": s.name, "format": s.format, "width": s.width, "quality": s.quality} for s in specs]


def _run(source: IO[bytes], job: dict[str, Any]) -> tuple[dict[str, Any], bytes]:
    with _turn(), tempfile.TemporaryFile(dir=quarantine_folder()) as output:
        report = _report(source, output, job, SCRIPT)
        if "error" in report:
            raise InvalidInput(str(report["error"]), **{str(k): int(v) for k, v in report["params"].items()})
        output.seek(0)
        return report, output.read()


def _report(source: IO[bytes], output: IO[bytes], job: dict[str, Any], script: Path) -> dict[str, Any]:
    os.lseek(source.fileno(), 0, os.SEEK_SET)
    with subprocess.Popen(
        [sys.executable, "-I", str(script), json.dumps(job)],
        stdin=source,
        stdout=output,
        stderr=subprocess.PIPE,
        env={},
        cwd="/",
        start_new_session=True,
    ) as process:
        try:
            _, said = process.communicate(timeout=WALL_S)
        except subprocess.TimeoutExpired as error:
            # The limit on processor time ends what is too much work; who is still here has waited for a processor.
            raise Unavailable("assets.busy") from error
        finally:
            process.kill()
    if process.returncode == NO_SPACE_STATUS:
        raise Unavailable("assets.storage_full")
    if process.returncode < 0 or b"MemoryError" in said:
        raise InvalidInput("assets.too_complex")
    if process.returncode > 0:
        raise InvalidInput("assets.damaged")
    return dict(json.loads(said))


def _pictures(report: dict[str, Any], files: bytes, content_types: dict[str, str]) -> dict[str, Picture]:
    pictures: dict[str, Picture] = {}
    start = 0
    for entry in report["files"]:
        end = start + int(entry["size"])
        content_type = content_types[entry["name"]]
        pictures[entry["name"]] = Picture(files[start:end], content_type, int(entry["width"]), int(entry["height"]))
        start = end
    if start != len(files) or set(pictures) != set(content_types):
        raise InvalidInput("assets.damaged")
    return pictures


@contextmanager
def _turn() -> Iterator[None]:
    """At most as many decoders at once as there are cores: each may take 2 GB. Few wait, without a connection."""
    let_go_of_connection()
    if not _queue.acquire(blocking=False):
        raise Unavailable("assets.busy")
    try:
        if not _turns.acquire(timeout=TURN_S):
            raise Unavailable("assets.busy")
        try:
            yield
        finally:
            _turns.release()
    finally:
        _queue.release()


@contextmanager
def _disk_faults() -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise Unavailable("assets.storage_full") from error
