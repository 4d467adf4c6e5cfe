"""Judges a written file by reading it again: every figure is measured on the bytes, none is believed.

The only thing that does not come from the file is the lossless picture that it was made from, for the one rule that
compares with it: the product inside a lossy file must still be the product.
"""

from __future__ import annotations

import hashlib
import io
import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import Any

import numpy as np
from PIL import Image, UnidentifiedImageError

from inference.errors import InputRejected
from inference.ops import white
from inference.ops.credentials import Credentials, State, examine
from inference.ops.encode import FORMATS
from inference.ops.gate import derivative_gate
from inference.ops.layers import merged
from inference.ops.metrics import max_abs_diff
from inference.ops.psd import PsdContent, read_psd
from inference.ops.srgb_profile import is_srgb
from inference.ops.xmp import TERMS, source_type_in
from inference.pipelines.rules import REQUIRED, STANDING, Check, FileReport, Rule
from inference.recipe import pixels_sha256
from inference.types import U8

RATIO_TOLERANCE = 0.01
SUFFIXES = {"jpeg": ("jpg", "jpeg"), "png": ("png",), "webp": ("webp",), "tiff": ("tif", "tiff"), "psd": ("psd",)}


@dataclass(frozen=True)
class Facts:
    """What a file turned out to be. ``pixels`` uint8 (H, W, 3); ``alpha`` uint8 (H, W) where there is one."""

    name: str
    size_bytes: int
    file_format: str
    mode: str
    frames: int
    icc: bytes | None
    xmp: bytes
    quality: int | None
    pixels: U8
    alpha: U8 | None
    credentials: Credentials
    psd: PsdContent | None
    master: U8 | None
    mask: U8 | None

    @property
    def width(self) -> int:
        return int(self.pixels.shape[1])

    @property
    def height(self) -> int:
        return int(self.pixels.shape[0])


def check_file(
    data: bytes,
    rules: Iterable[Rule],
    *,
    name: str,
    trust_pem: bytes,
    source_type: str = "",
    sidecar: bytes | None = None,
    master: U8 | None = None,
    mask: U8 | None = None,
) -> FileReport:
    """Measure a file and judge it.

    Args:
        rules: those of its profile; the standing ones are added.
        name: its file name, without a folder.
        trust_pem: the roots whose credentials count as ours.
        source_type: the IPTC term that the recipe asks for; empty = any of ``ops.xmp.TERMS``, for a file of unknown
            making. Label and credentials must both say it.
        master, mask: the lossless picture, uint8 (H, W, 3), and where the product shows in it, uint8 (H, W).
    """
    digest = hashlib.sha256(data).hexdigest()
    try:
        facts = _facts(data, name, trust_pem, sidecar, master, mask)
    except (UnidentifiedImageError, OSError, ValueError, SyntaxError, KeyError, InputRejected) as error:
        unreadable = Check("readable", REQUIRED, passed=False, needed=True, found=str(error)[:200])
        return FileReport(False, digest, len(data), 0, 0, "", (unreadable,))
    checks = tuple(_check(facts, rule) for rule in (*rules, *_standing(source_type)))
    return FileReport(
        passed=all(check.passed or check.level != REQUIRED for check in checks),
        sha256=digest,
        size_bytes=len(data),
        width=facts.width,
        height=facts.height,
        pixels_sha256=pixels_sha256(facts.pixels if facts.alpha is None else np.dstack([facts.pixels, facts.alpha])),
        checks=checks,
    )


def _standing(source_type: str) -> tuple[Rule, ...]:
    """What holds for every file; with the one term that this file has to carry, where that is known."""
    exact = {"source_type": Rule("source_type", source_type)} if source_type else {}
    return tuple(exact.get(rule.name, rule) for rule in STANDING)


def _check(facts: Facts, rule: Rule) -> Check:
    passed, found = _MEASURES[rule.name](facts, rule.value)
    return Check(rule.name, rule.level, bool(passed), rule.value, found)


def _facts(
    data: bytes, name: str, trust_pem: bytes, sidecar: bytes | None, master: U8 | None, mask: U8 | None
) -> Facts:
    psd = read_psd(data) if data[:4] == b"8BPS" else None
    with Image.open(io.BytesIO(data)) as picture:
        file_format = str(picture.format).lower()
        frames = 1 if psd else int(getattr(picture, "n_frames", 1))
        quality = jpeg_quality(picture) if file_format == "jpeg" else None
        mode, info = picture.mode, {str(key): value for key, value in picture.info.items()}
        bands = np.asarray(picture.convert("RGBA" if "A" in mode else "RGB"))
    pixels = psd.merged if psd else np.ascontiguousarray(bands[..., :3])
    packet = psd.xmp if psd else _xmp(info)
    media_type = FORMATS[file_format].media_type
    return Facts(
        name=name,
        size_bytes=len(data),
        file_format=file_format,
        mode=mode,
        frames=frames,
        icc=psd.icc if psd else info.get("icc_profile"),
        xmp=packet,
        quality=quality,
        pixels=pixels,
        alpha=np.ascontiguousarray(bands[..., 3]) if bands.shape[2] == 4 and not psd else None,
        credentials=examine(data, media_type, trust_pem=trust_pem, sidecar=sidecar),
        psd=psd,
        master=master,
        mask=mask,
    )


def _xmp(info: Mapping[str, Any]) -> bytes:
    packet = info.get("xmp") or info.get("XML:com.adobe.xmp") or b""
    if isinstance(packet, str):
        packet = packet.encode()
    return bytes(packet)


def jpeg_quality(picture: Image.Image) -> int | None:
    """The libjpeg quality that a file's luminance table was scaled by (inverse of ``jpeg_set_quality``)."""
    tables = getattr(picture, "quantization", None)
    if not tables:
        return None
    scale = 100 * int(sum(tables[0])) / _LUMINANCE_SUM
    return round((200 - scale) / 2 if scale <= 100 else 5000 / scale)


_LUMINANCE_SUM = 3688  # of the example table in ITU T.81, annex K


def _white_border(facts: Facts, share: float) -> tuple[bool, Any]:
    rings = white.white_border_px(facts.pixels)
    needed = max(2, round(share * min(facts.width, facts.height)))
    return rings >= needed, rings


def _fill(facts: Facts) -> float:
    return round(white.measured_fill(facts.pixels), 4)


def _ratio(facts: Facts, allowed: list[str]) -> tuple[bool, Any]:
    have = facts.width / facts.height
    wanted = [int(a) / int(b) for a, _, b in (text.partition(":") for text in allowed)]
    close = any(abs(have / ratio - 1) <= RATIO_TOLERANCE for ratio in wanted)
    return close, f"{facts.width}:{facts.height}"


def _source_type(facts: Facts, needed: str | bool) -> tuple[bool, Any]:
    """The label can be read by anybody and the credentials are signed: a file must not say two things."""
    label, signed = source_type_in(facts.xmp), facts.credentials.source_type
    allowed = (needed,) if isinstance(needed, str) else TERMS
    found = label if label == signed else f"{label or '–'} / {signed or '–'}"
    return label in allowed and label == signed, found


def _product_size(facts: Facts, most: float) -> tuple[bool, Any]:
    scale = facts.credentials.recipe.get("product_scale")
    return isinstance(scale, float | int) and scale <= most, scale


def _product_kept(facts: Facts, most_delta_e: float) -> tuple[bool, Any]:
    if facts.master is None or facts.mask is None:
        return True, None
    report = derivative_gate(facts.master[..., :3], facts.pixels, facts.mask)
    return report.passed, {"delta_e": report.delta_e, "ssim": report.ssim}


def _layers_match(facts: Facts, most: int) -> tuple[bool, Any]:
    if facts.psd is None or facts.master is None:
        return False, None
    preview = max_abs_diff(facts.psd.merged, facts.master)
    stack = max_abs_diff(merged(facts.psd.layers), facts.master)
    return preview == 0 and stack <= most, {"preview": int(preview), "layers": int(stack)}


def _corners_clear(facts: Facts, least_px: int) -> tuple[bool, Any]:
    """The side of the largest square in every corner without the product; None where nobody knows where that is."""
    if facts.mask is None or not facts.mask.any() or facts.mask.all():
        return True, None
    rows, columns = np.nonzero(facts.mask)
    down, right = facts.mask.shape[0] - 1 - rows, facts.mask.shape[1] - 1 - columns
    clear = min(int(np.maximum(a, b).min()) for a in (rows, down) for b in (columns, right))
    return clear >= least_px, clear


def _transparent(facts: Facts, wanted: bool) -> tuple[bool, Any]:
    has = facts.alpha is not None and bool((facts.alpha < 255).any())
    return has == wanted, has


def _suffix(facts: Facts, _: bool) -> tuple[bool, Any]:
    suffix = PurePosixPath(facts.name).suffix.lower().lstrip(".")
    return suffix in SUFFIXES.get(facts.file_format, ()), suffix


def _name_pattern(facts: Facts, pattern: str) -> tuple[bool, Any]:
    stem = PurePosixPath(facts.name).stem
    return re.fullmatch(pattern, stem) is not None, stem


def _at_least(figure: Callable[[Facts], Any]) -> Callable[[Facts, Any], tuple[bool, Any]]:
    return lambda facts, least: ((found := figure(facts)) is not None and found >= least, found)


def _at_most(figure: Callable[[Facts], Any]) -> Callable[[Facts, Any], tuple[bool, Any]]:
    return lambda facts, most: ((found := figure(facts)) is not None and found <= most, found)


def _longest(facts: Facts) -> int:
    return max(facts.width, facts.height)


_MEASURES: Mapping[str, Callable[[Facts, Any], tuple[bool, Any]]] = {
    "formats": lambda facts, allowed: (facts.file_format in allowed, facts.file_format),
    "max_bytes": _at_most(lambda facts: facts.size_bytes),
    "longest_min": _at_least(_longest),
    "zoom_longest": _at_least(_longest),
    "longest_max": _at_most(_longest),
    "shortest_min": _at_least(lambda facts: min(facts.width, facts.height)),
    "width_min": _at_least(lambda facts: facts.width),
    "pixels_max": _at_most(lambda facts: facts.width * facts.height),
    "size": lambda facts, size: ([facts.width, facts.height] == list(size), [facts.width, facts.height]),
    "ratio": _ratio,
    "white_border": _white_border,
    "fill_min": _at_least(_fill),
    "fill_max": _at_most(_fill),
    "transparent": _transparent,
    "quality_min": _at_least(lambda facts: facts.quality),
    "name_pattern": _name_pattern,
    "name_ascii": lambda facts, _: (facts.name.isascii(), facts.name),
    "name_max": _at_most(lambda facts: len(facts.name)),
    "corners_clear": _corners_clear,
    "layers_match": _layers_match,
    "suffix": _suffix,
    "one_picture": lambda facts, _: (facts.frames == 1, facts.frames),
    "rgb8": lambda facts, _: (facts.mode in ("RGB", "RGBA"), facts.mode),
    "srgb": lambda facts, _: (is_srgb(facts.icc), None if facts.icc is None else is_srgb(facts.icc)),
    "source_type": _source_type,
    "credentials": lambda facts, _: (facts.credentials.state == State.TRUSTED, str(facts.credentials.state)),
    "product_size": _product_size,
    "product_kept": _product_kept,
}
