"""What the page Settings, Engines says: who cuts out and who draws here, under which licence, and what is missing."""

from __future__ import annotations

import shlex
from collections.abc import Sequence
from dataclasses import dataclass, replace
from importlib.util import find_spec
from typing import Any

from django.conf import settings
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from apps.core.sentences import sentence
from apps.jobs import engines, stations
from apps.jobs.models import Station
from inference.models import ModelCard
from inference.pipelines.generate import ModelState, PartState, parts
from inference.registry import cutout_engine_names

REMBG_LICENCES = {"birefnet-general": "MIT", "birefnet-general-lite": "MIT"}
READY, PAUSED, POSSIBLE, UNLICENSED, MISSING = "ready", "paused", "possible", "unlicensed", "missing"
STATES: dict[str, str | Promise] = {
    READY: gettext_lazy("Ready"),
    PAUSED: gettext_lazy("Not now"),
    POSSIBLE: gettext_lazy("Not started"),
    UNLICENSED: gettext_lazy("Licence not accepted"),
    MISSING: gettext_lazy("Something is missing"),
}


BUILT_IN: dict[str, tuple[str | Promise, str | Promise]] = {
    "guided": (
        gettext_lazy("Built-in engine with network"),
        gettext_lazy("Computed from the photo itself; a network trained on our own renderings gives its opinion."),
    ),
    "classical": (gettext_lazy("Built-in engine"), gettext_lazy("Computed from the photo itself; no model.")),
    "cutout_net": (gettext_lazy("Built-in network"), gettext_lazy("Trained on our own renderings.")),
}


PARTS: dict[str, tuple[str, str | Promise]] = {
    "dinov2-with-registers-large": (
        "DINOv2 with registers, large",
        gettext_lazy("With SemVAE it reads for SeFi what the product and a picture to follow mean."),
    ),
    "semvae": (
        "SeFi-Image SemVAE",
        gettext_lazy("With DINOv2 it reads what a picture means. Without both, SeFi guesses it in a pass of its own."),
    ),
    "clip-vit-base-patch32": (
        "CLIP ViT-B/32",
        gettext_lazy(
            "Judges how well candidates show what was asked for. Without it colours and edges alone rank them."
        ),
    ),
}


@dataclass(frozen=True)
class Row:
    """One engine. ``next_step`` is a command or a setting, to be shown as it is; ``why`` a sentence.

    ``is_used``: whether it is the one that does the work here; None where there is nothing to choose from.
    """

    title: str
    state: str
    licence: str
    is_commercial: bool
    note: str = ""
    why: str = ""
    next_step: str = ""
    is_used: bool | None = None

    @property
    def state_words(self) -> str:
        if self.state == READY and self.is_used is not None:
            return _("In use") if self.is_used else _("Ready, not in use")
        return str(STATES[self.state])


def overview() -> dict[str, Any]:
    """Everything for the page. Imports no engine: this is a web process."""
    living = list(stations.living())
    workers = [one for one in living if one.slots or stations.standstill_s(one)]
    return {
        "cutout_rows": _cutout_rows(),
        "set_row": Row(
            _("Studio sets"), READY, "Apache-2.0", True, note=_("Computed from geometry and lamps; no model.")
        ),
        "model_rows": [_model_row(state, living) for state in engines.states()],
        "part_rows": [_part_row(state) for state in parts(engines.options())],
        "workers": workers,
        "failed": next((one for one in reversed(living) if one not in workers), None),
        "last_seen": None if workers else stations.last_seen(),
        "accepted": list(settings.GENERATOR_LICENCES),
    }


def _cutout_rows() -> list[Row]:
    """In the order of preference: the first that is ready cuts out, the next one steps in where it fails."""
    rows = [_rembg_row() if name == "rembg" else _built_in_row(name) for name in cutout_engine_names()]
    used = next(index for index, row in enumerate(rows) if row.state == READY)
    return [replace(row, is_used=index == used) for index, row in enumerate(rows)]


def _built_in_row(name: str) -> Row:
    title, note = BUILT_IN[name]
    return Row(str(title), READY, "Apache-2.0", True, note=str(note))


def _rembg_row() -> Row:
    model = settings.CUTOUT_MODEL
    title, licence = f"rembg · {model}", REMBG_LICENCES.get(model, "Apache-2.0")
    if find_spec("rembg") is None:
        return Row(title, MISSING, licence, True, why=_("The package is not installed."), next_step="make run")
    if (settings.CUTOUT_WEIGHTS_DIR / f"{model}.onnx").exists():
        return Row(title, READY, licence, True, note=_("Preferred: its weights are here."))
    why = _("Its weights are not here. They are fetched once a day; until then the built-in engines cut out.")
    return Row(title, MISSING, licence, True, why=why, next_step=weights_command())


def weights_command() -> str:
    """What fetches the weights of the chosen model to where workers look for them; for a shell in our folder."""
    return shlex.join(
        [
            *(".venv/bin/python", "-m", "inference", "weights"),
            *("--model", settings.CUTOUT_MODEL, "--dir", str(settings.CUTOUT_WEIGHTS_DIR)),
        ]
    )


def _model_row(state: ModelState, living: Sequence[Station]) -> Row:
    card = state.card
    note = _("Draws scenes") if card.kind == "generate" else _("Changes pictures by an instruction")
    row: dict[str, Any] = {"title": card.title, "licence": card.licence, "is_commercial": card.is_commercial}
    serving_first = sorted(living, key=lambda one: not one.slots)
    station, told = next(
        ((one, offer) for one in serving_first for offer in one.offers if offer["name"] == card.name), (None, None)
    )
    if station is not None and told is not None and told["is_ready"]:
        if station.slots:
            return Row(**row, state=READY, note=note)
        return Row(**row, state=PAUSED, note=note, why=_("The GPU worker that has loaded it takes no work now."))
    code = told.get("code", "") if told is not None else state.status.code
    if told is None and state.status.available:
        return Row(**row, state=POSSIBLE, note=note, why=_start(living), next_step=_start_command(card, living))
    if code == "generate.licence_not_accepted":
        return Row(**row, state=UNLICENSED, note=note, next_step=_accepting(card))
    step = told.get("next_step", "") if told is not None else state.status.next_step
    return Row(**row, state=MISSING, note=note, why=obstacle_sentence(code, card), next_step=_as_command(step))


def _part_row(state: PartState) -> Row:
    """Weights beside the models', and what gets better with them."""
    card = state.card
    title, note = PARTS[card.name]
    row: dict[str, Any] = {
        "title": title,
        "licence": card.licence,
        "is_commercial": card.is_commercial,
        "note": str(note),
    }
    if state.status.available:
        return Row(**row, state=READY)
    return Row(**row, state=MISSING, why=_("It is not on this machine."), next_step=_as_command(state.status.next_step))


def _start(living: Sequence[Station]) -> str:
    if living:
        return _("Its weights are here, but the GPU worker was not told to load it.")
    return _("Its weights are here. Start a GPU worker.")


def _start_command(card: ModelCard, living: Sequence[Station]) -> str:
    return f"GENERATOR_MODELS={card.name} make gpu-worker" if living else "make gpu-worker"


def _accepting(card: ModelCard) -> str:
    """The setting with which the operator accepts the licence, beside those that were accepted."""
    return "GENERATOR_LICENCES=" + ",".join([*settings.GENERATOR_LICENCES, card.licence])


def obstacle_sentence(code: str, card: ModelCard) -> str:
    """What stands in the way, in the reader's language."""
    return sentence(code, {"licence": card.licence, "title": card.title, "name": card.name}) if code else ""


def _as_command(step: str) -> str:
    """The command in the library's advice; advice without one is what the sentence says already."""
    return next((step[step.index(head) :] for head in ("hf download", "python3 -m") if head in step), "")
