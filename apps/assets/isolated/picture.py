"""Decodes one untrusted picture, writes clean ones. Runs as ``python -I picture.py JOB``, never imported by the site.

Standard input is the file, standard output receives the clean files one after another, standard error one JSON report.
JOB is JSON: {"format": "JPEG", "max_pixels", "max_side", "min_side", "clean": bool, "specs": [{"name", "format",
"width", "quality"}]}. The report is {"files": [{"name", "size", "width", "height"}], "profile", "orientation"} or
{"error", "params"}. Any other end (a signal, a limit, an exception of a decoder) means that the file can not be used.

Everything it writes is 8-bit sRGB: RGB, or RGBA where the picture really has transparent pixels; no metadata at all.
"""

from __future__ import annotations

import io
import json
import os
import resource
import struct
import sys
from typing import Any, NoReturn

MEMORY_BYTES = 2 << 30
CPU_S = 10
OUTPUT_BYTES = 1 << 30
NO_SPACE_STATUS = 75


def limit_process() -> None:
    """Hard limits that this process can not raise again; a limit the system does not know is left out."""
    for name, value in (
        ("RLIMIT_AS", MEMORY_BYTES),
        ("RLIMIT_CPU", CPU_S),
        ("RLIMIT_FSIZE", OUTPUT_BYTES),
        ("RLIMIT_NOFILE", 32),
        ("RLIMIT_CORE", 0),
    ):
        kind = getattr(resource, name, None)
        if kind is not None:
            try:
                resource.setrlimit(kind, (value, value))
            except (ValueError, OSError):
                # macOS refuses some of them; the others still hold.
                continue


if __name__ == "__main__":
    # Before the decoders are imported: the whole life of this process is limited.
    limit_process()

from PIL import ExifTags, Image, ImageCms, ImageFile  # noqa: E402 (limits first)

# What broken metadata makes Pillow raise. Metadata is thrown away, so it must not cost the picture.
BROKEN = (OSError, SyntaxError, ValueError, TypeError, KeyError, IndexError, OverflowError, EOFError, struct.error)
UPRIGHT = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}
WEBP_MAX_SIDE = 16_383
LARGE_PIXELS = 16_000_000
REDUCED_IMAGE = 1
TIFF_NEW_SUBFILE_TYPE = 254
TIFF_DNG_VERSION = 50706


class Refused(Exception):
    """The picture is readable, but not what we take. ``code`` has a sentence in the site's table."""

    def __init__(self, code: str, **params: int) -> None:
        super().__init__(code)
        self.code = code
        self.params = params


def open_header(data: bytes, job: dict[str, Any]) -> Image.Image:
    """The picture with only its header read, after every check that a header allows."""
    if job["format"] == "HEIF":
        import pillow_heif

        pillow_heif.register_heif_opener(thumbnails=False)
    picture = Image.open(io.BytesIO(data), formats=[job["format"]])
    width, height = picture.size
    if width * height > job["max_pixels"]:
        raise Refused("assets.too_many_pixels", width=width, height=height, limit=job["max_pixels"] // 1_000_000)
    if max(width, height) > job["max_side"]:
        raise Refused("assets.too_long", width=width, height=height, limit=job["max_side"])
    if min(width, height) < job["min_side"]:
        raise Refused("assets.too_small", width=width, height=height, limit=job["min_side"])
    refuse_more_frames(picture)
    return picture


def refuse_more_frames(picture: Image.Image) -> None:
    """JPEG is let through: the second picture in a phone's file is a preview or a gain map, never another frame."""
    if picture.format == "TIFF":
        tags = picture.tag_v2  # type: ignore[attr-defined]
        if TIFF_DNG_VERSION in tags or tags.get(TIFF_NEW_SUBFILE_TYPE) == REDUCED_IMAGE:
            raise Refused("assets.raw")
        try:
            picture.seek(1)
        except EOFError:
            picture.seek(0)
        else:
            raise Refused("assets.many_pages")
    elif picture.format in ("PNG", "WEBP", "AVIF") and getattr(picture, "n_frames", 1) > 1:
        raise Refused("assets.animated")


def orientation_of(picture: Image.Image) -> int:
    """The EXIF orientation that is still to be applied, 1 where there is none or it makes no sense."""
    try:
        value = picture.getexif().get(ExifTags.Base.Orientation, 1)
    except BROKEN:
        return 1
    return value if value in UPRIGHT else 1


def separate_alpha(picture: Image.Image) -> tuple[Image.Image, Image.Image | None]:
    """Colour in 1, L, RGB, CMYK, YCbCr or LAB at 8 bits, and the alpha channel where one pixel is not opaque."""
    mode = picture.mode
    if mode in ("F", "I"):
        raise Refused("assets.deep_pixels")
    if mode.startswith("I;16"):
        # 65535 / 257 is exactly 255, so white stays white; 0.5 rounds to the nearest level.
        return picture.convert("I").point(lambda level: level * (1 / 257) + 0.5).convert("L"), None
    if mode in ("La", "RGBa"):
        picture = picture.convert("LA" if mode == "La" else "RGBA")
    elif mode in ("P", "PA"):
        picture = picture.convert("RGBA" if mode == "PA" or "transparency" in picture.info else "RGB")
    elif mode in ("1", "L", "RGB") and "transparency" in picture.info:
        picture = picture.convert("RGBA" if mode == "RGB" else "LA")
    elif mode in ("1", "RGBX"):
        picture = picture.convert("L" if mode == "1" else "RGB")
    if picture.mode not in ("LA", "RGBA"):
        return picture, None
    alpha = picture.getchannel("A")
    colour = picture.convert("L" if picture.mode == "LA" else "RGB")
    return colour, alpha if alpha.getextrema() != (255, 255) else None


def to_srgb(colour: Image.Image, icc: bytes | None) -> tuple[Image.Image, str]:
    """RGB in sRGB, and how it got there: untagged | srgb | converted | ignored (a profile that does not fit)."""
    if colour.mode == "LAB":
        return ImageCms.applyTransform(colour, _transform(ImageCms.createProfile("LAB"), "LAB")), "converted"  # type: ignore[return-value]
    if not icc:
        return colour.convert("RGB"), "untagged"
    try:
        profile = ImageCms.getOpenProfile(io.BytesIO(icc))
        space = profile.profile.xcolor_space.strip()
        if space == "RGB":
            colour = colour.convert("RGB")
        if {"RGB": "RGB", "GRAY": "L", "CMYK": "CMYK"}.get(space) != colour.mode:
            return colour.convert("RGB"), "ignored"
        transform = _transform(profile, colour.mode)
        if colour.mode == "RGB" and _changes_nothing(transform):
            return colour, "srgb"
        converted = ImageCms.applyTransform(colour, transform)
    except (ImageCms.PyCMSError, *BROKEN):
        return colour.convert("RGB"), "ignored"
    assert converted is not None, "applyTransform returns a picture unless it works in place"
    return converted, "converted"


def _transform(profile: Any, mode: str) -> ImageCms.ImageCmsTransform:
    return ImageCms.buildTransform(
        profile,
        ImageCms.createProfile("sRGB"),
        mode,
        "RGB",
        ImageCms.Intent.RELATIVE_COLORIMETRIC,
        ImageCms.Flags.BLACKPOINTCOMPENSATION,
    )


def _changes_nothing(transform: ImageCms.ImageCmsTransform) -> bool:
    """True for the many spellings of sRGB: no colour of a 16 x 16 x 16 grid moves by more than one level."""
    grid = bytes(level * 17 for index in range(4096) for level in (index >> 8, index >> 4 & 15, index & 15))
    sample = Image.frombytes("RGB", (64, 64), grid)
    after = ImageCms.applyTransform(sample, transform)
    assert after is not None, "applyTransform returns a picture unless it works in place"
    return max(abs(a - b) for a, b in zip(grid, after.tobytes(), strict=True)) <= 1


def clean_pixels(picture: Image.Image) -> tuple[Image.Image, dict[str, Any]]:
    """Decoded, in sRGB, upright, without metadata; and what was done."""
    picture.load()
    icc = picture.info.get("icc_profile")
    orientation = orientation_of(picture)
    colour, alpha = separate_alpha(picture)
    clean, profile = to_srgb(colour, icc if isinstance(icc, bytes) else None)
    if alpha is not None:
        clean.putalpha(alpha)
    if orientation in UPRIGHT:
        clean = clean.transpose(UPRIGHT[orientation])
    clean.info = {}
    return clean, {"profile": profile, "orientation": orientation}


def lossless(clean: Image.Image) -> bytes:
    """The clean copy to keep: PNG; large pictures as WebP without losses, the colour of clear pixels included.

    Measured on photos of 48 megapixels: a third less room than PNG, written and read in the same time. Usual photos
    stay PNG, which every program reads.
    """
    out = io.BytesIO()
    if clean.width * clean.height > LARGE_PIXELS and max(clean.size) <= WEBP_MAX_SIDE:
        clean.save(out, "WEBP", lossless=True, exact=True, method=0, quality=0)
    else:
        # Level 1 costs a quarter of level 6 in time and a tenth more in bytes on photos.
        clean.save(out, "PNG", compress_level=1)
    return out.getvalue()


def render(clean: Image.Image, spec: dict[str, Any]) -> tuple[bytes, Image.Image]:
    """One file. ``width`` is an upper limit, four times it the upper limit of the height; nothing is enlarged."""
    out = io.BytesIO()
    if spec["format"] == "LOSSLESS":
        return lossless(clean), clean
    if spec["format"] == "PNG":
        clean.save(out, "PNG", compress_level=1)
        return out.getvalue(), clean
    if spec["format"] == "JPEG":
        on_white(clean).save(out, "JPEG", quality=spec["quality"], subsampling="4:4:4", optimize=True)
        return out.getvalue(), clean
    width = spec["width"] or WEBP_MAX_SIDE
    scale = min(1.0, width / clean.width, min(4 * width, WEBP_MAX_SIDE) / clean.height)
    if scale < 1.0:
        size = (max(1, round(clean.width * scale)), max(1, round(clean.height * scale)))
        clean = clean.resize(size, Image.Resampling.LANCZOS, reducing_gap=3.0)
    clean.save(out, "WEBP", quality=spec["quality"], method=2)
    return out.getvalue(), clean


def on_white(clean: Image.Image) -> Image.Image:
    if clean.mode != "RGBA":
        return clean
    ground = Image.new("RGB", clean.size, "white")
    ground.paste(clean, mask=clean.getchannel("A"))
    return ground


def run(job: dict[str, Any]) -> dict[str, Any]:
    data = sys.stdin.buffer.read()
    try:
        clean, report = clean_pixels(open_header(data, job))
    except Refused as refusal:
        return {"error": refusal.code, "params": refusal.params}
    files = []
    for spec in ([{"name": "clean", "format": "LOSSLESS"}] if job["clean"] else []) + job["specs"]:
        encoded, picture = render(clean, spec)
        write(encoded)
        files.append({"name": spec["name"], "size": len(encoded), "width": picture.width, "height": picture.height})
    return {"files": files, **report}


def write(data: bytes) -> None:
    try:
        sys.stdout.buffer.write(data)
        sys.stdout.buffer.flush()
    except OSError:
        os._exit(NO_SPACE_STATUS)


def main() -> NoReturn:
    report_fd = os.dup(2)
    # Decoders in C write warnings with parts of the file to standard error; only our report may stand there.
    os.dup2(os.open(os.devnull, os.O_WRONLY), 2)
    Image.MAX_IMAGE_PIXELS = None  # checked by open_header, against the site's own limit
    ImageFile.LOAD_TRUNCATED_IMAGES = False
    report = run(json.loads(sys.argv[1]))
    os.write(report_fd, json.dumps(report).encode())
    os._exit(0)


if __name__ == "__main__":
    main()
