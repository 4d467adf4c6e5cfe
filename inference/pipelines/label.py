"""A finished shot as a file that says how it was made. Light enough for a web process: nothing is rendered here."""

from __future__ import annotations

import io
import struct
import zlib
from collections.abc import Mapping
from typing import Any

import numpy as np
from PIL import Image

from inference import __version__
from inference.ops import xmp
from inference.ops.certificate import Identity
from inference.ops.credentials import PhotoFile, Statement, sign
from inference.ops.encode import FORMATS, encode
from inference.ops.srgb_profile import srgb_icc
from inference.recipe import recipe_hash

CREATOR_TOOL = f"VisualForge {__version__}"
PUBLIC_KEYS = ("schema", "kind", "photo", "cutout", "engine", "model", "set", "spec", "output", "code")
GENERATED = "generated_shot"
# What people wrote stays with them: of a generated shot's request a file says only how it was drawn.
PUBLIC_SPEC_KEYS = ("mode", "model", "width", "height", "seed", "steps", "guidance", "strength")
QUALITY = 94
_AFTER_HEADER = 33  # signature and IHDR
_PNG_XMP = b"XML:com.adobe.xmp"


def public_recipe(recipe: Mapping[str, Any], *, profile: str, product_scale: float) -> dict[str, Any]:
    """What a file says about its making: everything that decides the picture, nothing of where it was stored."""
    return {
        "recipe_hash": recipe_hash(recipe),
        "recipe": {key: recipe[key] for key in PUBLIC_KEYS if key in recipe} | _public_spec(recipe),
        "profile": profile,
        "product_scale": round(product_scale, 5),
    }


def _public_spec(recipe: Mapping[str, Any]) -> dict[str, Any]:
    if recipe.get("kind") != GENERATED:
        return {}
    spec = {key: recipe["spec"][key] for key in PUBLIC_SPEC_KEYS if key in recipe["spec"]}
    photo = recipe.get("inputs", {}).get("photo")
    return {"spec": spec} | ({"photo": photo} if photo else {})


def scene_source_type(recipe: Mapping[str, Any]) -> str:
    """Sets are computed from geometry and lamps; every other engine paints with a trained model.

    Of a generated shot the product is the photo's own, unless it was drawn anew.
    """
    if recipe.get("kind") == GENERATED:
        return xmp.TRAINED if _is_drawn_anew(recipe) else xmp.COMPOSITE_WITH_TRAINED
    is_computed = recipe.get("engine", {}).get("name") == "studio_sets"
    return xmp.COMPOSITE if is_computed else xmp.COMPOSITE_SYNTHETIC


def _is_drawn_anew(recipe: Mapping[str, Any]) -> bool:
    """Whether the product itself came from a model, now or before a part of the picture was changed."""
    return "reimagined" in (recipe["spec"]["mode"], recipe.get("source", {}).get("product"))


def scene_step(recipe: Mapping[str, Any]) -> tuple[str, str]:
    """The C2PA action of a shot."""
    if recipe.get("kind") == GENERATED:
        subject = "Drawn" if _is_drawn_anew(recipe) else "Surroundings drawn"
        return "c2pa.edited", f"{subject} by the model {recipe['model']['model']}"
    name = recipe.get("spec", {}).get("set_name") or recipe.get("engine", {}).get("name", "")
    return "c2pa.edited", f"Lit and shaded in the scene {name}"


def label_shot(
    master_png: bytes,
    recipe: Mapping[str, Any],
    *,
    file_format: str,
    name: str,
    identity: Identity,
    photo: bytes,
    photo_type: str,
    companion: PhotoFile | None = None,
) -> bytes:
    """A shot's lossless master with profile, XMP and signed credentials, as ``png``, ``jpeg`` or ``webp``.

    A PNG keeps its compressed pixels; only chunks are added.

    Args:
        master_png: one of our own files.
        photo: the original photo's file, which the credentials name by hash.
        companion: that of the second product, where there is one.

    Raises:
        EngineFailed: ``export.not_signed``.
    """
    scale = float(recipe.get("measures", {}).get("product_scale", 1.0))
    public = public_recipe(recipe, profile="original", product_scale=scale)
    source_type = scene_source_type(recipe)
    packet = xmp.xmp_packet(source_type=source_type, creator_tool=CREATOR_TOOL, recipe_hash=public["recipe_hash"])
    statement = Statement(name, source_type, (scene_step(recipe),), True, public, photo, photo_type, companion)
    if file_format == "png":
        data = with_chunks(master_png, packet)
    else:
        pixels = np.asarray(Image.open(io.BytesIO(master_png)).convert("RGB"), np.uint8)
        data = encode(pixels, file_format, xmp=packet, quality=QUALITY)
    return sign(data, FORMATS[file_format].media_type, statement, identity).data


def with_chunks(png: bytes, packet: bytes) -> bytes:
    """A PNG with our profile and an XMP packet (PNG specification, iCCP and iTXt), its pixels as they were."""
    profile = _chunk(b"iCCP", b"sRGB\0\0" + zlib.compress(srgb_icc()))
    text = _chunk(b"iTXt", _PNG_XMP + b"\0\0\0\0\0" + packet)
    return png[:_AFTER_HEADER] + profile + text + png[_AFTER_HEADER:]


def _chunk(kind: bytes, content: bytes) -> bytes:
    return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", zlib.crc32(kind + content))
