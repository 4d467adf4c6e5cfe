"""FLUX.2 klein through our loop, against diffusers' own pipeline on the same weights."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from PIL import Image
from safetensors.torch import load_file, save_file

from inference.engines.diffusion.embed_cache import EmbedCache
from inference.engines.diffusion.generator import LatentGenerator
from inference.engines.diffusion.job import Job
from inference.engines.diffusion.noise import seeded_noise
from inference.engines.diffusion.sampler import sample
from inference.engines.flux2_klein.engine import KleinFamily, klein_engine, klein_schedule
from inference.errors import EngineUnavailable
from inference.generation import GenerateItem, GenerateOptions, GenerateRequest, ReferencePicture
from inference.types import U8
from tests.checkpoints.klein import tiny_klein
from tests.unit.inference.generators.conftest import small

PROMPTS = ["a mug", "soap on stone"]
CLOSE = 1e-5


@pytest.fixture(scope="module")
def stock() -> Any:
    return tiny_klein()


@pytest.fixture(scope="module")
def family() -> KleinFamily:
    """The same weights as the stock pipeline's, which stays whole."""
    return KleinFamily(tiny_klein().components, EmbedCache(1 << 24), "tiny")


@pytest.fixture
def engine(options: GenerateOptions) -> LatentGenerator:
    return klein_engine(small("flux2-klein-4b"), options)


def photo(seed: int, height: int = 32, width: int = 48) -> U8:
    return np.random.default_rng(seed).integers(0, 256, (height, width, 3), np.uint8)


def raw_latents(family: KleinFamily, latents: torch.Tensor) -> torch.Tensor:
    """Ours as the stock pipeline returns them: not normalised, not patchified."""
    mean, std = family.codec._statistics(latents)
    return torch.nn.functional.pixel_shuffle(latents * std + mean, 2)


@pytest.mark.parametrize("size", [(32, 48), (64, 64)])
def test_text_to_image_is_that_of_the_stock_pipeline(stock: Any, family: KleinFamily, size: tuple[int, int]) -> None:
    rows, columns = size[0] // 16, size[1] // 16
    noise = seeded_noise([3, 4], 16, rows, columns)
    theirs = stock(
        prompt=PROMPTS,
        height=size[0],
        width=size[1],
        num_inference_steps=4,
        guidance_scale=1.0,
        latents=noise,
        output_type="latent",
    ).images
    job = Job(noise, family.embed(PROMPTS), semantic_channels=0)
    ours = sample(family.velocity(None), family.schedule(4, rows * columns), job)
    assert float((raw_latents(family, ours) - theirs).abs().max()) <= CLOSE


def test_a_reference_picture_is_used_as_the_stock_pipeline_uses_it(stock: Any, family: KleinFamily) -> None:
    noise = seeded_noise([3], 16, 4, 4)
    picture = photo(1, 64, 64)
    theirs = stock(
        image=Image.fromarray(picture),
        prompt=PROMPTS[0],
        height=64,
        width=64,
        num_inference_steps=4,
        guidance_scale=1.0,
        latents=noise,
        output_type="latent",
    ).images
    shown = family.codec.encode(torch.from_numpy(picture).permute(2, 0, 1)[None].float() / 127.5 - 1.0)
    job = Job(noise, family.embed(PROMPTS[:1]), semantic_channels=0)
    ours = sample(family.velocity(shown), family.schedule(4, 16), job)
    without = sample(family.velocity(None), family.schedule(4, 16), job)
    assert float((raw_latents(family, ours) - theirs).abs().max()) <= CLOSE
    assert float((ours - without).abs().max()) > 1e-3


def test_the_schedule_leaves_the_scheduler_of_the_pipeline_alone(stock: Any) -> None:
    before = stock.scheduler.timesteps.clone()
    schedule = klein_schedule(stock.scheduler, 4, 4096)
    assert torch.equal(stock.scheduler.timesteps, before)
    assert torch.equal(schedule.sigmas[:, 0], schedule.sigmas[:, 1])
    assert schedule.sigmas[0, 0] == 1.0
    assert schedule.sigmas[-1, 0] == 0.0
    assert not torch.equal(schedule.sigmas, klein_schedule(stock.scheduler, 4, 256).sigmas)


def ask(references: list[ReferencePicture | None], **changes: Any) -> GenerateRequest:
    items = tuple(GenerateItem("a mug", 1, reference) for reference in references)
    return GenerateRequest(items, **{"width": 48, "height": 32, **changes})


def gap(left: U8, right: U8) -> int:
    return int(np.abs(left.astype(int) - right.astype(int)).max())


def test_every_item_sees_its_own_reference_alone(engine: LatentGenerator) -> None:
    pictures = [ReferencePicture(photo(seed)) for seed in (1, 2)]
    together = engine.generate(ask([*pictures]))
    assert gap(together[0].rgb, together[1].rgb) > 0
    for number, picture in enumerate(pictures):
        assert gap(together[number].rgb, engine.generate(ask([picture]))[0].rgb) <= 1


def test_a_reference_need_not_be_shown_to_the_model(engine: LatentGenerator) -> None:
    shown, hidden, none = (
        engine.generate(ask([reference]))[0].rgb
        for reference in (ReferencePicture(photo(1)), ReferencePicture(photo(1), as_context=False), None)
    )
    assert gap(hidden, none) == 0
    assert gap(shown, none) > 0


def test_what_is_held_to_the_end_is_the_picture(engine: LatentGenerator) -> None:
    keep = np.full((32, 48), 255, np.uint8)
    held = engine.generate(ask([ReferencePicture(photo(1), keep=keep, hold_texture=1.0)]))[0].rgb
    still = engine.generate(ask([ReferencePicture(photo(1), strength=0.0)]))[0].rgb
    assert gap(held, still) <= 1


def test_the_licence_needs_no_acceptance(weights: Any) -> None:
    engine = klein_engine(small("flux2-klein-4b"), GenerateOptions(weights_dir=weights, device="cpu"))
    assert engine.status().available
    assert engine.generate(ask([None]))[0].identity["licence"] == "Apache-2.0"


def test_a_checkpoint_that_does_not_fit_exactly_is_refused(weights: Path, tmp_path: Path) -> None:
    folder = Path(shutil.copytree(weights / "flux2-klein-4b", tmp_path / "flux2-klein-4b"))
    file = folder / "transformer" / "diffusion_pytorch_model.safetensors"
    state = load_file(file)
    del state["proj_out.weight"]
    save_file(state, file, metadata={"format": "pt"})
    with pytest.raises(EngineUnavailable, match=r"proj_out\.weight"):
        klein_engine(small("flux2-klein-4b"), GenerateOptions(weights_dir=tmp_path, device="cpu")).warm()
