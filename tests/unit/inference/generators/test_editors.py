"""Instruction editors: stock pipelines behind the port, with a stand-in for their billions of weights."""

from __future__ import annotations

import inspect
import json
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import diffusers
import numpy as np
import pytest
import torch
from PIL import Image

from inference.engines.editors import engine as editors
from inference.errors import Cancelled, EngineUnavailable, InputRejected
from inference.generation import GeneratedPicture, GenerateItem, GenerateOptions, GenerateRequest, ReferencePicture
from inference.models import ModelCard, model_card, model_cards
from inference.types import U8
from tests.checkpoints.editors import write_tiny_qwen_edit
from tests.unit.inference.generators.conftest import fetched

GREY: U8 = np.full((768, 1024, 3), 90, np.uint8)
REVISION = "0123456789abcdef0123456789abcdef01234567"


class StandIn(torch.nn.Module):
    """Calls its transformer twice a step, as guidance does, and brightens the picture."""

    def __init__(self) -> None:
        super().__init__()
        self.transformer = torch.nn.Linear(1, 1)
        self.transformer.dtype = torch.float32  # type: ignore[assignment]
        self.asked: list[dict[str, Any]] = []

    def set_progress_bar_config(self, **_: object) -> None: ...

    def __call__(  # type: ignore[override]
        self,
        image: Image.Image,
        prompt: str,
        negative_prompt: str | None = None,
        true_cfg_scale: float = 4.0,
        guidance_scale: float | None = None,
        num_inference_steps: int = 50,
        generator: torch.Generator | None = None,
    ) -> Any:
        assert generator is not None
        asked = {"prompt": prompt, "scale": true_cfg_scale, "steps": num_inference_steps}
        self.asked.append({**asked, "seed": generator.initial_seed()})
        for _ in range(2 * num_inference_steps):
            self.transformer(torch.zeros(1))
        return SimpleNamespace(images=[image.resize((512, 384)).point(lambda value: min(255, value + 40))])


@pytest.fixture
def stand_in(monkeypatch: pytest.MonkeyPatch) -> StandIn:
    pipeline = StandIn()
    monkeypatch.setattr(editors, "_load", lambda *_: pipeline)
    return pipeline


@pytest.fixture
def options(tmp_path: Path) -> GenerateOptions:
    (tmp_path / "qwen-image-edit-2509").mkdir()
    (tmp_path / "qwen-image-edit-2509" / "model_index.json").write_text("{}")
    return GenerateOptions(weights_dir=tmp_path, device="cpu")


def edit(options: GenerateOptions, **changes: Any) -> tuple[GeneratedPicture, ...]:
    on_progress = changes.pop("on_progress", lambda *_: None)
    reference = changes.pop("reference", ReferencePicture(GREY))
    items = tuple(GenerateItem(f"make it warmer {seed}", seed, reference) for seed in (5, 6))
    request = GenerateRequest(items, **{"width": 1024, "height": 768, "steps": 3, **changes})
    return editors.editor_engine(model_card("qwen-image-edit-2509"), options).generate(request, on_progress=on_progress)


def test_each_picture_is_changed_by_its_instruction(options: GenerateOptions, stand_in: StandIn) -> None:
    pictures = edit(options, guidance=3.0)
    assert [picture.seed for picture in pictures] == [5, 6]
    assert all(np.array_equal(picture.rgb, GREY + 40) for picture in pictures)
    assert stand_in.asked == [
        {"prompt": f"make it warmer {seed}", "scale": 3.0, "steps": 3, "seed": seed} for seed in (5, 6)
    ]
    assert pictures[0].identity["licence"] == "Apache-2.0"


def test_progress_grows_over_all_pictures(options: GenerateOptions, stand_in: StandIn) -> None:
    seen: list[float] = []
    edit(options, on_progress=lambda stage, fraction: seen.append(fraction))
    assert seen == sorted(seen)
    assert seen[0] == 0.0
    assert seen[-1] == 1.0


def test_a_cancel_ends_the_work_before_the_next_call(options: GenerateOptions, stand_in: StandIn) -> None:
    calls: list[float] = []

    def cancel(stage: str, fraction: float) -> None:
        calls.append(fraction)
        if len(calls) == 3:
            raise Cancelled

    with pytest.raises(Cancelled):
        edit(options, on_progress=cancel)
    assert len(calls) == 3
    assert not stand_in.transformer._forward_pre_hooks


def test_masks_are_refused(options: GenerateOptions, stand_in: StandIn) -> None:
    with pytest.raises(InputRejected) as caught:
        edit(options, reference=ReferencePicture(GREY, keep=GREY[..., 0]))
    assert caught.value.code == "generate.mask_not_possible"
    assert stand_in.asked == []


@pytest.mark.parametrize("card", [card for card in model_cards() if card.pipeline], ids=lambda card: card.name)
def test_the_pipelines_of_diffusers_take_what_we_ask(card: ModelCard) -> None:
    known = inspect.signature(getattr(diffusers, card.pipeline).__call__).parameters
    assert {"image", "prompt", "num_inference_steps", "generator", "negative_prompt"} <= known.keys()
    assert any(name in known for name in editors._GUIDANCE_NAMES)


@pytest.mark.filterwarnings("ignore")
def test_a_published_folder_loads_and_shows_pictures_to_its_reader_without_torchvision(tmp_path: Path) -> None:
    folder = write_tiny_qwen_edit(tmp_path / "qwen-image-edit-2509")
    pipeline = editors._load(model_card("qwen-image-edit-2509"), folder, torch.float32)
    assert isinstance(pipeline, diffusers.QwenImageEditPlusPipeline)
    picture = Image.fromarray(GREY[:112, :168])
    embeds, mask = pipeline.encode_prompt("make it warmer", [picture], device=torch.device("cpu"))
    plain, _ = pipeline.encode_prompt("make it warmer", [Image.fromarray(GREY[:112, :168] // 2)], torch.device("cpu"))
    # A token for each 28 x 28 pixels.
    prepared = pipeline.processor(text=["<|image_pad|>"], images=[picture], return_tensors="pt")
    assert prepared["input_ids"].shape[1] == (112 // 28) * (168 // 28)
    assert embeds.shape[1] > prepared["input_ids"].shape[1]
    assert mask is None or bool(mask.all())
    assert not torch.equal(embeds, plain)


# As what the published file is called with: a seed instead of a generator; its language model comes with _load_extras.
FOREIGN = """
import torch
from diffusers import DiffusionPipeline, ImagePipelineOutput
from einops import rearrange


class DeepGenPipeline(DiffusionPipeline):
    def __init__(self, transformer):
        super().__init__()
        self.register_modules(transformer=transformer)
        self.read_by = "nobody"

    def _load_extras(self, attn_implementation="flash_attention_2"):
        if attn_implementation == "flash_attention_2":
            raise ImportError("flash_attn is not here")
        self.read_by = "its language model"

    def __call__(
        self, prompt, image=None, height=512, width=512, num_inference_steps=50, guidance_scale=4.0, seed=None
    ):
        assert self.read_by == "its language model"
        one = torch.zeros(1, 1, self.transformer.config.in_channels)
        for _ in range(num_inference_steps):
            ids = torch.zeros(1, 4)
            text = torch.zeros(1, 1, self.transformer.config.joint_attention_dim)
            level = torch.ones(1)
            self.transformer(one, encoder_hidden_states=text, timestep=level, txt_ids=ids, img_ids=ids)
        return ImagePipelineOutput(images=[image.rotate(90 * seed)])
"""


def foreign_editor(folder: Path, code: str, *, is_listed: bool = False) -> editors.InstructionEditor:
    """A folder as ``hf download`` leaves it at the pinned revision, with ``code`` as its pipeline."""
    tiny: dict[str, Any] = {"num_layers": 1, "num_single_layers": 1, "num_attention_heads": 1, "attention_head_dim": 16}
    diffusers.Flux2Transformer2DModel(
        in_channels=4, joint_attention_dim=8, axes_dims_rope=(4, 4, 4, 4), guidance_embeds=False, **tiny
    ).save_pretrained(folder / "deepgen-1" / "transformer")
    named: object = ["deepgen_pipeline", "DeepGenPipeline"] if is_listed else "DeepGenPipeline"
    index = {"_class_name": named, "transformer": ["diffusers", "Flux2Transformer2DModel"]}
    fetched(folder / "deepgen-1", REVISION, code, index=json.dumps(index))
    options = GenerateOptions(weights_dir=folder, device="cpu", pinned_code=(("deepgen-1", REVISION),))
    return editors.editor_engine(model_card("deepgen-1"), options)


@pytest.mark.parametrize("is_listed", [False, True], ids=["by its file", "by the index"])
@pytest.mark.filterwarnings("ignore")
def test_foreign_code_at_the_pinned_revision_really_runs(tmp_path: Path, is_listed: bool) -> None:
    picture: U8 = np.random.default_rng(1).integers(0, 256, (512, 512, 3), np.uint8)
    items = tuple(GenerateItem("turn it", seed, ReferencePicture(picture)) for seed in (1, 2))
    seen: list[float] = []
    editor = foreign_editor(tmp_path, FOREIGN, is_listed=is_listed)
    once, twice = editor.generate(
        GenerateRequest(items, 512, 512, steps=3), on_progress=lambda _stage, fraction: seen.append(fraction)
    )
    assert np.array_equal(once.rgb, np.rot90(picture))
    assert np.array_equal(twice.rgb, picture[::-1, ::-1])
    assert once.identity["revision"] == REVISION
    assert len(seen) == 7


@pytest.mark.parametrize(
    ("change", "code", "said"),
    [
        (("from einops", "from einops_of_another_world"), "generate.packages_missing", "einops_of_another_world"),
        (('if attn_implementation == "flash_attention_2"', "if True"), "generate.packages_missing", "flash_attn"),
        ((", seed=None", ""), "generate.checkpoint_incompatible", "generator or seed"),
        (("class DeepGenPipeline", "class Another"), "generate.checkpoint_incompatible", "can not be loaded"),
    ],
)
@pytest.mark.filterwarnings("ignore")
def test_what_foreign_code_lacks_is_said_before_any_work(
    tmp_path: Path, change: tuple[str, str], code: str, said: str
) -> None:
    with pytest.raises(EngineUnavailable, match=said) as caught:
        foreign_editor(tmp_path, FOREIGN.replace(*change)).warm()
    assert caught.value.code == code


def test_foreign_code_is_loaded_from_the_checked_folder_alone(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    asked: dict[str, Any] = {}
    monkeypatch.setattr(
        diffusers.DiffusionPipeline,
        "from_pretrained",
        lambda folder, **options: asked.update(options, folder=folder),
    )
    (tmp_path / "model_index.json").write_text("{}")
    editors._load(model_card("deepgen-1"), tmp_path, torch.float32)
    assert asked["trust_remote_code"] is True
    assert asked["folder"] == tmp_path
    assert asked["custom_pipeline"] == str(tmp_path)
    assert asked["local_files_only"] is True
