"""A folder of tiny weights under the names of real models, and limits that let them draw small."""

from __future__ import annotations

import hashlib
from dataclasses import replace
from pathlib import Path

import pytest

from inference.generation import GenerateOptions
from inference.models import ModelCard, model_card
from tests.checkpoints.klein import write_tiny_klein
from tests.checkpoints.quiet import _quiet_and_small  # noqa: F401 - an autouse fixture
from tests.checkpoints.sefi import write_tiny_checkpoint

NON_COMMERCIAL = frozenset({"CC-BY-NC-4.0"})


@pytest.fixture(scope="session")
def weights(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("weights")
    write_tiny_checkpoint(folder / "sefi-1b-turbo", "turbo")
    write_tiny_checkpoint(folder / "sefi-1b-base", "base")
    write_tiny_klein(folder / "flux2-klein-4b")
    return folder


@pytest.fixture
def options(weights: Path) -> GenerateOptions:
    return GenerateOptions(weights_dir=weights, accepted_licences=NON_COMMERCIAL, device="cpu")


def small(name: str) -> ModelCard:
    """The card of a model, for sizes that tiny weights draw in milliseconds."""
    return replace(model_card(name), min_px=32, sizes=((32, 32),))


def fetched(folder: Path, revision: str, code: str = "", *, index: str = "{}", only_code: bool = False) -> None:
    """What ``hf download --local-dir`` leaves of a model, perhaps with code of its own, and beside the files."""
    files = {"deepgen_pipeline.py": code} if code else {}
    files |= {} if only_code else {"model_index.json": index}
    notes = folder / ".cache" / "huggingface" / "download"
    notes.mkdir(parents=True, exist_ok=True)
    for name, text in files.items():
        (folder / name).write_text(text)
        content = hashlib.sha1(f"blob {len(text.encode())}\0{text}".encode(), usedforsecurity=False).hexdigest()
        (notes / f"{name}.metadata").write_text(f"{revision}\n{content}\n1700000000.0\n")
