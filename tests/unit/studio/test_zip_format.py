"""The archive that is written to somebody who reads along, read by programs that did not write it."""

from __future__ import annotations

import io
import random
import shutil
import subprocess
import zipfile
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path

import pytest

from apps.studio.exports import zip_format
from apps.studio.exports.zip_format import Deflated, ZipWriter

MOMENT = datetime(2026, 11, 28, 5, 30, 9)
NOISE = random.Random(4).randbytes(2_500_000)


def written(entries: Iterator[tuple[str, bytes | Deflated]]) -> bytes:
    with ZipWriter(MOMENT) as archive:
        parts: list[bytes] = []
        for name, content in entries:
            if isinstance(content, Deflated):
                parts += archive.deflated(name, content)
            else:
                parts += archive.stored(name, content)
        parts += archive.end()
    assert max(len(part) for part in parts) <= zip_format.SLICE_BYTES
    return b"".join(parts)


def deflated(text: str) -> Deflated:
    found = Deflated()
    for line in text.splitlines(keepends=True):
        found.write(line)
    return found.end()


def test_pictures_come_back_as_they_were_and_text_is_smaller_on_the_way(tmp_path: Path) -> None:
    text = "one line, and one more\n" * 50_000
    names = ["a/picture.jpg", "淘宝/透明图.png", "empty.bin"]
    data = written(iter([(names[0], NOISE), (names[1], b"\x89PNG"), (names[2], b""), ("report.json", deflated(text))]))
    (tmp_path / "made.zip").write_bytes(data)
    archive = zipfile.ZipFile(tmp_path / "made.zip")
    assert archive.testzip() is None
    assert archive.namelist() == [*names, "report.json"]
    assert [archive.read(name) for name in archive.namelist()] == [NOISE, b"\x89PNG", b"", text.encode()]
    assert archive.infolist()[0].date_time == (2026, 11, 28, 5, 30, 8)
    assert archive.infolist()[3].compress_size < len(text) / 50
    assert not any(info.flag_bits & 0x08 for info in archive.infolist()), "sizes stand before the content"
    unzip = shutil.which("unzip")
    if unzip:
        done = subprocess.run([unzip, "-tqq", str(tmp_path / "made.zip")], capture_output=True, check=False)
        assert done.returncode == 0, done.stdout


def test_more_entries_than_the_plain_format_counts() -> None:
    count = 65_535 + 7
    archive = zipfile.ZipFile(io.BytesIO(written((f"{number}.txt", b"%d" % number) for number in range(count))))
    assert len(archive.namelist()) == count
    assert archive.read("65541.txt") == b"65541"


def test_what_lies_behind_the_first_four_gigabytes_is_found(tmp_path: Path) -> None:
    hole = 64 * 2**20
    with ZipWriter(MOMENT) as archive, (tmp_path / "large.zip").open("wb") as file:
        for part in archive.stored("first.bin", b"first"):
            file.write(part)
        # As if 4 GiB had come between, without their weight: what they would be is a hole in the file.
        archive._offset += 2**32
        file.seek(2**32, io.SEEK_CUR)
        for part in (*archive.stored("behind.bin", NOISE), *archive.end()):
            file.write(part)
    assert (tmp_path / "large.zip").stat().st_blocks * 512 < hole
    with zipfile.ZipFile(tmp_path / "large.zip") as found:
        assert found.getinfo("behind.bin").header_offset > 2**32
        assert found.read("behind.bin") == NOISE
        assert found.read("first.bin") == b"first"


def test_an_entry_of_four_gigabytes_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(zip_format, "_LIMIT_32", 1000)
    with ZipWriter(MOMENT) as archive, pytest.raises(ValueError, match="less than 4 GiB"):
        list(archive.stored("large.bin", bytes(1000)))


def test_only_the_central_directory_is_kept_and_a_large_one_lies_on_the_disk() -> None:
    with ZipWriter(MOMENT) as archive:
        for number in range(20_000):
            for _ in archive.stored(f"marketplace/product-{number:06d}.jpg", b"x"):
                pass
        kept = archive._directory
        assert archive._directory_bytes == 20_000 * (46 + len("marketplace/product-000000.jpg"))
        assert kept._rolled, "more than a mebibyte does not stay in memory"  # type: ignore[attr-defined]
    assert kept.closed
