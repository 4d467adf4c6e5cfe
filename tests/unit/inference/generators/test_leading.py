"""Strength for code that offers none: its scheduler and its transformer are led, for one call."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from inference.engines.editors.engine import InstructionEditor, editor_engine
from inference.errors import Cancelled, EngineUnavailable
from inference.generation import GenerateItem, GenerateOptions, GenerateRequest, ReferencePicture
from inference.models import model_card
from inference.types import U8, Progress, no_progress
from tests.checkpoints.foreign import CODE, NAME, index, write_tiny_foreign
from tests.unit.inference.generators.conftest import fetched

REVISION = "0123456789abcdef0123456789abcdef01234567"
SIDE, STEPS = 256, 5
pytestmark = pytest.mark.filterwarnings("ignore")


def editor(folder: Path, code: str) -> InstructionEditor:
    fetched(write_tiny_foreign(folder / NAME), REVISION, code, index=index())
    options = GenerateOptions(weights_dir=folder, device="cpu", pinned_code=((NAME, REVISION),))
    return editor_engine(model_card(NAME), options)


@pytest.fixture(scope="module")
def deepgen(tmp_path_factory: pytest.TempPathFactory) -> InstructionEditor:
    return editor(tmp_path_factory.mktemp("foreign"), CODE)


@pytest.fixture
def calls(deepgen: InstructionEditor) -> Iterator[list[dict[str, Any]]]:
    """What the transformer really gets."""
    seen: list[dict[str, Any]] = []
    plain = deepgen._loaded().transformer.forward

    def forward(**named: Any) -> Any:
        seen.append(named)
        return plain(**named)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(deepgen._loaded().transformer, "forward", forward)
        yield seen


@pytest.fixture(scope="module")
def photo() -> U8:
    return np.random.default_rng(1).integers(0, 256, (SIDE, SIDE, 3), np.uint8)


def drawn(deepgen: InstructionEditor, shown: U8, strength: float, *, on_progress: Progress = no_progress) -> U8:
    items = (GenerateItem("a blue cloth", 7, ReferencePicture(shown, strength=strength)),)
    request = GenerateRequest(items, SIDE, SIDE, steps=STEPS, guidance=3.0)
    return deepgen.generate(request, on_progress=on_progress)[0].rgb


def latents(deepgen: InstructionEditor, shown: U8) -> torch.Tensor:
    vae = deepgen._loaded().vae
    pixels = torch.from_numpy(shown).permute(2, 0, 1)[None] / 127.5 - 1.0
    with torch.no_grad():
        return (vae.encode(pixels).latent_dist.mode() - 0.06) * 1.5


def noise() -> torch.Tensor:
    return torch.randn(1, 4, SIDE // 4, SIDE // 4, generator=torch.Generator("cpu").manual_seed(7))


def levels(deepgen: InstructionEditor) -> torch.Tensor:
    scheduler = deepgen._loaded().scheduler
    scheduler.set_timesteps(STEPS, device="cpu")
    return scheduler.sigmas


@pytest.mark.parametrize(("strength", "computed"), [(1.0, 5), (0.8, 4), (0.7, 4), (0.5, 3), (0.1, 1)])
def test_it_begins_with_that_much_of_its_own_noise_in_the_picture(
    deepgen: InstructionEditor, calls: list[dict[str, Any]], photo: U8, strength: float, computed: int
) -> None:
    drawn(deepgen, photo, strength)
    rows = levels(deepgen)
    place = STEPS * (1.0 - strength)
    level = float(np.interp(place, range(STEPS + 1), rows.numpy()))
    assert len(calls) == computed
    expected = (1 - level) * latents(deepgen, photo) + level * noise()
    for half in calls[0]["hidden_states"].chunk(2):
        assert torch.allclose(half, expected, atol=1e-5)
    assert calls[0]["timestep"].tolist() == pytest.approx([1000 * level] * 2, abs=1e-3)
    # From there on it goes along the rows that everybody goes along.
    assert [float(call["timestep"][0]) for call in calls[1:]] == pytest.approx(
        [1000 * float(row) for row in rows[STEPS - computed + 1 : STEPS]], abs=1e-3
    )


def test_the_first_step_goes_from_where_the_velocity_was_asked_for(deepgen: InstructionEditor, photo: U8) -> None:
    """A transformer that leads straight back to the picture gets there, whatever the strength."""
    clean, pipeline = latents(deepgen, photo), deepgen._loaded()
    with torch.no_grad():
        decoded = pipeline.vae.decode(clean / 1.5 + 0.06).sample
    expected = pipeline.pictures.postprocess(decoded, output_type="np")[0]

    def back(*, hidden_states: torch.Tensor, timestep: torch.Tensor, **_: Any) -> Any:
        class Answer:
            sample = (hidden_states - clean) / (timestep / 1000)[:, None, None, None]

        return Answer

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(pipeline.transformer, "forward", back)
        for strength in (0.37, 0.9, 1.0):
            assert np.abs(drawn(deepgen, photo, strength) / 255.0 - expected).max() < 0.02


def test_more_strength_changes_more(deepgen: InstructionEditor, photo: U8) -> None:
    with torch.no_grad():
        kept = deepgen._loaded().vae.decode(latents(deepgen, photo) / 1.5 + 0.06).sample
    base = deepgen._loaded().pictures.postprocess(kept, output_type="np")[0]
    away = [float(np.abs(drawn(deepgen, photo, strength) / 255.0 - base).mean()) for strength in (0.05, 0.2, 0.5, 1.0)]
    assert away == sorted(away)
    assert away[0] < 0.5 * away[-1]
    assert np.array_equal(drawn(deepgen, photo, 0.0), photo)


def test_a_call_leaves_nothing_behind(deepgen: InstructionEditor, photo: U8) -> None:
    before = drawn(deepgen, photo, 1.0)
    drawn(deepgen, photo, 0.4)
    pipeline = deepgen._loaded()

    def cancel(_: str, fraction: float) -> None:
        if fraction > 0:
            raise Cancelled

    with pytest.raises(Cancelled):
        drawn(deepgen, photo, 0.9, on_progress=cancel)
    assert not pipeline.transformer._forward_pre_hooks
    assert not {"step", "set_timesteps"} & vars(pipeline.scheduler).keys()
    assert np.array_equal(drawn(deepgen, photo, 1.0), before)


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (
            ("self.scheduler.step(free + guidance_scale * (guided - free), t, latents, return_dict=False)[0]", "free"),
            "does not ask its scheduler",
        ),
        (("self.transformer(\n", "self.transformer.forward(\n"), "does not call its transformer"),
        (("self.pictures =", "self._codec, self.vae = vae, None; self.pictures ="), "it has no vae"),
    ],
)
def test_code_that_can_not_be_led_is_not_drawn_with_at_another_strength(
    tmp_path: Path, photo: U8, change: tuple[str, str], said: str
) -> None:
    with pytest.raises(EngineUnavailable, match=said) as caught:
        drawn(editor(tmp_path, CODE.replace(*change)), photo, 0.5)
    assert caught.value.code == "generate.checkpoint_incompatible"
