"""Values that travel between the parts of assets."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Picture:
    """One encoded file.

    Attributes:
        data: the file's bytes, sRGB, 8 bits, without metadata.
        width, height: in pixels, upright.
    """

    data: bytes
    content_type: str
    width: int
    height: int


@dataclass(frozen=True)
class Intake:
    """A clean copy of an uploaded picture.

    Attributes:
        format: Pillow's name of what the file really was, for example ``"JPEG"``.
        clean: the whole picture as PNG, RGB or (with real transparency) RGBA.
        renditions: small files by spec name, made while the pixels were at hand.
        profile: ``untagged``, ``srgb``, ``converted`` or ``ignored``: what became of the colour profile.
        orientation: the EXIF orientation (1..8) that was applied.
    """

    format: str
    clean: Picture
    renditions: dict[str, Picture]
    profile: str
    orientation: int


@dataclass(frozen=True)
class Spec:
    """How a rendition is derived: at most ``width`` px wide (0: as large as the original) and 4 x ``width`` high.

    Transparent pixels stay transparent; JPEG, which has none, gets white behind them.
    """

    name: str
    format: str
    width: int
    quality: int = 0

    @property
    def content_type(self) -> str:
        return f"image/{self.format.lower()}"


@dataclass(frozen=True)
class Space:
    """Files of one sort and the room they take. ``kind`` is an ``AssetKind``, or empty for all that no asset is."""

    kind: str
    files: int
    size_bytes: int


ORIGINAL = "original"
WEBP_WIDTHS = (320, 640, 1280, 2048)
SPECS = {
    spec.name: spec
    for spec in (
        *(Spec(f"webp-{width}", "WEBP", width, quality=82) for width in WEBP_WIDTHS),
        Spec("png", "PNG", 0),
        Spec("jpeg", "JPEG", 0, quality=94),
        Spec("webp", "WEBP", 0, quality=94),
    )
}
"""The only renditions that anybody can ask for; a free choice would let a stranger fill the disk."""

INTAKE_SPECS = (SPECS["webp-320"], SPECS["webp-640"])
"""Made together with the clean copy: what the first page after an upload shows."""
