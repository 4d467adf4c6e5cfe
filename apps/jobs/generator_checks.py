"""What is wrong with the settings of generators, said at boot with a hint.

jobs.E010  a setting names a model that does not exist
jobs.E011  GENERATOR_LICENCES names a licence that no model has
jobs.E012  GENERATOR_DEVICE is no device
jobs.W010  models were named, but their folder is missing
jobs.W011  a licence that forbids commercial use was accepted (only with --deploy)
jobs.W012  the language model that should read free words is not here
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from django.apps import AppConfig
from django.conf import settings
from django.core.checks import CheckMessage, Error, Warning, register

from inference.models import model_cards

Configs = Sequence[AppConfig] | None
DEVICE = re.compile(r"auto|cpu|mps|cuda(:\d+)?")


@register
def check_generators(app_configs: Configs = None, **kwargs: Any) -> list[CheckMessage]:
    cards = {card.name: card for card in model_cards()}
    found: list[CheckMessage] = []
    for setting in ("GENERATOR_MODELS", "GENERATOR_PINNED_CODE"):
        for name in getattr(settings, setting):
            if name not in cards:
                hint = f"There are: {', '.join(cards)}."
                found.append(Error(f"{setting} names {name!r}, which is no model.", hint=hint, id="jobs.E010"))
    gated = sorted({card.licence for card in cards.values() if not card.is_commercial})
    for licence in settings.GENERATOR_LICENCES:
        if licence not in gated:
            hint = f"Only these have to be accepted: {', '.join(gated)}."
            found.append(Error(f"GENERATOR_LICENCES names {licence!r}.", hint=hint, id="jobs.E011"))
    if not DEVICE.fullmatch(settings.GENERATOR_DEVICE):
        hint = "Use auto, cpu, cuda, cuda:1 or mps."
        found.append(Error(f"GENERATOR_DEVICE={settings.GENERATOR_DEVICE!r}.", hint=hint, id="jobs.E012"))
    return found


@register
def check_generator_weights(app_configs: Configs = None, **kwargs: Any) -> list[CheckMessage]:
    if not settings.GENERATOR_MODELS or settings.GENERATOR_WEIGHTS_DIR.is_dir():
        return []
    return [
        Warning(
            f"GENERATOR_MODELS is set, but the folder {settings.GENERATOR_WEIGHTS_DIR} is missing here.",
            hint="Machines without a GPU worker need no weights: leave GENERATOR_MODELS away there. Else fetch them: "
            "hf download HUB-ID --local-dir FOLDER/NAME (docs/generators.md).",
            id="jobs.W010",
        )
    ]


@register
def check_planner(app_configs: Configs = None, **kwargs: Any) -> list[CheckMessage]:
    folder = settings.GENERATOR_WEIGHTS_DIR / settings.GENERATOR_PLANNER
    if not settings.GENERATOR_PLANNER or not settings.GENERATOR_WEIGHTS_DIR.is_dir() or _is_model(folder):
        return []
    return [
        Warning(
            f"GENERATOR_PLANNER is set, but there is no language model in {folder}; rules read the words of scenes.",
            hint=f"Put a causal language model there in the layout of transformers (hf download HUB-ID --local-dir "
            f"{folder}), or empty GENERATOR_PLANNER.",
            id="jobs.W012",
        )
    ]


def _is_model(folder: Path) -> bool:
    return (folder / "config.json").is_file()


@register(deploy=True)
def check_accepted_licences(app_configs: Configs = None, **kwargs: Any) -> list[CheckMessage]:
    if not settings.GENERATOR_LICENCES:
        return []
    return [
        Warning(
            f"Accepted here: {', '.join(settings.GENERATOR_LICENCES)}. What such models draw may not be sold.",
            hint="Where this service or its pictures are sold, empty GENERATOR_LICENCES and offer FLUX.2 klein.",
            id="jobs.W011",
        )
    ]
