"""Measure the controls: ``python -m inference.training.small_sefi.report --weights FOLDER --out FILE``.

Writes a Markdown file with a table a control, each condition against drawing without it on the same prompts and seeds,
and beside it a contact sheet a control (PNG). Trials that go the product's own way keep their rows beside it, too, and
go on where they were stopped; delete ``<name>-rows`` to measure them anew.
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import cv2
import numpy as np
import torch

from inference.training.small_sefi import judged, slid, taught, trials
from inference.training.small_sefi.artist import Artist
from inference.training.small_sefi.journal import Journal
from inference.training.small_sefi.judged import ByKey
from inference.training.small_sefi.saving import NAME
from inference.training.small_sefi.statistics import conditions, table
from inference.training.small_sefi.trials import Row
from inference.types import U8

Rows = Callable[[Artist, int, int, Journal], list[Row]]
"""Of an artist, as many prompts, from a seed on."""
_SHOWN = 8
_SEED = 4100


@dataclass(frozen=True)
class Trial:
    """One control: its heading, what is asked and measured, and how rows are had."""

    name: str
    title: str
    says: str
    rows: Rows


def at_once(make: Callable[[Artist, int, int], list[Row]]) -> Rows:
    """A trial that draws all of its pictures together."""
    return lambda artist, count, seed, _: make(artist, count, seed)


def key_by_key(make: Callable[[Artist, int, int], ByKey]) -> Rows:
    """A trial that draws prompt by prompt, each kept as soon as it is measured."""

    def rows(artist: Artist, count: int, seed: int, journal: Journal) -> list[Row]:
        of = make(artist, count, seed)
        return [row for key in range(count) for row in journal.rows(key, partial(of, key))]

    return rows


TRIALS = (
    Trial(
        "prompts",
        "Prompts",
        "Two objects, all told: shares of the pictures that show each thing the prompt names. The first line measures "
        "pictures against the prompt of another picture: what chance gives.",
        at_once(trials.prompts),
    ),
    Trial(
        "references",
        "Reference pictures",
        "A product is kept in its cells while the prompt asks for another wall and another surface. `product dE00`: "
        "mean colour difference to the reference inside the product (0 = the same); `spill`: product colour outside of "
        "it, in product areas.",
        at_once(trials.references),
    ),
    Trial(
        "palettes",
        "Brand palette",
        "The prompt names a white object and leaves the grounds open; three brand colours pull. Figures as in "
        "`inference/ops/palette_figures.py`; `wasserstein` in CIELAB units, lower is nearer.",
        at_once(trials.palettes),
    ),
    Trial(
        "layouts-of-one",
        "Layout: one object",
        "An object whose place the prompt does not name; its box is on the left, in the middle or on the right. An "
        "object that is missing counts as in the middle. Distances in picture widths.",
        at_once(trials.layouts_of_one),
    ),
    Trial(
        "layouts-of-two",
        "Layout: two objects, as named",
        "The first that the prompt names belongs on the left, the second on the right.",
        at_once(trials.layouts_of_two),
    ),
    Trial(
        "layouts-against",
        "Layout: two objects, the other way round",
        "The first that the prompt names belongs on the right, the second on the left.",
        at_once(trials.layouts_against),
    ),
    Trial(
        "candidates",
        "Best of N",
        "N previews with 8 steps are scored by what they show of their prompt; the best seed is drawn with all steps.",
        at_once(lambda artist, count, seed: trials.candidates(artist, count, 4, seed)),
    ),
    Trial(
        "judging",
        "Best of N by the product's judging",
        "Exact shots through `pipelines.generated`: a product, something beside it in a box that the model is told by "
        "its mask, brand colours for open grounds. `drawn again`: the product's colour outside of it, over a fifth "
        "of its area. Candidates are ranked by hard gates, palette and layout (no CLIP). The last two lines: with a "
        "mark for the prompt that is never wrong, and by the measured figures themselves.",
        key_by_key(judged.judging),
    ),
    Trial(
        "words",
        "Exact: where words may reach",
        "The same shots, one candidate each: no boxes; the prop's words kept to its box; the product's words kept to "
        "the place where it is pasted, as well.",
        key_by_key(judged.words_of_the_product),
    ),
    Trial(
        "words-alone",
        "Exact: where words may reach, nothing but the product named",
        "A product on other grounds than its photo's, one candidate each; `product dE00` before its pixels are pasted.",
        key_by_key(judged.words_of_a_lone_product),
    ),
    Trial(
        "palette-means",
        "Brand palette, each means alone",
        "Exact shots of a product through `pipelines.generated`; the prompt leaves the grounds open. Figures of the "
        "finished plate without the product, as the product keeps them with the shot.",
        key_by_key(judged.palette_means),
    ),
    Trial(
        "reimagined",
        "Re-imagined: from free to faithful",
        "The product is drawn anew while the prompt asks for another wall and another surface. `product dE00` to the "
        "photo's pixels inside the outline; `outline IoU` of what is there in the product's colour.",
        key_by_key(slid.reimagined),
    ),
    Trial(
        "styles",
        "Style reference",
        "Exact shots whose prompt leaves the grounds open, with a picture to follow. Distances are to that picture's "
        "median colours and to where its surface begins (in picture heights).",
        key_by_key(slid.styles),
    ),
    Trial(
        "edits",
        "Edit strength",
        "Another object is asked for in a box around the one that is there. `changed dE00` inside the box; `outside`: "
        "the largest difference of a pixel outside of it, in levels of 255.",
        key_by_key(slid.edits),
    ),
    Trial(
        "adapters",
        "Adapter",
        "A red bottle with a yellow band, which the model has never seen, is taught by LoRA from 24 pictures whose "
        f"captions do not name the band ({taught.PLAN.steps} steps of {taught.PLAN.batch}, rank {taught.PLAN.rank}); "
        "`band's share` is about 0.45 in true pictures. A blue bottle should get no band.",
        at_once(taught.adapters),
    ),
)


def sheet(rows: list[Row]) -> U8:
    """A row of pictures a condition, the same keys below each other."""
    lines = []
    for condition in conditions(rows):
        these = sorted((row for row in rows if row.condition == condition), key=lambda row: row.key)[:_SHOWN]
        lines.append(np.concatenate([row.rgb for row in these], axis=1))
    return np.asarray(np.concatenate(lines, axis=0), np.uint8)


def write(out: Path, parts: list[str]) -> None:
    """The file anew; a report that is cut short holds what was measured until then."""
    out.write_text("\n\n".join(parts) + "\n", encoding="utf-8")


def side_of(weights: Path) -> int:
    """The size that the model was trained at."""
    config = json.loads((weights / NAME / "vae" / "config.json").read_text(encoding="utf-8"))
    return int(config["sample_size"])


def report(artist: Artist, out: Path, count: int, only: list[str]) -> None:
    """Measure and write."""
    out.parent.mkdir(parents=True, exist_ok=True)
    about = {"weights": artist.weights_sha256, "steps": artist.steps, "side_px": artist.side_px}
    parts = [
        f"Measured on {count} prompts a control, one seed each, "
        f"{artist.side_px} px. Means with 95 % intervals; in brackets the difference to the first line, pair by pair."
    ]
    known = trials.rulers(max(count, 48), artist.side_px, _SEED)
    parts.append("How often the measures are right on pictures whose content is known:\n\n" + table(known))
    for trial in TRIALS:
        if only and trial.name not in only:
            continue
        begun = time.perf_counter()
        kept = Journal(out.with_name(f"{out.stem}-{trial.name}-rows"), {**about, "count": count, "seed": _SEED})
        rows = trial.rows(artist, count, _SEED, kept)
        parts += [f"## {trial.title}", trial.says, table(rows)]
        names = "; ".join(conditions(rows))
        image = out.with_name(f"{out.stem}-{trial.name}.png")
        cv2.imwrite(str(image), sheet(rows)[..., ::-1])
        parts.append(f"![{trial.title}: {names}]({image.name})\n\nRows: {names}.")
        write(out, parts)
        print(f"{trial.name}: {time.perf_counter() - begun:.0f} s\n{table(rows)}", flush=True)


def main() -> int:
    """See the module."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--weights", type=Path, required=True, help="what train wrote")
    parser.add_argument("--out", type=Path, required=True, help="a Markdown file; sheets go beside it")
    parser.add_argument("--count", type=int, default=48, help="prompts a control")
    parser.add_argument("--steps", type=int, default=None, help="of each picture; by default the model's")
    parser.add_argument("--device", default="auto", help="auto, cpu, cuda")
    parser.add_argument("--only", nargs="*", default=[], choices=[trial.name for trial in TRIALS])
    parser.add_argument("--threads", type=int, default=0, help="of the processor; 0 = as torch finds right")
    given = parser.parse_args()
    if given.threads:
        torch.set_num_threads(given.threads)
    with tempfile.TemporaryDirectory() as adapters:
        side = side_of(given.weights)
        artist = Artist(given.weights, side, device=given.device, steps=given.steps, adapters=Path(adapters))
        report(artist, given.out, given.count, given.only)
    return 0


if __name__ == "__main__":
    sys.exit(main())
