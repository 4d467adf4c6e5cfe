"""A photo file to pixels, safely: format, size and frame count are read from the header before anything is decoded."""

from __future__ import annotations

import io
from dataclasses import dataclass

import numpy as np
from PIL import Image, ImageCms, ImageOps, UnidentifiedImageError

from inference.errors import InputRejected
from inference.types import U8

MAX_PIXELS = 50_000_000
MAX_BYTES = 100 * 2**20
FORMATS = ("JPEG", "PNG", "WEBP", "AVIF", "TIFF", "BMP")


@dataclass(frozen=True)
class Photo:
    """``rgb`` uint8 (H, W, 3), sRGB, upright; ``alpha`` uint8 (H, W) where the file had transparency."""

    rgb: U8
    alpha: U8 | None


def read_photo(data: bytes) -> Photo:
    """Decode a photo: one frame, at most 50 megapixels, EXIF orientation applied, ICC profile converted to sRGB.

    Raises:
        InputRejected: ``photo.too_large``, ``photo.unreadable``, ``photo.too_many_pixels``, ``photo.animated``.
    """
    if len(data) > MAX_BYTES:
        raise InputRejected("photo.too_large", f"the file has {len(data)} bytes; {MAX_BYTES} is the limit")
    try:
        with Image.open(io.BytesIO(data), formats=FORMATS) as picture:
            _check_header(picture)
            picture.load()
            upright = ImageOps.exif_transpose(picture)
    except (UnidentifiedImageError, OSError, ValueError, SyntaxError, Image.DecompressionBombError) as error:
        message = f"this is not a picture that can be read ({', '.join(FORMATS)})"
        raise InputRejected("photo.unreadable", message) from error
    return _to_srgb(upright)


def _check_header(picture: Image.Image) -> None:
    width, height = picture.size
    if width * height > MAX_PIXELS:
        raise InputRejected(
            "photo.too_many_pixels",
            f"the photo is {width}x{height} px; {MAX_PIXELS // 1_000_000} megapixels are the limit",
            width=width,
            height=height,
        )
    # Phones append a depth or gain map to a JPEG (format MPO); the first picture is the photo.
    if picture.format != "MPO" and getattr(picture, "n_frames", 1) > 1:
        raise InputRejected("photo.animated", "the file holds several pictures; save the one you want on its own")


def _to_srgb(picture: Image.Image) -> Photo:
    profile = picture.info.get("icc_profile")
    has_alpha = picture.mode in ("RGBA", "LA", "PA") or "transparency" in picture.info
    alpha = np.asarray(picture.convert("RGBA").getchannel("A")) if has_alpha else None
    if picture.mode in ("I;16", "I;16B", "I;16L", "I"):
        wide = np.asarray(picture, np.float32)
        picture = Image.fromarray(np.rint(wide / 257 if wide.max() > 255 else wide).astype(np.uint8))
    colours = picture if picture.mode in ("RGB", "CMYK", "L") else picture.convert("RGB")
    return Photo(np.ascontiguousarray(_converted(colours, profile)), alpha)


def _converted(colours: Image.Image, profile: bytes | None) -> U8:
    if profile and colours.mode in ("RGB", "CMYK"):
        try:
            source = ImageCms.ImageCmsProfile(io.BytesIO(profile))
            target = ImageCms.createProfile("sRGB")
            done = ImageCms.profileToProfile(colours, source, target, outputMode="RGB")
            if done is not None:
                return np.asarray(done, np.uint8)
        except (ImageCms.PyCMSError, OSError):
            # A damaged profile says nothing about the colours: the file is then read as sRGB, as browsers do.
            pass
    return np.asarray(colours.convert("RGB"), np.uint8)
