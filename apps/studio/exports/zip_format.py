"""The ZIP format, written to somebody who reads along (PKWARE APPNOTE 6.3.10; ``zipfile`` keeps every entry in memory).

A local header names size and checksum before the content, so the archive can also be unpacked while it arrives. What
the central directory needs of an entry, 46 bytes and its name, 12 more behind the first 4 GiB, waits in a
temporary file. Zip64 records appear where the plain ones end: 65,535 entries, 4 GiB.
"""

from __future__ import annotations

import struct
import tempfile
import zlib
from collections.abc import Iterator
from datetime import datetime
from typing import IO, Self

from apps.assets.decoding import quarantine_folder

SLICE_BYTES = 1 << 20
IN_MEMORY_BYTES = 1 << 20
"""Of the central directory, and of each text that waits; what is more lies on the disk."""

STORED, DEFLATED = 0, 8
_LIMIT_16, _LIMIT_32 = 0xFFFF, 0xFFFFFFFF
_PLAIN_VERSION, _ZIP64_VERSION = 20, 45
_UTF8_NAME = 0x800
_MADE_ON_UNIX = 3 << 8
_ORDINARY_FILE = 0o100644 << 16
_LOCAL = struct.Struct("<4s5H3I2H")
_CENTRAL = struct.Struct("<4s6H3I5H2I")
_END64 = struct.Struct("<4sQ2H2I4Q")
_END64_LOCATOR = struct.Struct("<4sIQI")
_END = struct.Struct("<4s4H2IH")


class Deflated:
    """Text of any length that waits, compressed, in a temporary file until its turn in the archive has come."""

    def __init__(self) -> None:
        self._file = _scratch()
        self._compressor = zlib.compressobj(6, zlib.DEFLATED, -zlib.MAX_WBITS)
        self.size_bytes = 0
        self.crc = 0
        self.compressed_bytes = 0

    def write(self, text: str) -> None:
        data = text.encode()
        self.size_bytes += len(data)
        self.crc = zlib.crc32(data, self.crc)
        self._keep(self._compressor.compress(data))

    def end(self) -> Self:
        """Nothing is written after this."""
        self._keep(self._compressor.flush())
        return self

    def chunks(self) -> Iterator[bytes]:
        """The compressed bytes, once; the temporary file is gone afterwards."""
        with self._file as file:
            file.seek(0)
            while chunk := file.read(SLICE_BYTES):
                yield chunk

    def close(self) -> None:
        self._file.close()

    def _keep(self, data: bytes) -> None:
        self.compressed_bytes += self._file.write(data)


class ZipWriter:
    """Hands out the bytes of an archive, entry by entry; of what it handed out it keeps the central directory alone.

    As a context manager it removes its temporary file, also when nobody wants the rest any more.
    """

    def __init__(self, made_at: datetime) -> None:
        self._moment = _dos_moment(made_at)
        self._directory = _scratch()
        self._directory_bytes = 0
        self._entries = 0
        self._offset = 0

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._directory.close()

    def stored(self, name: str, data: bytes) -> Iterator[bytes]:
        """An entry as it is: pictures are compressed already."""
        header = self._begin(name, STORED, zlib.crc32(data), len(data), len(data))
        first = SLICE_BYTES - len(header)
        yield header + data[:first]
        whole = memoryview(data)
        for start in range(first, len(data), SLICE_BYTES):
            yield bytes(whole[start : start + SLICE_BYTES])

    def deflated(self, name: str, text: Deflated) -> Iterator[bytes]:
        """An entry that was compressed before."""
        yield self._begin(name, DEFLATED, text.crc, text.compressed_bytes, text.size_bytes)
        yield from text.chunks()

    def end(self) -> Iterator[bytes]:
        """The central directory and what closes the archive."""
        self._directory.seek(0)
        while chunk := self._directory.read(SLICE_BYTES):
            yield chunk
        start, size = self._offset, self._directory_bytes
        closing = b""
        if self._entries >= _LIMIT_16 or max(start, size) >= _LIMIT_32:
            versions = (_ZIP64_VERSION | _MADE_ON_UNIX, _ZIP64_VERSION)
            counts = (self._entries, self._entries)
            closing += _END64.pack(b"PK\6\6", _END64.size - 12, *versions, 0, 0, *counts, size, start)
            closing += _END64_LOCATOR.pack(b"PK\6\7", 0, start + size, 1)
        count = min(self._entries, _LIMIT_16)
        yield closing + _END.pack(b"PK\5\6", 0, 0, count, count, min(size, _LIMIT_32), min(start, _LIMIT_32), 0)

    def _begin(self, name: str, method: int, crc: int, compressed: int, size: int) -> bytes:
        """The local header of an entry, whose line in the central directory is written down.

        Raises ValueError: the entry itself has 4 GiB or more.
        """
        if max(compressed, size) >= _LIMIT_32:
            raise ValueError(f"{name} has {size} bytes; one entry holds less than 4 GiB")
        path = name.encode()
        flags = 0 if name.isascii() else _UTF8_NAME
        shared = (flags, method, *self._moment, crc, compressed, size, len(path))
        header = _LOCAL.pack(b"PK\3\4", _PLAIN_VERSION, *shared, 0) + path
        self._list(path, shared)
        self._offset += len(header) + compressed
        return header

    def _list(self, path: bytes, shared: tuple[int, ...]) -> None:
        is_far = self._offset >= _LIMIT_32
        extra = struct.pack("<2HQ", 1, 8, self._offset) if is_far else b""
        version = _ZIP64_VERSION if is_far else _PLAIN_VERSION
        versions, offset = (version | _MADE_ON_UNIX, version), min(self._offset, _LIMIT_32)
        line = _CENTRAL.pack(b"PK\1\2", *versions, *shared, len(extra), 0, 0, 0, _ORDINARY_FILE, offset)
        self._directory_bytes += self._directory.write(line + path + extra)
        self._entries += 1


def _scratch() -> IO[bytes]:
    return tempfile.SpooledTemporaryFile(max_size=IN_MEMORY_BYTES, dir=str(quarantine_folder()))


def _dos_moment(moment: datetime) -> tuple[int, int]:
    """Time and date as MS-DOS counted them: two seconds a step, years from 1980."""
    day = (max(moment.year, 1980) - 1980) << 9 | moment.month << 5 | moment.day
    return moment.hour << 11 | moment.minute << 5 | moment.second // 2, day
