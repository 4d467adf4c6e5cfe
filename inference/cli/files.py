"""What commands share: reading files, cutting out, writing pictures. Every failure is a sentence with a code."""

from __future__ import annotations

import argparse
import json
import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

from inference.errors import InputRejected

if TYPE_CHECKING:
    from inference.ops.photo import Photo
    from inference.ports import CutoutOptions
    from inference.types import Box, Cutout


def read_picture(path: Path) -> tuple[Photo, str]:
    import hashlib

    from inference.ops.photo import read_photo

    data = read_bytes(path)
    return read_photo(data), hashlib.sha256(data).hexdigest()


def read_bytes(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise InputRejected("photo.missing", f"{path} can not be read: {error.strerror}") from error


def load_recipe(path: Path) -> dict[str, Any]:
    try:
        recipe = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise InputRejected("verify.bad_recipe", f"{path} can not be read as a recipe: {error}") from error
    if not isinstance(recipe, dict):
        raise InputRejected("verify.bad_recipe", f"{path} holds no recipe")
    return recipe


def cut(photo: Photo, box: Box | None) -> Cutout:
    from inference.pipelines.cutout import cut_out

    return cut_out(photo.rgb, box=box, alpha=photo.alpha, options=cutout_options())


def cutout_figures(cutout: Cutout) -> dict[str, Any]:
    return {
        "engine": cutout.engine,
        "confidence": round(cutout.confidence, 4),
        "warnings": list(cutout.warnings),
        "coverage": round(float((cutout.alpha >= 128).mean()), 4),
        "photo_size": list(cutout.size),
    }


def cutout_options() -> CutoutOptions:
    """Where rembg keeps its weights by convention; they are used if they are there, and never fetched by a script."""
    from inference.ports import CutoutOptions

    home = os.environ.get("U2NET_HOME")
    return CutoutOptions(weights_dir=Path(home) if home else None)


def recorded_path(chosen: argparse.Namespace) -> str:
    """The photo as seen from the recipe, so that a folder can be moved as a whole."""
    photo: Path = chosen.photo
    return os.path.relpath(photo, chosen.layers) if chosen.layers else photo.name


def parse_box(text: str | None) -> Box | None:
    from inference.types import Box

    if text is None:
        return None
    try:
        return Box.parse(text)
    except ValueError as error:
        raise InputRejected("cli.bad_arguments", str(error)) from error


def parse_pair(text: str, separator: str, kind: type, form: str) -> tuple[Any, Any]:
    try:
        first, second = (kind(part) for part in text.lower().split(separator))
    except ValueError as error:
        raise InputRejected("cli.bad_arguments", f"{form}, not {text!r}") from error
    return first, second


def save_picture(picture: Any, path: Path) -> None:
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        picture.save(path)
    except (OSError, ValueError) as error:
        raise InputRejected("cli.can_not_write", f"{path} can not be written: {error}") from error
