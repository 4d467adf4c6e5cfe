"""The one place of a C2PA manifest that no hash covers: the blank room beside its signature.

A signer reserves room before it knows how long its signature becomes, and fills up with zeros: a byte string ``pad`` in
the unprotected header of COSE (C2PA specification 2, "Signing a Claim"). Validators pass over it, so about a thousand
bytes could carry anything in a file that counts as unaltered.
"""

from __future__ import annotations

import re
import struct
from collections.abc import Iterator

_SIGNATURE_BOX = re.compile(rb"c2pa\.signature\x00")
_PAD = re.compile(rb"cpad2?(?:\x58(?P<short>.)|\x59(?P<long>..))", re.DOTALL)
"""CBOR: the text "pad", then a byte string with its length in one byte or two (RFC 8949)."""
_SIGNATURE_REACH = 64 * 1024
_START_OF_SCAN, _APP11 = 0xDA, 0xEB
_BOX_HEADER = 8


def has_filled_padding(data: bytes, *, is_jpeg: bool) -> bool:
    """Whether anything but zeros stands where a manifest is padded.

    Args:
        data: a file with credentials in it, or the credentials themselves.
        is_jpeg: they are spread over segments and are joined first.
    """
    manifest = b"".join(_jpeg_parts(data)) if is_jpeg else data
    for box in _SIGNATURE_BOX.finditer(manifest):
        for pad in _PAD.finditer(manifest, box.end(), box.end() + _SIGNATURE_REACH):
            length = int.from_bytes(pad["short"] or pad["long"], "big")
            if manifest[pad.end() : pad.end() + length].strip(b"\0"):
                return True
    return False


def _jpeg_parts(data: bytes) -> Iterator[bytes]:
    """The boxes in a JPEG's APP11 segments (ISO/IEC 19566-5): each but the first repeats the header of its box."""
    at = 2
    while at + 4 <= len(data) and data[at] == 0xFF and data[at + 1] != _START_OF_SCAN:
        (length,) = struct.unpack_from(">H", data, at + 2)
        if data[at + 1] == _APP11 and data[at + 4 : at + 6] == b"JP":
            (number,) = struct.unpack_from(">I", data, at + 8) if at + 12 <= len(data) else (1,)
            yield data[at + 12 + (_BOX_HEADER if number > 1 else 0) : at + 2 + length]
        at += 2 + length
