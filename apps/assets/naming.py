"""Names of files, made safe to store, show and send in a header."""

from __future__ import annotations

import re
import unicodedata

from apps.assets.formats import EXTENSIONS

SUFFIX_OF = {
    "image/png": "png",
    "image/webp": "webp",
    "image/avif": "avif",
    "image/jpeg": "jpg",
    "image/tiff": "tif",
    "image/vnd.adobe.photoshop": "psd",
    "application/c2pa": "c2pa",
    "application/x-safetensors": "safetensors",
}
"""Content types that we keep, and the suffix of their files."""

MAX_LENGTH = 160


def clean_name(sent: str) -> str:
    """The last part of a path as sent, without control and direction-changing characters, never empty."""
    last = re.split(r"[\\/]", unicodedata.normalize("NFC", sent))[-1]
    printable = "".join(c for c in last if unicodedata.category(c)[0] != "C")
    stem, dot, suffix = printable.strip(" .").rpartition(".")
    if not dot:
        stem, suffix = suffix, ""
    stem = stem[: MAX_LENGTH - 10].strip(" .") or "photo"
    return f"{stem}.{suffix[:8]}" if suffix else stem


def corrected_name(name: str, real_format: str) -> str:
    """``name`` with a suffix that fits what the file really is."""
    stem, dot, suffix = name.rpartition(".")
    known = EXTENSIONS[real_format]
    if dot and suffix.lower() in known:
        return name
    every = {word for words in EXTENSIONS.values() for word in words} | {"gif", "svg", "pdf", "bin"}
    if dot and suffix.lower() in every:
        return f"{stem}.{known[0]}"
    return f"{name}.{known[0]}"


def download_name(name: str, content_type: str) -> str:
    """What a stored file is called on the merchant's disk: the asset's name with the suffix of its bytes."""
    stem, dot, suffix = name.rpartition(".")
    every = {word for words in EXTENSIONS.values() for word in words}
    return f"{stem if dot and suffix.lower() in every else name}.{SUFFIX_OF[content_type]}"
