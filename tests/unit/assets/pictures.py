"""Pictures with known content, made here: formats, colour profiles, orientation, hidden data."""

from __future__ import annotations

import io
import struct

import numpy as np
from PIL import Image

SIZE = (96, 72)


def saved(picture: Image.Image, file_format: str, **options: object) -> bytes:
    out = io.BytesIO()
    picture.save(out, file_format, **options)
    return out.getvalue()


def gradient(mode: str = "RGB", size: tuple[int, int] = SIZE) -> Image.Image:
    """Smooth, without symmetry, so that every turn and flip shows."""
    width, height = size
    y, x = np.mgrid[0:height, 0:width]
    red = 20 + 200 * x / width
    green = 30 + 180 * y / height
    blue = 60 + 60 * (x + y) / (width + height)
    return Image.fromarray(np.stack([red, green, blue], axis=-1).astype(np.uint8), "RGB").convert(mode)


def corners(size: tuple[int, int] = (96, 64)) -> Image.Image:
    """Red, green, blue and white quarters: top left, top right, bottom left, bottom right."""
    picture = Image.new("RGB", size, "white")
    half = (size[0] // 2, size[1] // 2)
    picture.paste((255, 0, 0), (0, 0, *half))
    picture.paste((0, 255, 0), (half[0], 0, size[0], half[1]))
    picture.paste((0, 0, 255), (0, half[1], half[0], size[1]))
    return picture


def patches(colours: list[tuple[int, ...]], mode: str = "RGB", side: int = 64) -> Image.Image:
    """One square of each colour in a row."""
    picture = Image.new(mode, (side * len(colours), side))
    for index, colour in enumerate(colours):
        picture.paste(colour if len(colour) > 1 else colour[0], (index * side, 0, (index + 1) * side, side))
    return picture


def exif_with(orientation: int = 1, *, description: str = "", with_place: bool = False) -> bytes:
    exif = Image.Exif()
    exif[0x0112] = orientation
    if description:
        exif[0x010E] = description
    if with_place:
        exif[0x8825] = {0: b"\2\3\0\0", 1: "N", 2: (52.0, 31.0, 12.5), 3: "E", 4: (13.0, 24.0, 18.25), 29: "2026:01:31"}
    return exif.tobytes()


# ---- colour profiles (ICC.1:2010, version 2)


def _tag(kind: bytes, body: bytes) -> bytes:
    return kind + b"\0\0\0\0" + body


def _fixed(value: float) -> bytes:
    return struct.pack(">i", round(value * 65536))


def _xyz(values: tuple[float, float, float]) -> bytes:
    return _tag(b"XYZ ", b"".join(_fixed(v) for v in values))


def _curve(table: np.ndarray) -> bytes:
    return _tag(b"curv", struct.pack(f">I{len(table)}H", len(table), *np.rint(table * 65535).astype(int)))


def _profile(device_class: bytes, space: bytes, connection: bytes, tags: dict[bytes, bytes]) -> bytes:
    text = b"test profile"
    everything = {
        b"desc": _tag(b"desc", struct.pack(">I", len(text) + 1) + text + b"\0" + b"\0" * 78),
        b"cprt": _tag(b"text", b"none\0"),
        b"wtpt": _xyz((0.9642, 1.0, 0.8249)),
        **tags,
    }
    table, data = struct.pack(">I", len(everything)), b""
    start = 128 + 4 + 12 * len(everything)
    for name, body in everything.items():
        body += b"\0" * (-len(body) % 4)
        table += name + struct.pack(">II", start + len(data), len(body))
        data += body
    header = struct.pack(">I", start + len(data)) + b"none" + b"\x02\x40\0\0" + device_class + space + connection
    header += struct.pack(">6H", 2026, 1, 1, 0, 0, 0) + b"acsp" + b"\0" * 28
    header += b"".join(_fixed(v) for v in (0.9642, 1.0, 0.8249))
    return header.ljust(128, b"\0") + table + data


def srgb_to_linear(encoded: np.ndarray) -> np.ndarray:
    return np.where(encoded <= 0.04045, encoded / 12.92, ((encoded + 0.055) / 1.055) ** 2.4)


def linear_to_srgb(linear: np.ndarray) -> np.ndarray:
    linear = np.clip(linear, 0, 1)
    return np.where(linear <= 0.0031308, 12.92 * linear, 1.055 * linear ** (1 / 2.4) - 0.055)


P3_TO_D50 = ((0.51512, 0.24120, -0.00105), (0.29198, 0.69225, 0.04189), (0.15710, 0.06657, 0.78407))
ADOBE_TO_D50 = ((0.60974, 0.31111, 0.01947), (0.20528, 0.62567, 0.06087), (0.14919, 0.06322, 0.74457))
SRGB_TO_D50 = ((0.43607, 0.22249, 0.01392), (0.38515, 0.71687, 0.09708), (0.14307, 0.06061, 0.71410))


def rgb_profile(primaries: tuple[tuple[float, float, float], ...], curve: np.ndarray) -> bytes:
    """Matrix and one curve for all channels; ``primaries`` are the columns of RGB -> XYZ, adapted to D50."""
    red, green, blue = (_xyz(p) for p in primaries)
    trc = _curve(curve)
    tags = {b"rXYZ": red, b"gXYZ": green, b"bXYZ": blue, b"rTRC": trc, b"gTRC": trc, b"bTRC": trc}
    return _profile(b"mntr", b"RGB ", b"XYZ ", tags)


STEPS = np.linspace(0, 1, 4096)
P3 = rgb_profile(P3_TO_D50, srgb_to_linear(STEPS))
ADOBE_RGB = rgb_profile(ADOBE_TO_D50, STEPS**2.19921875)
SRGB = rgb_profile(SRGB_TO_D50, srgb_to_linear(STEPS))


def grey_profile(gamma: float) -> bytes:
    return _profile(b"mntr", b"GRAY", b"XYZ ", {b"kTRC": _curve(STEPS**gamma)})


def ink_lab(cmyk: tuple[int, int, int, int]) -> np.ndarray:
    """CIE L*a*b* (D50) of the corners of a made-up press: C, M, Y and K switched on or off."""
    cyan, magenta, yellow, black = cmyk
    if black:
        return np.array([0.0, 0.0, 0.0])
    full = {
        (0, 0, 0): (100, 0, 0),
        (1, 0, 0): (55, -37, -50),
        (0, 1, 0): (48, 74, -3),
        (0, 0, 1): (89, -5, 93),
        (1, 1, 0): (24, 22, -46),
        (1, 0, 1): (50, -65, 27),
        (0, 1, 1): (47, 68, 48),
        (1, 1, 1): (23, 0, 0),
    }
    return np.array(full[cyan, magenta, yellow], dtype=float)


def cmyk_profile() -> bytes:
    """An 8-bit table of two steps an ink (``mft1``)."""
    identity = bytes(range(256))
    nodes = b""
    for index in range(16):
        lab = ink_lab((index >> 3 & 1, index >> 2 & 1, index >> 1 & 1, index & 1))
        nodes += bytes([round(lab[0] * 2.55), round(lab[1] + 128), round(lab[2] + 128)])
    matrix = b"".join(_fixed(v) for v in (1, 0, 0, 0, 1, 0, 0, 0, 1))
    body = bytes([4, 3, 2, 0]) + matrix + identity * 4 + nodes + identity * 3
    return _profile(b"prtr", b"CMYK", b"Lab ", {b"A2B0": _tag(b"mft1", body)})


def lab_to_srgb(lab: np.ndarray) -> np.ndarray:
    """8-bit sRGB of CIE L*a*b* at D50 (Bradford adaptation to D65)."""
    y = (lab[0] + 16) / 116
    f = np.array([y + lab[1] / 500, y, y - lab[2] / 200])
    xyz = np.where(f > 6 / 29, f**3, 3 * (6 / 29) ** 2 * (f - 4 / 29)) * (0.9642, 1.0, 0.8249)
    return np.rint(255 * linear_to_srgb(np.linalg.inv(np.array(SRGB_TO_D50).T) @ xyz))


def through(primaries: tuple[tuple[float, float, float], ...], linear: np.ndarray) -> np.ndarray:
    """8-bit sRGB of linear values of another RGB space, clipped."""
    matrix = np.linalg.inv(np.array(SRGB_TO_D50).T) @ np.array(primaries).T
    return np.rint(255 * linear_to_srgb(linear @ matrix.T))


# ---- PNG by hand


def chunk(kind: bytes, body: bytes) -> bytes:
    import zlib

    return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))


def chunks_of(picture: bytes) -> list[bytes]:
    """The kinds of the chunks of a PNG or a WebP file, in order; fails where bytes are left over."""
    kinds = []
    if picture.startswith(b"RIFF"):
        at = 12
        while at < len(picture):
            (length,) = struct.unpack("<I", picture[at + 4 : at + 8])
            kinds.append(picture[at : at + 4])
            at += 8 + length + length % 2
        assert struct.unpack("<I", picture[4:8])[0] + 8 == len(picture)
    else:
        at = 8
        while at < len(picture):
            (length,) = struct.unpack(">I", picture[at : at + 4])
            kinds.append(picture[at + 4 : at + 8])
            at += 12 + length
    assert at == len(picture)
    return kinds
