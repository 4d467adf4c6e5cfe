"""Is this file ours, is it as we made it, and how was it made?

    ours        signed by a key that we trust, and not one byte differs
    altered     signed by a key that we trust, but changed afterwards
    stripped    no signature any more; an unsigned label still names us: a hint, no proof
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
    try:
        with Image.open(io.BytesIO(data), formats=tuple(MEDIA_TYPES)) as picture:
            # A JPEG to which a phone appended a depth or gain map (format MPO) is a JPEG.
            file_format = "JPEG" if picture.format == "MPO" else str(picture.format)
            width, height = picture.size
            if width * height > MAX_PIXELS:
                return FileVerdict("unreadable", sha256=digest, failures=("too_many_pixels",))
            pixels = _decoded(picture)
    except BROKEN as error:
        return FileVerdict("unreadable", sha256=digest, failures=(type(error).__name__,))
    found = examine(data, MEDIA_TYPES[file_format], trust_pem=trust_pem, sidecar=sidecar)
    label = recipe_hash_in(data[:_XMP_WINDOW] + data[-_XMP_WINDOW:]) or ""
    return FileVerdict(
        verdict=_verdict(found, label),
        file_format=file_format.lower(),
        width=width,
        height=height,
        sha256=digest,
        pixels_sha256=pixels,
        title=found.title,
        signer=found.signer,
        generator=found.generator,
        source_type=found.source_type,
        recipe=found.recipe,
        labelled_recipe_hash=label,
        failures=found.failures,
    )


def is_genuine_verdict(verdict: Mapping[str, Any], chain_pem: bytes) -> bool:
    """Whether the first certificate's key signed exactly this verdict of the validator (its canonical JSON)."""
    said = {key: value for key, value in verdict.items() if key != SIGNATURE}
    try:
        return is_signature_of(canonical_json(said).encode(), str(verdict.get(SIGNATURE, "")), chain_pem)
    except (TypeError, ValueError):
        return False


def _decoded(picture: Image.Image) -> str:
    """The hash of the decoded pixels; empty where they do not decode, which says nothing about the signature."""
    try:
        mode = "RGBA" if "A" in picture.mode else "RGB"
        return pixels_sha256(np.asarray(picture.convert(mode), np.uint8))
    except BROKEN:
        return ""


def _verdict(found: Credentials, label: str) -> str:
    if found.state == State.TRUSTED:
        return "ours"
    if found.state == State.ALTERED:
        return "foreign" if UNTRUSTED in found.failures else "altered"
    if found.state == State.FOREIGN:
        return "foreign"
    if found.state == State.UNREADABLE and not label:
        return "unknown"
    return "stripped" if label else "unknown"
