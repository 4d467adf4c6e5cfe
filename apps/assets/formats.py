"""What a file is, told from its first bytes and nothing else: names and declared types are only claims."""

from __future__ import annotations

import importlib.util

from apps.core.errors import InvalidInput

HEAD_BYTES = 1024
"""As much of a file as ``detect`` wants to see."""

EXTENSIONS = {
    "JPEG": ("jpg", "jpeg", "jpe", "jfif"),
    "PNG": ("png",),
    "WEBP": ("webp",),
    "AVIF": ("avif",),
    "TIFF": ("tif", "tiff"),
    "BMP": ("bmp", "dib"),
    "HEIF": ("heic", "heif"),
}
"""Accepted formats and the file names they go by; the first is the one we write."""

HEIF_BRANDS = {b"heic", b"heix", b"heim", b"heis", b"hevc", b"hevx", b"mif1", b"msf1"}
REFUSED_HEADS = (
    (b"GIF8", "assets.gif"),
    (b"%PDF", "assets.pdf"),
    (b"8BPS", "assets.layered"),
    (b"gimp xcf", "assets.layered"),
    (b"FUJIFILMCCD-RAW", "assets.raw"),
    (b"IIRO", "assets.raw"),
    (b"IIU\0", "assets.raw"),
    (b"PK\x03\x04", "assets.archive"),
    (b"Rar!", "assets.archive"),
    (b"7z\xbc\xaf", "assets.archive"),
    (b"\x1f\x8b", "assets.archive"),
    (b"\x1a\x45\xdf\xa3", "assets.video"),
)


def reads_heif() -> bool:
    """Whether the HEIC extra is installed."""
    return importlib.util.find_spec("pillow_heif") is not None


def picker_types() -> list[str]:
    """What a file picker should offer: types and endings. Where HEIC is left out, phones hand over a JPEG instead."""
    offered = [(kind, ends) for kind, ends in EXTENSIONS.items() if kind != "HEIF" or reads_heif()]
    return [f"image/{kind.lower()}" for kind, _ in offered] + [f".{end}" for _, ends in offered for end in ends]


def detect(head: bytes) -> str:
    """The Pillow name of an accepted format.

    Args:
        head: the first ``HEAD_BYTES`` of the file, or all of a shorter one.

    Raises:
        InvalidInput: with a code that says what it is instead, so that the sentence can say what to do.
    """
    if not head:
        raise InvalidInput("assets.empty")
    found = _raster(head) or _boxed(head)
    if found:
        return found
    raise InvalidInput(_refusal(head))


def _raster(head: bytes) -> str | None:
    if head.startswith(b"\xff\xd8\xff"):
        return "JPEG"
    if head.startswith(b"\x89PNG\r\n\x1a\n"):
        return "PNG"
    if head[:4] == b"RIFF" and head[8:12] == b"WEBP":
        return "WEBP"
    if head[:4] in (b"II*\0", b"MM\0*") and head[8:10] != b"CR":
        return "TIFF"
    if head[:2] == b"BM" and head[14:18] in (
        b"\x0c\0\0\0",
        b"\x28\0\0\0",
        b"\x34\0\0\0",
        b"\x38\0\0\0",
        b"\x6c\0\0\0",
        b"\x7c\0\0\0",
    ):
        return "BMP"
    return None


def _boxed(head: bytes) -> str | None:
    """AVIF and HEIC: both are boxes whose first is ``ftyp`` with the brands that a reader must know."""
    if head[4:8] != b"ftyp":
        return None
    length = min(int.from_bytes(head[:4], "big"), len(head))
    brands = {head[8:12], *(head[at : at + 4] for at in range(16, length - 3, 4))}
    if b"avis" in brands:
        raise InvalidInput("assets.animated")
    if b"avif" in brands:
        return "AVIF"
    if not brands & HEIF_BRANDS:
        raise InvalidInput("assets.video")
    if not reads_heif():
        raise InvalidInput("assets.heic")
    return "HEIF"


def _refusal(head: bytes) -> str:
    for start, code in REFUSED_HEADS:
        if head.startswith(start):
            return code
    if head[:4] in (b"II*\0", b"MM\0*"):
        return "assets.raw"
    text = head.lstrip(b"\xef\xbb\xbf \t\r\n\0").lower()
    if text.startswith((b"<svg", b"<?xml", b"<!doctype svg")) or b"<svg" in text:
        return "assets.svg"
    if text.startswith((b"<!doctype html", b"<html", b"<head", b"<body", b"<script")):
        return "assets.web_page"
    if head[:4] == b"RIFF" or head[:4] == b"\0\0\x01\xba":
        return "assets.video"
    return "assets.unknown_type"
