"""Commands about models: which there are, a product in a drawn scene, a picture changed in one place."""

from __future__ import annotations

import argparse
import os
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from inference.cli.files import cut, load_recipe, parse_box, parse_pair, read_picture, save_layers, save_picture
from inference.errors import InputRejected

if TYPE_CHECKING:
    from inference.generation import GenerateOptions
    from inference.pipelines.generated import GeneratedInputs, GeneratedShot
    from inference.types import U8, Box

DONE, FAILED_CHECK = 0, 3


def add_commands(commands: Any) -> None:
    """Add ``models``, ``generate`` and ``edit``."""
    models = commands.add_parser("models", help="list the models and whether they can run here")
    add_model_options(models)
    models.set_defaults(run=_models)
    generate = commands.add_parser("generate", help="draw a scene around a product, or the product anew")
    generate.add_argument("photo", type=Path)
    generate.add_argument("--box", help="X,Y,W,H around the product, in pixels of the upright photo")
    generate.add_argument("--label", required=True, help="what the product is, as in 'a glass bottle'")
    generate.add_argument("--mode", default="exact", choices=("exact", "reimagined"))
    generate.add_argument("--scene", type=Path, help="a scene form as JSON; single options below add to it")
    for name in ("setting", "surface", "light", "lens", "mood", "season", "copy-space", "words"):
        generate.add_argument(f"--{name}", default="")
    generate.add_argument("--props", default="", help="comma-separated names")
    generate.add_argument("--palette", default="", help="comma-separated #rrggbb")
    generate.add_argument("--style", type=Path, help="a picture whose scene or style is to be followed")
    generate.add_argument("--size", default="1024x1024", help="WIDTHxHEIGHT")
    _add_drawing(generate)
    generate.set_defaults(run=_generate)
    edit = commands.add_parser("edit", help="change a picture in one place by an instruction")
    edit.add_argument("picture", type=Path)
    edit.add_argument("--instruction", required=True)
    edit.add_argument("--region", help="LEFT,TOP,WIDTH,HEIGHT in fractions of the picture")
    edit.add_argument("--mask", type=Path, help="a picture of the same size: white = may change")
    _add_drawing(edit)
    edit.set_defaults(run=_edit)


def verify_generated_file(recipe: Mapping[str, Any], chosen: argparse.Namespace) -> tuple[int, dict[str, Any]]:
    """``verify`` for the recipe of a generated shot."""
    from inference.pipelines.generated.verify import spec_of, verify_generated

    spec_of(recipe)
    source, home = recipe.get("source") or {}, chosen.recipe.parent
    paths = {name: home / str(source[name]) for name in ("photo", "style", "picture", "mask") if source.get(name)}
    if chosen.photo and "photo" in paths:
        paths["photo"] = chosen.photo
    inputs = _inputs(paths, source.get("box"), chosen)
    master = home / "master.png"
    picture = read_picture(master)[0].rgb if master.is_file() else None
    report = verify_generated(recipe, inputs, options=_options(chosen), picture=picture)
    return DONE if report.passed else FAILED_CHECK, report.as_dict()


def _models(chosen: argparse.Namespace) -> tuple[int, dict[str, Any]]:
    from inference.pipelines.generate import models

    return DONE, {
        "models": [
            {
                "name": state.card.name,
                "title": state.card.title,
                "licence": state.card.licence,
                "commercial": state.card.is_commercial,
                "can": sorted(state.card.can),
                "available": state.status.available,
                "reason": state.status.reason,
                "next_step": state.status.next_step,
            }
            for state in models(_options(chosen))
        ]
    }


def _generate(chosen: argparse.Namespace) -> tuple[int, dict[str, Any]]:
    width, height = parse_pair(chosen.size, "x", int, "a size is WIDTHxHEIGHT")
    box = parse_box(chosen.box)
    raw = {
        **_drawing(chosen),
        "mode": chosen.mode,
        "product_label": chosen.label,
        "scene": _scene(chosen),
        "width": width,
        "height": height,
    }
    paths = {"photo": chosen.photo, **({"style": chosen.style} if chosen.style else {})}
    return _made(chosen, raw, paths, box.as_list() if box else None)


def _edit(chosen: argparse.Namespace) -> tuple[int, dict[str, Any]]:
    picture = read_picture(chosen.picture)[0].rgb
    raw = {
        **_drawing(chosen),
        "mode": "edit",
        "instruction": chosen.instruction,
        "width": picture.shape[1],
        "height": picture.shape[0],
        "region": _fractions(chosen.region),
    }
    paths = {"picture": chosen.picture, **({"mask": chosen.mask} if chosen.mask else {})}
    return _made(chosen, raw, paths, None)


def _made(
    chosen: argparse.Namespace, raw: Mapping[str, Any], paths: Mapping[str, Path], box: list[int] | None
) -> tuple[int, dict[str, Any]]:
    from PIL import Image

    from inference.pipelines.generated.shot import generated_shot
    from inference.pipelines.generated.spec import GeneratedSpec

    spec = GeneratedSpec.from_json(raw)
    source = {name: _recorded(path, chosen.layers) for name, path in paths.items()}
    inputs = _inputs(paths, box, chosen)
    shot = generated_shot(spec, inputs, options=_options(chosen), source={**source, "box": box})
    save_picture(Image.fromarray(shot.master), chosen.out)
    if chosen.layers:
        _save_layers(shot, chosen.layers)
    return DONE, {
        "model": shot.recipe["model"],
        "label": shot.label,
        "size": [spec.width, spec.height],
        "seed": shot.candidates[0].seed,
        "prompt": shot.recipe["prompt"],
        "gate": None if shot.gate is None else shot.gate.as_dict(),
        "measures": dict(shot.measures),
        "candidates": [candidate.as_dict() for candidate in shot.candidates],
        "violations": [dict(one.__dict__) for one in shot.scene.violations] if shot.scene else [],
        "shot_warnings": list(shot.warnings),
        "out": str(chosen.out),
        "sha256": shot.recipe["output"]["pixels_sha256"],
        "stages_s": dict(shot.timings_s),
    }


def _inputs(paths: Mapping[str, Path], box: list[int] | None, chosen: argparse.Namespace) -> GeneratedInputs:
    from inference.pipelines.generated import GeneratedInputs
    from inference.types import Box

    rgb: dict[str, U8] = {name: read_picture(path)[0].rgb for name, path in paths.items() if name != "photo"}
    mask = rgb["mask"].max(axis=2) if "mask" in rgb else None
    if "photo" not in paths:
        return GeneratedInputs(style=rgb.get("style"), picture=rgb.get("picture"), mask=mask)
    photo, _ = read_picture(paths["photo"])
    around: Box | None = Box(*box) if box else None
    return GeneratedInputs(photo.rgb, cut(photo, around, chosen), rgb.get("style"), rgb.get("picture"), mask)


def _scene(chosen: argparse.Namespace) -> dict[str, Any]:
    scene = load_recipe(chosen.scene) if chosen.scene else {}
    single = {
        name: getattr(chosen, name)
        for name in ("setting", "surface", "light", "lens", "mood", "season", "copy_space", "words")
    }
    lists = {
        name: [part.strip() for part in getattr(chosen, name).split(",") if part.strip()]
        for name in ("props", "palette")
    }
    return {**scene, **{name: value for name, value in (single | lists).items() if value}}


def _drawing(chosen: argparse.Namespace) -> dict[str, Any]:
    return {
        "model": chosen.model,
        "seed": chosen.seed,
        "candidates": chosen.candidates,
        "preview_px": chosen.preview,
        "strength": chosen.strength,
        "steps": chosen.steps,
        "guidance": chosen.guidance,
    }


def _options(chosen: argparse.Namespace) -> GenerateOptions:
    from inference.generation import GenerateOptions

    return GenerateOptions(
        weights_dir=chosen.weights,
        accepted_licences=frozenset(chosen.accept or ()),
        device=chosen.device,
        adapters_dir=chosen.adapters,
    )


def add_model_options(parser: argparse.ArgumentParser) -> None:
    """Where weights are, and which licences were accepted."""
    home = os.environ.get("GENERATOR_WEIGHTS_DIR")
    parser.add_argument("--weights", type=Path, default=Path(home) if home else None, help="folder of the weights")
    parser.add_argument("--accept", action="append", metavar="LICENCE", help="a non-commercial licence you accept")
    parser.add_argument("--adapters", type=Path, help="folder of adapters as NAME.safetensors")
    parser.add_argument("--device", default="auto")


def _add_drawing(parser: argparse.ArgumentParser) -> None:
    add_model_options(parser)
    parser.add_argument("--model", default="", help="a name of `models`; default: the first")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--candidates", type=int, default=4)
    parser.add_argument("--preview", type=int, default=512, help="longest side of the candidates, pixels")
    parser.add_argument("--strength", type=float, default=0.6, help="0 = faithful or unchanged, 1 = free")
    parser.add_argument("--steps", type=int)
    parser.add_argument("--guidance", type=float)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--layers", type=Path, help="folder for master, plate, product, candidates and recipe.json")


def _fractions(text: str | None) -> list[float] | None:
    if text is None:
        return None
    try:
        return [float(part) for part in text.split(",")]
    except ValueError as error:
        raise InputRejected("cli.bad_arguments", f"a region is LEFT,TOP,WIDTH,HEIGHT, not {text!r}") from error


def _recorded(path: Path, layers: Path | None) -> str:
    """A file as seen from the recipe, so that a folder can be moved as a whole."""
    return os.path.relpath(path, layers) if layers else path.name


def _save_layers(shot: GeneratedShot, folder: Path) -> None:
    from PIL import Image

    layers: dict[str, U8 | None] = {
        "master": shot.master,
        "plate": shot.plate,
        "product": shot.product,
        "mask": shot.mask,
    }
    layers |= {f"candidate-{candidate.seed}": candidate.rgb for candidate in shot.candidates}
    pictures = {name: Image.fromarray(pixels) for name, pixels in layers.items() if pixels is not None}
    save_layers(pictures, shot.recipe, folder)
