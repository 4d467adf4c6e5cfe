"""Pixels to a labelled, signed file."""

from __future__ import annotations

import io
from contextlib import suppress

import numpy as np
from PIL import Image

from inference.errors import InputRejected
from inference.ops import white, xmp
from inference.ops.certificate import Identity
from inference.ops.credentials import PhotoFile, Signed, Statement, sign
from inference.ops.encode import FORMATS, encode_within, too_many_bytes
from inference.ops.psd import write_psd
from inference.pipelines.export.types import (
    FINE_QUALITY,
    RESERVED_BYTES,
    ExportedFile,
    Rendered,
    Target,
    border_px,
)
from inference.pipelines.label import CREATOR_TOOL, public_recipe
from inference.recipe import canonical_json

_SPARE_BYTES = 64


def write_file(
    rendered: Rendered,
    target: Target,
    *,
    name: str,
    profile: str,
    identity: Identity,
    photo: bytes,
    photo_type: str,
    companion: PhotoFile | None = None,
) -> ExportedFile:
    """Encode, label and sign.

    Args:
        name: the file's name, which the credentials repeat.
        profile: key and version of the profile it was made for.
        photo: the original photo's file, which the credentials name by hash.
        companion: that of the second product, where there is one.

    Raises:
        InputRejected: ``export.too_many_bytes``.
        EngineFailed: ``export.not_signed``.
    """
    public = public_recipe(rendered.recipe, profile=profile, product_scale=rendered.product_scale)
    packet = xmp.xmp_packet(
        source_type=rendered.source_type, creator_tool=CREATOR_TOOL, recipe_hash=public["recipe_hash"]
    )
    statement = Statement(
        title=name,
        source_type=rendered.source_type,
        steps=rendered.steps,
        is_composite=target.kind in ("scene", "layers"),
        recipe=public,
        photo=photo,
        photo_type=photo_type,
        companion=companion,
    )
    media_type = FORMATS[target.file_format].media_type
    reserved = RESERVED_BYTES + len(canonical_json(public))
    data, quality = _encoded(rendered, target, packet, reserved=reserved)
    signed: Signed = sign(data, media_type, statement, identity)
    if target.max_bytes is not None and len(signed.data) > target.max_bytes:
        # A supplied certificate may come with a long chain: now it is known what the signature takes.
        taken = len(signed.data) - len(data) + _SPARE_BYTES
        data, quality = _encoded(rendered, target, packet, reserved=taken)
        signed = sign(data, media_type, statement, identity)
    height, width = rendered.pixels.shape[:2]
    return ExportedFile(signed.data, signed.sidecar, media_type, width, height, quality)


def _encoded(rendered: Rendered, target: Target, packet: bytes, *, reserved: int) -> tuple[bytes, int | None]:
    """The picture without its credentials, for which ``reserved`` bytes are kept free, and its quality."""
    if target.kind == "layers":
        assert rendered.layers is not None
        return write_psd(rendered.layers, rendered.pixels, xmp=packet), None
    if target.aim_bytes is not None:
        fine = max(target.lowest_quality, FINE_QUALITY)
        with suppress(InputRejected):
            return _within(rendered, target, packet, most=target.aim_bytes - reserved, floor=fine)
    if target.max_bytes is None:
        return _within(rendered, target, packet, most=None, floor=target.lowest_quality)
    try:
        return _within(rendered, target, packet, most=target.max_bytes - reserved, floor=target.lowest_quality)
    except InputRejected as error:
        # People are told of the whole file, as the marketplace counts it.
        raise too_many_bytes(int(error.params["smallest"]) + reserved, target.max_bytes) from error


def _within(
    rendered: Rendered, target: Target, packet: bytes, *, most: int | None, floor: int
) -> tuple[bytes, int | None]:
    size = (rendered.pixels.shape[1], rendered.pixels.shape[0])
    ring = border_px(target, size)
    had = white.white_border_px(rendered.pixels[..., :3]) if target.kind == "white" else 0

    def keeps_white(data: bytes) -> bool:
        return white.white_border_px(np.asarray(Image.open(io.BytesIO(data)).convert("RGB"))) >= min(ring, had)

    encoded = encode_within(
        rendered.pixels,
        target.file_format,
        xmp=packet,
        max_bytes=most,
        best=target.best_quality,
        floor=floor,
        keeps=keeps_white if target.kind == "white" else None,
    )
    return encoded.data, encoded.quality
