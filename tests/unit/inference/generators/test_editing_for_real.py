"""Tiny editors in the published layout, loaded as the real ones are: an instruction becomes another picture."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from diffusers.pipelines.longcat_image import pipeline_longcat_image_edit
from diffusers.pipelines.qwenimage import pipeline_qwenimage_edit_plus

from inference.engines.editors.engine import InstructionEditor, editor_engine
from inference.errors import Cancelled, EngineUnavailable, InputRejected
from inference.generation import GenerateItem, GenerateOptions, GenerateRequest, ReferencePicture
from inference.models import model_card
from inference.pipelines.generate import generate
from inference.types import U8, Progress, no_progress
from tests.checkpoints.editors import write_tiny_longcat_edit, write_tiny_qwen_edit

WRITERS: dict[str, Callable[[Path], Path]] = {
    "qwen-image-edit-2509": write_tiny_qwen_edit,
    "longcat-image-edit": write_tiny_longcat_edit,
}
SIDE = 256
STEPS = 2
pytestmark = pytest.mark.filterwarnings("ignore")


@dataclass
class Editing:
    """One editor and what its transformer was called with."""

    editor: InstructionEditor
    calls: list[dict[str, Any]] = field(default_factory=list)

    def picture(
        self,
        words: str,
        shown: U8,
        *,
        guidance: float = 3.0,
        seed: int = 5,
        strength: float = 1.0,
        steps: int = STEPS,
        on_progress: Progress = no_progress,
    ) -> U8:
        self.calls.clear()
        items = (GenerateItem(words, seed, ReferencePicture(shown, strength=strength)),)
        request = GenerateRequest(items, SIDE, SIDE, steps=steps, guidance=guidance)
        return self.editor.generate(request, on_progress=on_progress)[0].rgb


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    weights = tmp_path_factory.mktemp("editors")
    for name, write in WRITERS.items():
        write(weights / name)
    return weights


@pytest.fixture(scope="module", params=WRITERS)
def editing(request: pytest.FixtureRequest, folder: Path) -> Iterator[Editing]:
    editor = editor_engine(model_card(request.param), GenerateOptions(weights_dir=folder, device="cpu"))
    editing = Editing(editor)
    transformer = editor._loaded().transformer
    handle = transformer.register_forward_pre_hook(
        lambda _module, _given, named: editing.calls.append(named), with_kwargs=True
    )
    yield editing
    handle.remove()


@pytest.fixture(autouse=True, scope="module")
def _no_megapixels() -> Iterator[None]:
    """The pipelines work on a megapixel whatever the picture, which costs seconds and proves nothing more."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(pipeline_qwenimage_edit_plus, "VAE_IMAGE_SIZE", SIDE * SIDE)
        patch.setattr(pipeline_longcat_image_edit, "calculate_dimensions", lambda _area, _ratio: (SIDE, SIDE))
        yield


def photo(seed: int) -> U8:
    return np.random.default_rng(seed).integers(0, 256, (SIDE, SIDE, 3), np.uint8)


def changed(left: U8, right: U8) -> int:
    return int(np.count_nonzero(left != right))


def test_an_instruction_a_picture_and_a_seed_each_decide_what_comes_out(editing: Editing) -> None:
    first = editing.picture("make it warmer", photo(1))
    assert (first.shape, first.dtype) == ((SIDE, SIDE, 3), np.uint8)
    assert len(editing.calls) == 2 * STEPS  # guided: with the instruction and without
    guided, free = (call["encoder_hidden_states"] for call in editing.calls[:2])
    assert guided.shape != free.shape or not torch.equal(guided, free)
    assert np.array_equal(first, editing.picture("make it warmer", photo(1)))
    assert changed(first, editing.picture("a blue cloth", photo(1))) > 1000
    assert changed(first, editing.picture("make it warmer", photo(2))) > 1000
    assert changed(first, editing.picture("make it warmer", photo(1), seed=6)) > 1000


def mean_difference(left: U8, right: U8) -> float:
    return float(np.abs(left.astype(np.int16) - right.astype(np.int16)).mean())


def noise_at_first(editing: Editing) -> float:
    """How far the latents of the first step are from the picture's own, which the transformer is shown behind them."""
    own, shown = editing.calls[0]["hidden_states"].chunk(2, dim=1)
    return float((own - shown).abs().mean())


def test_strength_says_how_far_a_picture_changes(editing: Editing) -> None:
    """Continuously: it begins with that much noise, also between two steps, and computes only the rest."""
    shown, away, pictures = photo(1), [], []
    assert np.array_equal(editing.picture("a blue cloth", shown, strength=0.0), shown)
    for strength in (0.02, 0.1, 0.3, 0.6, 0.65, 0.9, 1.0):
        pictures.append(editing.picture("a blue cloth", shown, strength=strength, guidance=1.0, steps=4))
        away.append(noise_at_first(editing))
        assert len(editing.calls) == max(1, math.ceil(4 * strength))
    assert away == sorted(set(away))
    assert away[0] < 0.1 * away[-1]
    assert mean_difference(pictures[0], pictures[1]) < mean_difference(pictures[0], pictures[-1])


def test_the_last_bit_of_strength_is_the_stock_call(editing: Editing) -> None:
    """The noise is the same, so nothing jumps where the picture begins from noise alone."""
    nearly, wholly = (
        editing.picture("a blue cloth", photo(1), strength=strength, guidance=1.0) for strength in (0.9999, 1.0)
    )
    weaker = editing.picture("a blue cloth", photo(1), strength=0.5, guidance=1.0)
    assert mean_difference(nearly, wholly) < 0.05 * mean_difference(weaker, wholly)


def test_without_guidance_a_step_is_one_call(editing: Editing) -> None:
    editing.picture("make it warmer", photo(1), guidance=1.0)
    assert len(editing.calls) == STEPS


def test_a_cancel_is_heard_within_a_step(editing: Editing) -> None:
    def cancel(stage: str, fraction: float) -> None:
        if len(editing.calls) == 1:
            raise Cancelled

    with pytest.raises(Cancelled):
        editing.picture("make it warmer", photo(1), on_progress=cancel)
    assert len(editing.calls) == 1


def test_longcat_refuses_what_it_could_only_read_in_part(folder: Path) -> None:
    editor = editor_engine(model_card("longcat-image-edit"), GenerateOptions(weights_dir=folder, device="cpu"))
    editor._loaded().transformer.register_forward_pre_hook(lambda *_: pytest.fail("it drew"))
    long = GenerateItem("warm " * 120, 5, ReferencePicture(photo(1)))
    with pytest.raises(InputRejected, match="512 tokens") as caught:
        editor.generate(GenerateRequest((long,), SIDE, SIDE, steps=STEPS))
    assert caught.value.code == "generate.bad_prompt"


def test_the_turbo_draws_its_eight_steps_from_a_folder_of_the_same_layout(folder: Path, tmp_path: Path) -> None:
    (tmp_path / "longcat-image-edit-turbo").symlink_to(folder / "longcat-image-edit")
    options = GenerateOptions(weights_dir=tmp_path, device="cpu")
    request = GenerateRequest((GenerateItem("a blue cloth", 5, ReferencePicture(photo(1))),), SIDE, SIDE)
    seen: list[float] = []
    [made] = generate(
        "longcat-image-edit-turbo", request, options=options, on_progress=lambda _stage, part: seen.append(part)
    )
    assert made.parameters == {"steps": 8, "guidance": 1.0, "batch": 1}
    assert seen == [step / 8 for step in range(9)]


@pytest.mark.parametrize("name", WRITERS)
def test_a_folder_that_lost_a_part_is_refused_by_name(folder: Path, tmp_path: Path, name: str) -> None:
    (tmp_path / name).mkdir()
    for part in (folder / name).iterdir():
        if part.name != "vae":
            (tmp_path / name / part.name).symlink_to(part)
    with pytest.raises(EngineUnavailable) as caught:
        editor_engine(model_card(name), GenerateOptions(weights_dir=tmp_path, device="cpu")).warm()
    assert caught.value.code == "generate.checkpoint_incompatible"
    assert name in caught.value.message
