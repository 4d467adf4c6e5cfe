"""Checkpoint folders in the layout of diffusers: where they lie, and state dicts that fit exactly or are refused."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from inference.engines.diffusion.errors import incompatible, missing

INDEX = "model_index.json"
# The head of a language model may share its weights with the embeddings and is then not in the file.
_TIED = ("lm_head.weight",)
# What loading raises when files are missing, cut short or of another kind.
LOADING_ERRORS = (OSError, ValueError, RuntimeError, KeyError, TypeError)


def read_index(folder: Path, pipeline: str) -> dict[str, Any]:
    """``model_index.json`` of a checkpoint for the class ``pipeline``.

    Raises:
        EngineUnavailable: it is missing or belongs to another kind of model.
    """
    path = folder / INDEX
    if not path.is_file():
        raise missing(str(path), "name a folder in the -diffusers layout, or convert the original checkpoint first")
    try:
        index = json.loads(path.read_text(encoding="utf-8"))
    except ValueError as error:
        raise incompatible(f"{path} can not be read: {error}") from error
    if index.get("_class_name") != pipeline:
        raise incompatible(f"{path} describes a {index.get('_class_name')}, not a {pipeline}")
    return dict(index)


def local_folder(source: str | Path, *, revision: str | None, local_files_only: bool) -> Path:
    """Where a checkpoint lies: ``source`` itself if it is a folder, else the local copy of that hub id."""
    if Path(source).is_dir():
        return Path(source)
    from huggingface_hub import snapshot_download
    from huggingface_hub.errors import HfHubHTTPError, HFValidationError, LocalEntryNotFoundError

    try:
        return Path(snapshot_download(str(source), revision=revision, local_files_only=local_files_only))
    except (LocalEntryNotFoundError, HFValidationError, HfHubHTTPError, OSError) as error:
        step = f"accept its licence on the hub and fetch it: hf download {source}"
        raise missing(str(source), step) from error


def strict(model_class: Any, part: Path, dtype: Any, *, may_hold_more: bool = False) -> Any:
    """A model from its folder, on the CPU. ``may_hold_more``: old files also hold what is no weight (positions).

    Raises:
        EngineUnavailable: weights are missing, too many, or of another shape; also when they can not be read.
    """
    if not part.is_dir():
        raise missing(str(part), "fetch the whole checkpoint again")
    try:
        model, report = model_class.from_pretrained(part, dtype=dtype, local_files_only=True, output_loading_info=True)
    except LOADING_ERRORS as error:
        raise incompatible(f"{part} can not be loaded: {error}") from error
    refuse_misfits({**report, "unexpected_keys": ()} if may_hold_more else report, part, model_class.__name__)
    return model


@contextmanager
def without_bars() -> Iterator[None]:
    """Let libraries load without drawing bars, which would fill the logs of workers."""
    from diffusers.utils import logging as diffusers_logging
    from transformers.utils import logging as transformers_logging

    shown = [one for one in (diffusers_logging, transformers_logging) if one.is_progress_bar_enabled()]
    for one in shown:
        one.disable_progress_bar()
    try:
        yield
    finally:
        for one in shown:
            one.enable_progress_bar()


def refuse_misfits(report: Mapping[str, Any], part: object, name: str) -> None:
    """Raises EngineUnavailable where the loading report of a library says that a state dict did not fit exactly."""
    wrong = {
        kind: sorted(str(key) for key in report.get(kind) or () if key not in _TIED)
        for kind in ("missing_keys", "unexpected_keys", "mismatched_keys", "error_msgs")
    }
    problems = [f"{len(keys)} {kind.replace('_', ' ')}, first {keys[0]}" for kind, keys in wrong.items() if keys]
    if problems:
        raise incompatible(f"{part} does not fit {name} exactly: {'; '.join(problems)}")
