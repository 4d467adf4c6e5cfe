"""What commands share: reading files, cutting out, writing pictures. Every failure is a sentence with a code."""

from __future__ import annotations

import argparse
import json
import os
import sys
from collections.abc import Mapping
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


def cut(photo: Photo, box: Box | None, chosen: argparse.Namespace) -> Cutout:
    from inference.pipelines.cutout import cut_out

    return cut_out(photo.rgb, box=box, alpha=photo.alpha, options=cutout_options(chosen))


def cutout_figures(cutout: Cutout) -> dict[str, Any]:
    return {
        "engine": cutout.engine,
        "confidence": round(cutout.confidence, 4),
        "warnings": list(cutout.warnings),
        "coverage": round(float((cutout.alpha >= 128).mean()), 4),
        "photo_size": list(cutout.size),
    }


def add_cutout_options(parser: argparse.ArgumentParser) -> None:
    """The cutout model and its weights, by default those that the site on this machine uses."""
    data = Path(os.environ.get("VISUALFORGE_DATA_DIR") or ".data")
    weights = os.environ.get("CUTOUT_WEIGHTS_DIR")
    parser.add_argument(
        "--cutout-weights",
        type=Path,
        default=Path(weights) if weights else data / "weights",
        metavar="DIR",
        help="where weights of cutout models lie (default: CUTOUT_WEIGHTS_DIR, else weights/ in the data folder)",
    )
    parser.add_argument(
        "--cutout-model",
        default=os.environ.get("CUTOUT_MODEL") or "isnet-general-use",
        metavar="NAME",
        help="default: CUTOUT_MODEL, else isnet-general-use",
    )


def cutout_options(chosen: argparse.Namespace) -> CutoutOptions:
    """Weights are used if they are there, and fetched by the command ``weights`` alone."""
    from inference.ports import CutoutOptions

    return CutoutOptions(chosen.cutout_model, weights_dir=chosen.cutout_weights)


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


def check_targets(chosen: argparse.Namespace) -> None:
    """Whether there is a place for what the command is to write, asked before the work begins.

    A folder for ``--layers`` is made where its parent exists; nothing else is, so that a slip leaves no folders behind.

    Raises InputRejected ``cli.can_not_write``.
    """
    for option in ("out", "layers"):
        path: Path | None = getattr(chosen, option, None)
        if path is not None and not path.parent.is_dir():
            message = f"--{option} {path} can not be written: there is no folder {path.parent}; make it first"
            raise InputRejected("cli.can_not_write", message)


def save_picture(picture: Any, path: Path) -> None:
    try:
        picture.save(path)
    except (OSError, ValueError) as error:
        raise InputRejected("cli.can_not_write", f"{path} can not be written: {error}") from error


def save_layers(layers: Mapping[str, Any], recipe: Mapping[str, Any], folder: Path) -> None:
    """Pictures as PNG under their names, and ``recipe.json``, in ``folder``."""
    try:
        folder.mkdir(exist_ok=True)
        for name, picture in layers.items():
            save_picture(picture, folder / f"{name}.png")
        text = json.dumps(recipe, ensure_ascii=False, indent=1, sort_keys=True)
        (folder / "recipe.json").write_text(text + "\n", encoding="utf-8")
    except OSError as error:
        raise InputRejected("cli.can_not_write", f"{folder} can not be written: {error.strerror}") from error


def print_line(line: Mapping[str, Any]) -> None:
    """The one line. Whoever reads only its beginning (``| head``) has seen enough: that is no error."""
    try:
        print(json.dumps(line, ensure_ascii=False), flush=True)
    except BrokenPipeError:
        # What is left in the buffer would fail once more when Python ends.
        with open(os.devnull, "wb") as nowhere:
            os.dup2(nowhere.fileno(), sys.stdout.fileno())
