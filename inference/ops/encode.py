"""Pixels to files that a marketplace takes: sRGB profile, XMP and resolution in each, at most so many bytes."""

from __future__ import annotations

import io
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from PIL import Image, ImageFile, PngImagePlugin

from inference.errors import InputRejected
from inference.ops.srgb_profile import srgb_icc
from inference.types import U8

DPI = 72
QUALITY_BEST, QUALITY_FLOOR = 95, 72
TIFF_XMP = 700


@dataclass(frozen=True)
class FileFormat:
    """A format that exports are written in. ``has_quality``: smaller for less quality."""

    name: str
    pillow_name: str
    media_type: str
    suffix: str
    has_quality: bool
    has_alpha: bool


FORMATS = {
    item.name: item
    for item in (
        FileFormat("jpeg", "JPEG", "image/jpeg", "jpg", has_quality=True, has_alpha=False),
        FileFormat("png", "PNG", "image/png", "png", has_quality=False, has_alpha=True),
        FileFormat("webp", "WEBP", "image/webp", "webp", has_quality=True, has_alpha=True),
        FileFormat("tiff", "TIFF", "image/tiff", "tif", has_quality=False, has_alpha=True),
        FileFormat("psd", "PSD", "image/vnd.adobe.photoshop", "psd", has_quality=False, has_alpha=False),
    )
}


@dataclass(frozen=True)
class Encoded:
    """A file; ``quality`` is None for lossless formats."""

    data: bytes
    quality: int | None


def encode(pixels: U8, file_format: str, *, xmp: bytes, quality: int = QUALITY_BEST) -> bytes:
    """One file.

    Args:
        pixels: uint8 (H, W, 3) sRGB, or (H, W, 4) for formats with an alpha channel.
        file_format: a key of ``FORMATS``, but for ``psd`` (see ``ops.psd``).
        xmp: the packet to embed.
        quality: 1..100 where the format has one. JPEG is written 4:4:4: coloured edges stay sharp.
    """
    picture = Image.fromarray(pixels)
    options: dict[str, Any] = {"icc_profile": srgb_icc(), "dpi": (DPI, DPI)}
    if file_format == "jpeg":
        # An optimised or progressive JPEG is written in one piece; noise at 4:4:4 needs more than Pillow's guess.
        ImageFile.MAXBLOCK = max(ImageFile.MAXBLOCK, 4 * picture.width * picture.height)
        options |= {"quality": quality, "subsampling": 0, "optimize": True, "progressive": True, "xmp": xmp}
    elif file_format == "webp":
        options |= {"quality": quality, "method": 4, "xmp": xmp, "exact": True}
    elif file_format == "png":
        info = PngImagePlugin.PngInfo()
        info.add_itxt("XML:com.adobe.xmp", xmp.decode())
        options |= {"pnginfo": info, "compress_level": 6}
    elif file_format == "tiff":
        options |= {"tiffinfo": {TIFF_XMP: xmp}, "compression": "tiff_adobe_deflate"}
    else:
        raise ValueError(f"{file_format!r} is not encoded here")
    file = io.BytesIO()
    picture.save(file, FORMATS[file_format].pillow_name, **options)
    return file.getvalue()


def encode_within(
    pixels: U8,
    file_format: str,
    *,
    xmp: bytes,
    max_bytes: int | None = None,
    best: int = QUALITY_BEST,
    floor: int = QUALITY_FLOOR,
    keeps: Callable[[bytes], bool] | None = None,
) -> Encoded:
    """The best file of at most ``max_bytes``: a binary search over the quality, never under ``floor``.

    Args:
        keeps: what else a file must keep after decoding (a white border that is still 255, say); where the best
            quality loses it, the next lower ones are tried.

    Raises:
        InputRejected: ``export.too_many_bytes`` with the size at the floor.
    """
    if not FORMATS[file_format].has_quality:
        data = encode(pixels, file_format, xmp=xmp)
        if max_bytes is not None and len(data) > max_bytes:
            raise too_many_bytes(len(data), max_bytes)
        return Encoded(data, None)
    tried: dict[int, bytes] = {}

    def at(quality: int) -> bytes:
        if quality not in tried:
            tried[quality] = encode(pixels, file_format, xmp=xmp, quality=quality)
        return tried[quality]

    chosen = _largest_fitting(at, best, floor, max_bytes)
    if keeps is not None:
        chosen = next((quality for quality in range(chosen, floor - 1, -1) if keeps(at(quality))), chosen)
    return Encoded(at(chosen), chosen)


def _largest_fitting(at: Callable[[int], bytes], best: int, floor: int, max_bytes: int | None) -> int:
    if max_bytes is None or len(at(best)) <= max_bytes:
        return best
    if len(at(floor)) > max_bytes:
        raise too_many_bytes(len(at(floor)), max_bytes)
    low, high = floor, best  # low fits, high does not
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (middle, high) if len(at(middle)) <= max_bytes else (low, middle)
    return low


def too_many_bytes(smallest: int, limit: int) -> InputRejected:
    """The error ``export.too_many_bytes`` with both figures."""
    return InputRejected(
        "export.too_many_bytes",
        f"the smallest file without visible loss has {smallest} bytes; {limit} are allowed; choose a smaller size",
        smallest=smallest,
        limit=limit,
    )
