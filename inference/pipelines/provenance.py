"""Is this file ours, is it as we made it, and how was it made?

    ours        signed by a key that we trust; the picture and all that the file says are as they were
    altered     signed by a key that we trust, but changed afterwards, or broken off
    stripped    no signature that can be read; an unsigned label still names us: a hint, no proof
    foreign     signed by somebody else, or by nobody that we trust
    unknown     nothing in it speaks of us
    unreadable  no picture that can be read

Decodes bytes that strangers hand in: run it in a process that may die (``inference.cli`` verify, or the site's isolated
runner).
"""

from __future__ import annotations

import hashlib
import io
import struct
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

import numpy as np
from PIL import Image, UnidentifiedImageError

from inference.ops.certificate import is_signature_of
from inference.ops.credentials import Credentials, State, examine
from inference.ops.xmp import recipe_hash_in
from inference.recipe import canonical_json, pixels_sha256

MAX_PIXELS = 100_000_000
MEDIA_TYPES = {
    "JPEG": "image/jpeg",
    "PNG": "image/png",
    "WEBP": "image/webp",
    "TIFF": "image/tiff",
    "AVIF": "image/avif",
    "PSD": "image/vnd.adobe.photoshop",
}
BROKEN = (
    UnidentifiedImageError,
    Image.DecompressionBombError,
    OSError,
    ValueError,
    SyntaxError,
    KeyError,
    IndexError,
    TypeError,
    OverflowError,
    EOFError,
    struct.error,
)
"""What Pillow raises for files that are none, or were made to break it."""

TOO_MANY_PIXELS = "too_many_pixels"
_SIGNATURES = {
    b"\xff\xd8\xff": "image/jpeg",
    b"\x89PNG\r\n\x1a\n": "image/png",
    b"II*\0": "image/tiff",
    b"MM\0*": "image/tiff",
    b"8BPS": "image/vnd.adobe.photoshop",
}

SIGNATURE = "signature"
"""The key of a verdict that holds its signature."""

UNTRUSTED = "signingCredential.untrusted"
_XMP_WINDOW = 4 << 20


@dataclass(frozen=True)
class FileVerdict:
    """``recipe`` is what the signature vouches for, empty without one; figures are 0 where nothing is decoded."""

    verdict: str
    file_format: str = ""
    width: int = 0
    height: int = 0
    sha256: str = ""
    pixels_sha256: str = ""
    title: str = ""
    signer: str = ""
    generator: str = ""
    source_type: str = ""
    recipe: Mapping[str, Any] = field(default_factory=dict)
    labelled_recipe_hash: str = ""
    failures: tuple[str, ...] = ()

    def as_dict(self) -> dict[str, Any]:
        return asdict(self)


def examine_file(data: bytes, *, trust_pem: bytes, sidecar: bytes | None = None) -> FileVerdict:
    """Look at any file. Never raises for what the file holds, short of what ends the process."""
    digest = hashlib.sha256(data).hexdigest()
    media_type = _media_type(data[:16])
    if not media_type:
        return FileVerdict("unreadable", sha256=digest, failures=("no_picture",))
    picture = _look_at(data)
    if picture.failure == TOO_MANY_PIXELS:
        return FileVerdict("unreadable", sha256=digest, failures=(TOO_MANY_PIXELS,))
    # Also of a picture that breaks off or does not open any more: what is left may say that it was ours.
    found = examine(data, media_type, trust_pem=trust_pem, sidecar=sidecar)
    label = recipe_hash_in(data[:_XMP_WINDOW] + data[-_XMP_WINDOW:]) or ""
    return FileVerdict(
        verdict=_verdict(found, label, is_whole=not picture.failure),
        file_format=picture.file_format,
        width=picture.width,
        height=picture.height,
        sha256=digest,
        pixels_sha256=picture.pixels_sha256,
        title=found.title,
        signer=found.signer,
        generator=found.generator,
        source_type=found.source_type,
        recipe=found.recipe,
        labelled_recipe_hash=label,
        failures=(*found.failures, *filter(None, [picture.failure])),
    )


def is_genuine_verdict(verdict: Mapping[str, Any], chain_pem: bytes) -> bool:
    """Whether the first certificate's key signed exactly this verdict of the validator (its canonical JSON)."""
    said = {key: value for key, value in verdict.items() if key != SIGNATURE}
    try:
        return is_signature_of(canonical_json(said).encode(), str(verdict.get(SIGNATURE, "")), chain_pem)
    except (TypeError, ValueError):
        return False


@dataclass(frozen=True)
class _Picture:
    """What decodes; ``failure`` is empty where the file opens."""

    file_format: str = ""
    width: int = 0
    height: int = 0
    pixels_sha256: str = ""
    failure: str = ""


def _look_at(data: bytes) -> _Picture:
    try:
        with Image.open(io.BytesIO(data), formats=tuple(MEDIA_TYPES)) as picture:
            # A JPEG to which a phone appended a depth or gain map (format MPO) is a JPEG.
            file_format = "JPEG" if picture.format == "MPO" else str(picture.format)
            width, height = picture.size
            if width * height > MAX_PIXELS:
                return _Picture(failure=TOO_MANY_PIXELS)
            return _Picture(file_format.lower(), width, height, _decoded(picture))
    except BROKEN as error:
        return _Picture(failure=type(error).__name__)


def _media_type(head: bytes) -> str:
    """By the signature that the file begins with; empty for everything that we never write and never examine."""
    if head.startswith(b"RIFF"):
        return "image/webp" if head[8:12] == b"WEBP" else ""
    if head[4:8] == b"ftyp":
        return "image/avif" if head[8:12] in (b"avif", b"avis") else ""
    return next((kind for start, kind in _SIGNATURES.items() if head.startswith(start)), "")


def _decoded(picture: Image.Image) -> str:
    """The hash of the decoded pixels; empty where they do not decode, which says nothing about the signature."""
    try:
        mode = "RGBA" if "A" in picture.mode else "RGB"
        return pixels_sha256(np.asarray(picture.convert(mode), np.uint8))
    except BROKEN:
        return ""


def _verdict(found: Credentials, label: str, *, is_whole: bool) -> str:
    if found.state == State.TRUSTED:
        return "ours" if is_whole else "altered"
    if found.state == State.ALTERED:
        return "foreign" if UNTRUSTED in found.failures else "altered"
    if found.state == State.FOREIGN:
        return "foreign"
    if label:
        return "stripped"
    return "unknown" if is_whole else "unreadable"
