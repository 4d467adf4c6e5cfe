"""The command line: every command prints exactly one JSON line on standard output.

Exit status: 0 done; 2 the input can not be used (also wrong arguments); 3 the product gate or the verification failed;
4 the engine is missing here or broke. In cases 2 and 4 the line is ``{"error": code, "message": sentence}``.

    python -m inference cutout PHOTO --out cutout.png [--box X,Y,W,H] [--strokes strokes.json]
    python -m inference sets
    python -m inference weights [--model NAME] [--dir DIR]
    python -m inference shot PHOTO [--box X,Y,W,H] --set NAME [--palette '#1b4d3e,#f4e9d8'] [--size 1200x1200]
                             [--camera NAME] [--mood NAME] [--seed N] [--scale F] [--offset X,Y] [EDITS]
                             --out shot.png [--layers DIR]
    python -m inference verify recipe.json [--photo PHOTO]
    python -m inference verify FILE [--trust certificate.pem] [--manifest FILE.c2pa]
    python -m inference verify report.json --trust certificate.pem
    python -m inference verify export.zip --trust certificate.pem
    python -m inference models [--weights DIR]
    python -m inference generate PHOTO --label 'a glass bottle' --weights DIR [--mode exact] [--words '…']
                             [--surface oak] [--palette …] [--style PICTURE] [--size 1024x1024] --out shot.png
                             [--layers DIR]
    python -m inference edit PICTURE --instruction '…' --region L,T,W,H --weights DIR --out edited.png
    python -m inference warm

All use the cutout model and weights of the site (``CUTOUT_MODEL``, ``CUTOUT_WEIGHTS_DIR``); before the command,
``--cutout-model NAME`` and ``--cutout-weights DIR`` name others. The folder of ``--out`` has to be there already.
EDITS are ``--rotate-deg 5``, ``--flip`` and so on; ``shot --help`` lists them with their ranges.
"""

from __future__ import annotations

import argparse
import json
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn

from inference.cli.files import (
    add_cutout_options,
    check_targets,
    cut,
    cutout_figures,
    cutout_options,
    load_recipe,
    parse_box,
    parse_pair,
    print_line,
    read_picture,
    recorded_path,
    save_layers,
    save_picture,
)
from inference.cli.generate import add_commands, add_model_options, verify_generated_file
from inference.cli.status import BAD_INPUT, ENGINE_TROUBLE, FAILED_GATE
from inference.cli.verify import verify_file, verify_report
from inference.edits import KNOBS, SWITCHES, EditProblem, Edits
from inference.errors import InferenceError, InputRejected

if TYPE_CHECKING:
    from inference.ops.photo import Photo
    from inference.ports import SceneOptions
    from inference.types import U8, Box, Cutout, ShotResult


class _Parser(argparse.ArgumentParser):
    def error(self, message: str) -> NoReturn:
        raise InputRejected("cli.bad_arguments", message)


def main(arguments: list[str]) -> int:
    """Run one command; returns the exit status."""
    begin = time.perf_counter()
    status: int
    line: dict[str, Any]
    try:
        chosen = command_parser().parse_args(arguments)
        check_targets(chosen)
        status, line = chosen.run(chosen)
    except InputRejected as error:
        status, line = BAD_INPUT, {"error": error.code, "message": error.message}
    except InferenceError as error:
        status, line = ENGINE_TROUBLE, {"error": error.code, "message": error.message}
    if "error" not in line:
        line["total_s"] = round(time.perf_counter() - begin, 3)
    print_line(line)
    return status


def command_parser() -> argparse.ArgumentParser:
    """Every command with its options. Its ``parse_args`` raises InputRejected ``cli.bad_arguments``."""
    parser = _Parser(prog="python -m inference", description="Product shots from one photo; one JSON line a command.")
    parser.add_argument("--sets-dir", type=Path, help="folder of sets (default: the sets of the library)")
    add_cutout_options(parser)
    commands = parser.add_subparsers(required=True, metavar="COMMAND", parser_class=_Parser)
    cutout = commands.add_parser("cutout", help="cut the product out of a photo")
    _add_photo(cutout)
    cutout.add_argument("--out", type=Path, required=True)
    cutout.add_argument("--strokes", type=Path, help="what to paint on the result; see inference.ops.strokes")
    cutout.set_defaults(run=_cutout)
    commands.add_parser("sets", help="list the sets").set_defaults(run=_sets)
    weights = commands.add_parser("weights", help="fetch and verify the weights of a cutout model")
    weights.add_argument("--model", help="default: --cutout-model")
    weights.add_argument("--dir", type=Path, help="where they are kept, as MODEL.onnx (default: --cutout-weights)")
    weights.set_defaults(run=_weights)
    shot = commands.add_parser("shot", help="make a product shot")
    _add_photo(shot)
    shot.add_argument("--set", dest="set_name", required=True)
    palette_help = "comma-separated #rrggbb, in the order of the set's surfaces; nothing between two commas = its own"
    shot.add_argument("--palette", default="", help=palette_help)
    shot.add_argument("--size", default="1200x1200", help="WIDTHxHEIGHT")
    shot.add_argument("--camera", default="", help="a camera of the set; default: its first")
    shot.add_argument("--mood", default="", help="a light mood of the set; default: its first")
    shot.add_argument("--seed", type=int, default=0)
    shot.add_argument("--scale", type=float, default=1.0)
    shot.add_argument("--offset", default="0,0", help="X,Y in fractions of the picture's width")
    _add_edits(shot)
    shot.add_argument("--out", type=Path, required=True)
    shot.add_argument("--layers", type=Path, help="folder for master, plate, product, mask, shadow and recipe.json")
    shot.set_defaults(run=_shot)
    verify = commands.add_parser("verify", help="render a recipe again and compare, or examine an exported file")
    verify.add_argument(
        "recipe", type=Path, metavar="FILE", help="recipe.json, an exported picture, its report.json, or the whole ZIP"
    )
    verify.add_argument("--photo", type=Path, help="where the photo is now, if it moved")
    verify.add_argument("--trust", type=Path, help="certificates whose signatures count as ours (PEM)")
    verify.add_argument(
        "--manifest", type=Path, help="credentials beside the file (default: FILE.c2pa if there is one)"
    )
    add_model_options(verify)
    verify.set_defaults(run=_verify)
    add_commands(commands)
    commands.add_parser("warm", help="compile kernels and load sets once").set_defaults(run=_warm)
    return parser


def _add_photo(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("photo", type=Path)
    parser.add_argument("--box", help="X,Y,W,H around the product, in pixels of the upright photo")


def _add_edits(parser: argparse.ArgumentParser) -> None:
    group = parser.add_argument_group("edits", "changes after the set is chosen; what is not given stays as the set is")
    for name, knob in KNOBS.items():
        extent = f"{knob.low:g} to {knob.high:g} {knob.unit}".strip()
        flag = "edit_scale" if name == "scale" else name
        group.add_argument(
            f"--{flag.replace('_', '-')}",
            dest=f"edit_{name}",
            type=float,
            metavar="N",
            help=f"{knob.meaning} ({extent})",
        )
    for name, meaning in SWITCHES.items():
        group.add_argument(f"--{name.replace('_', '-')}", dest=f"edit_{name}", action="store_true", help=meaning)


def _edits(chosen: argparse.Namespace) -> Edits:
    given = {name: getattr(chosen, f"edit_{name}") for name in (*KNOBS, *SWITCHES)}
    try:
        return Edits.from_dict({name: value for name, value in given.items() if value is not None})
    except EditProblem as problem:
        raise InputRejected(problem.code, problem.message, **problem.params) from problem


def _cutout(chosen: argparse.Namespace) -> tuple[int, dict[str, Any]]:
    from PIL import Image

    begin = time.perf_counter()
    photo, _ = read_picture(chosen.photo)
    cutout = (
        _painted(photo, parse_box(chosen.box), chosen) if chosen.strokes else cut(photo, parse_box(chosen.box), chosen)
    )
    save_picture(Image.merge("RGBA", [*Image.fromarray(cutout.rgb).split(), Image.fromarray(cutout.alpha)]), chosen.out)
    line = {**cutout_figures(cutout), "out": str(chosen.out), "cutout_s": round(time.perf_counter() - begin, 3)}
    if chosen.strokes:
        line["steps"] = list(cutout.steps)
    return 0, line


def _painted(photo: Photo, box: Box | None, chosen: argparse.Namespace) -> Cutout:
    """The cutout with strokes painted on it; where the engine finds nothing, the strokes alone say what to keep."""
    from inference.ops.strokes import parse_strokes
    from inference.pipelines.cutout import refine_cutout

    path: Path = chosen.strokes
    try:
        document = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError) as error:
        raise InputRejected("strokes.unreadable", f"{path} can not be read as strokes: {error}", index=-1) from error
    strokes = parse_strokes(document, size=(photo.rgb.shape[1], photo.rgb.shape[0]))
    try:
        found: Cutout | None = cut(photo, box, chosen)
    except InputRejected as error:
        if error.code not in ("cutout.nothing_found", "cutout.at_frame"):
            raise
        found = None
    return refine_cutout(photo.rgb, found, strokes)


def _sets(chosen: argparse.Namespace) -> tuple[int, dict[str, Any]]:
    from inference.pipelines.catalogue import list_sets

    return 0, {"sets": [item.as_dict() for item in list_sets(chosen.sets_dir)]}


def _shot(chosen: argparse.Namespace) -> tuple[int, dict[str, Any]]:
    from PIL import Image

    from inference.pipelines.product_shot import make_shot
    from inference.types import ShotSpec

    photo, digest = read_picture(chosen.photo)
    width, height = parse_pair(chosen.size, "x", int, "a size is WIDTHxHEIGHT")
    colours = tuple(code.strip() for code in chosen.palette.split(",")) if chosen.palette.strip() else ()
    offset = parse_pair(chosen.offset, ",", float, "an offset is X,Y")
    spec = ShotSpec(
        chosen.set_name,
        width,
        height,
        colours,
        chosen.seed,
        chosen.scale,
        offset,
        camera=chosen.camera,
        mood=chosen.mood,
        edits=_edits(chosen),
    )
    box = parse_box(chosen.box)
    begin = time.perf_counter()
    cutout = cut(photo, box, chosen)
    cut_s = round(time.perf_counter() - begin, 3)
    source = {"photo": recorded_path(chosen), "file_sha256": digest, "box": box.as_list() if box else None}
    result = make_shot(photo.rgb, cutout, spec, source=source, options=_scene_options(chosen))
    save_picture(Image.fromarray(result.master), chosen.out)
    if chosen.layers:
        _save_layers(result, chosen.layers)
    return 0 if result.gate.passed else FAILED_GATE, {
        **cutout_figures(cutout),
        "set": spec.set_name,
        "size": [width, height],
        "seed": spec.seed,
        "gate": result.gate.as_dict(),
        "measures": dict(result.measures),
        "shot_warnings": list(result.warnings),
        "out": str(chosen.out),
        "sha256": result.recipe["output"]["pixels_sha256"],
        "cutout_s": cut_s,
        "shot_s": round(sum(result.timings_s.values()), 3),
        "stages_s": dict(result.timings_s),
    }


def _verify(chosen: argparse.Namespace) -> tuple[int, dict[str, Any]]:
    from inference.pipelines.verify import spec_of, verify
    from inference.types import Box

    if chosen.recipe.suffix.lower() != ".json":
        return verify_file(chosen)
    if (judged := verify_report(chosen)) is not None:
        return judged
    recipe = load_recipe(chosen.recipe)
    if recipe.get("kind") == "generated_shot":
        return verify_generated_file(recipe, chosen)
    spec_of(recipe)
    source = recipe.get("source") or {}
    path = chosen.photo or chosen.recipe.parent / str(source.get("photo", ""))
    photo, _ = read_picture(path)
    cutout = cut(photo, Box(*source["box"]) if source.get("box") else None, chosen)
    master = chosen.recipe.parent / "master.png"
    picture = read_picture(master)[0].rgb if master.is_file() else None
    report = verify(recipe, photo.rgb, cutout, picture=picture, options=_scene_options(chosen))
    return 0 if report.passed else FAILED_GATE, report.as_dict()


def _warm(chosen: argparse.Namespace) -> tuple[int, dict[str, Any]]:
    from inference.pipelines import cutout, product_shot

    engine = cutout.warm(cutout_options(chosen))
    return 0, {"engine": engine, "sets": list(product_shot.warm(options=_scene_options(chosen)))}


def _weights(chosen: argparse.Namespace) -> tuple[int, dict[str, Any]]:
    from inference.pipelines.cutout import fetch_weights
    from inference.ports import CutoutOptions

    model, folder = chosen.model or chosen.cutout_model, chosen.dir or chosen.cutout_weights
    path = fetch_weights(CutoutOptions(model, weights_dir=folder, allow_download=True))
    return 0, {"model": model, "file": str(path), "bytes": path.stat().st_size}


def _scene_options(chosen: argparse.Namespace) -> SceneOptions:
    from inference.ports import SceneOptions

    return SceneOptions(plates_dir=chosen.sets_dir)


def _save_layers(result: ShotResult, folder: Path) -> None:
    from PIL import Image

    layers: dict[str, U8] = {
        "master": result.master,
        "plate": result.plate,
        "product": result.product,
        "mask": result.mask,
        "shadow": result.shadow,
    }
    save_layers({name: Image.fromarray(pixels) for name, pixels in layers.items()}, result.recipe, folder)
