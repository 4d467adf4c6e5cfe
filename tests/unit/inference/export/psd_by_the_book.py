"""A reader of layered PSD files that shares nothing with what writes them: Adobe's file format, to the letter.

Only what our own files may hold is read (8 bits, RGB, no groups); anything else fails loudly.
"""

from __future__ import annotations

import io
import struct
import zlib
from dataclasses import dataclass, field
from typing import Any

import numpy as np

MASK = -2
ALPHA = -1
RAW, PACK_BITS, ZIP = 0, 1, 2


@dataclass
class Layer:
    """``planes``: uint8 (h, w) by channel id, placed by ``rect`` (top, left, bottom, right), the mask by its own."""

    name: str
    blend: str
    opacity: int
    rect: tuple[int, int, int, int]
    mask_rect: tuple[int, int, int, int] | None
    sizes: list[tuple[int, int]]
    planes: dict[int, np.ndarray] = field(default_factory=dict)


def read_layers(data: bytes) -> tuple[tuple[int, int], list[Layer]]:
    """(height, width) and the layers, the lowest first."""
    file = io.BytesIO(data)
    signature, version, _channels, height, width, depth, mode = struct.unpack(">4sH6xHIIHH", file.read(26))
    assert (signature, version, depth, mode) == (b"8BPS", 1, 8, 3)
    for _ in range(2):  # colour mode data, image resources
        file.seek(_number(file, ">I"), io.SEEK_CUR)
    _number(file, ">I")
    _number(file, ">I")
    layers = [_record(file) for _ in range(abs(_number(file, ">h")))]
    for layer in layers:
        for channel, size in layer.sizes:
            rect = layer.mask_rect if channel == MASK else layer.rect
            assert rect is not None
            layer.planes[channel] = _plane(file.read(size), rect[2] - rect[0], rect[3] - rect[1])
    return (height, width), layers


def composed(data: bytes) -> np.ndarray:
    """The stack as Photoshop shows it at 8 bits, uint8 (H, W, 3)."""
    size, layers = read_layers(data)
    picture = np.zeros((*size, 3), np.uint8)
    for layer in layers:
        top, left, bottom, right = layer.rect
        colour = np.dstack([layer.planes[channel] for channel in range(3)]).astype(np.float64)
        below = picture[top:bottom, left:right].astype(np.float64)
        blended = _BLEND[layer.blend](below, colour)
        share = _share(layer, size)[top:bottom, left:right, None]
        picture[top:bottom, left:right] = np.rint(below + (blended - below) * share)
    return picture


_BLEND: dict[str, Any] = {
    "norm": lambda below, colour: colour,
    "mul ": lambda below, colour: below * colour / 255,
    "lddg": lambda below, colour: np.minimum(255, below + colour),
}


def _share(layer: Layer, size: tuple[int, int]) -> np.ndarray:
    share = np.full(size, layer.opacity / 255)
    if ALPHA in layer.planes:
        share *= _placed(layer.planes[ALPHA], layer.rect, size)
    if layer.mask_rect is not None and MASK in layer.planes:
        share *= _placed(layer.planes[MASK], layer.mask_rect, size)
    return share


def _placed(plane: np.ndarray, rect: tuple[int, int, int, int], size: tuple[int, int]) -> np.ndarray:
    canvas = np.zeros(size)
    canvas[rect[0] : rect[2], rect[1] : rect[3]] = plane / 255
    return canvas


def _number(file: io.BytesIO, form: str) -> int:
    return int(struct.unpack(form, file.read(struct.calcsize(form)))[0])


def _record(file: io.BytesIO) -> Layer:
    rect = struct.unpack(">4i", file.read(16))
    sizes = [struct.unpack(">hI", file.read(6)) for _ in range(_number(file, ">H"))]
    signature, blend, opacity, _clipping, _flags = struct.unpack(">4s4sBBBx", file.read(12))
    assert signature == b"8BIM"
    extra = io.BytesIO(file.read(_number(file, ">I")))
    mask = extra.read(_number(extra, ">I"))
    mask_rect = struct.unpack(">4i", mask[:16]) if mask else None
    extra.seek(_number(extra, ">I"), io.SEEK_CUR)  # blending ranges
    name = extra.read(_number(extra, ">B")).decode("ascii")
    return Layer(name, blend.decode(), opacity, rect, mask_rect, sizes)


def _plane(data: bytes, height: int, width: int) -> np.ndarray:
    compression, packed = struct.unpack(">H", data[:2])[0], data[2:]
    if compression == PACK_BITS:
        counts = struct.unpack(f">{height}H", packed[: 2 * height])
        plain, at = bytearray(), 2 * height
        for count in counts:
            plain += _unpacked(packed[at : at + count])
            at += count
    else:
        plain = bytearray({RAW: bytes, ZIP: zlib.decompress}[compression](packed))
    return np.frombuffer(bytes(plain), np.uint8).reshape(height, width)


def _unpacked(row: bytes) -> bytes:
    """PackBits: n < 128 copies n + 1 bytes, n > 128 repeats the next one 257 - n times."""
    plain, at = bytearray(), 0
    while at < len(row):
        head = row[at]
        if head < 128:
            plain += row[at + 1 : at + 2 + head]
            at += head + 2
        else:
            plain += row[at + 1 : at + 2] * (257 - head if head > 128 else 0)
            at += 2 if head > 128 else 1
    return bytes(plain)
