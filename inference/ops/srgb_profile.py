"""The sRGB profile that every file of ours carries: always the same bytes."""

from __future__ import annotations

from functools import lru_cache

from PIL import ImageCms

_DATE = slice(24, 36)
_PROFILE_ID = slice(84, 100)
_WRITTEN = bytes.fromhex("07e80001000100000000" + "0000")  # 1 January 2024, 00:00:00


@lru_cache(maxsize=1)
def srgb_icc() -> bytes:
    """An ICC profile of IEC 61966-2-1. LittleCMS writes the hour of its making into the header; ours is fixed."""
    profile = bytearray(ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes())
    profile[_DATE] = _WRITTEN
    profile[_PROFILE_ID] = bytes(16)
    return bytes(profile)


def is_srgb(profile: bytes | None) -> bool:
    """Whether an embedded profile is ours."""
    return profile == srgb_icc()
