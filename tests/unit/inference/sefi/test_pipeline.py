"""The call of a diffusers user: defaults, refusals, what comes out."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch

from inference.engines.diffusion.schedule import SEMANTIC, TEXTURE
from inference.engines.diffusion.tokens import image_positions, text_positions
from inference.engines.sefi.pipeline import SeFiPipeline
from inference.errors import InputRejected

SMALL: dict[str, Any] = {"height": 32, "width": 48}


def refused(pipeline: SeFiPipeline, **arguments: Any) -> str:
    with pytest.raises(InputRejected) as caught:
        pipeline("a mug", **{**SMALL, **arguments}, before_step=pytest.fail)
    return caught.value.code


@pytest.mark.parametrize("steps", [1, 3, 5, 50])
def test_turbo_takes_no_other_steps_than_it_was_distilled_for(turbo: SeFiPipeline, steps: int) -> None:
    assert refused(turbo, num_inference_steps=steps) == "generate.wrong_steps"


@pytest.mark.parametrize("guidance", [0.0, 0.9, 4.0])
def test_turbo_takes_no_guidance(turbo: SeFiPipeline, guidance: float) -> None:
    assert refused(turbo, guidance_scale=guidance) == "generate.wrong_guidance"


@pytest.mark.parametrize("steps", [4, 8, 10])
def test_turbo_steps_that_work(turbo: SeFiPipeline, steps: int) -> None:
    assert turbo("a mug", num_inference_steps=steps, output_type="pt", **SMALL).images.shape == (1, 3, 32, 48)


@pytest.mark.parametrize("size", [(30, 32), (32, 40), (0, 32), (-16, 32), (8, 16)])
def test_sizes_are_never_rounded_silently(turbo: SeFiPipeline, size: tuple[int, int]) -> None:
    if 0 in size:  # nothing given is the default size
        size = (1000, 32)
    assert refused(turbo, height=size[0], width=size[1]) == "generate.wrong_size"


def test_nothing_named_means_the_defaults_of_the_checkpoint(base: SeFiPipeline) -> None:
    steps: list[int] = []
    base("a mug", before_step=lambda done, total: steps.append(total), output_type="latent", **SMALL)
    assert set(steps) == {50}
    assert base.settled(None, None, 32, 32) == (50, 4.0)


def test_guidance_up_to_one_is_none(base: SeFiPipeline) -> None:
    noise = torch.randn(1, 20, 2, 3, generator=torch.Generator().manual_seed(1))
    plain, less = (
        base("a mug", num_inference_steps=3, guidance_scale=scale, latents=noise, output_type="latent", **SMALL).images
        for scale in (1.0, 0.5)
    )
    assert torch.equal(plain, less)


def test_images_of_one_prompt_lie_next_to_each_other(turbo: SeFiPipeline) -> None:
    generators = [torch.Generator().manual_seed(seed) for seed in (1, 2, 1, 2)]
    images = turbo(
        ["a mug", "soap"], num_images_per_prompt=2, generator=generators, output_type="latent", **SMALL
    ).images
    alone = turbo("soap", generator=torch.Generator().manual_seed(1), output_type="latent", **SMALL).images
    assert float((images[2] - alone[0]).abs().max()) < 5e-6
    assert float((images[0] - images[2]).abs().max()) > 1e-3


def test_embeddings_may_be_given_instead_of_prompts(base: SeFiPipeline) -> None:
    arguments: dict[str, Any] = {
        **SMALL,
        "latents": torch.ones(2, 20, 2, 3),
        "num_inference_steps": 2,
        "output_type": "latent",
    }
    prompts = ["a mug", "soap"]
    embeds, empty = base.embed_prompts(prompts), base.embed_prompts(["", ""])
    named = base(prompts, **arguments).images
    given = base(prompt_embeds=embeds, negative_prompt_embeds=empty, **arguments).images
    assert torch.equal(named, given)


def test_an_empty_prompt_of_another_length_guides_as_well(base: SeFiPipeline) -> None:
    arguments: dict[str, Any] = {**SMALL, "num_inference_steps": 2, "output_type": "latent"}
    noise = torch.randn(2, 20, 2, 3, generator=torch.Generator().manual_seed(1))
    short = base.embed_prompts("", max_sequence_length=30)
    together, first = (
        base(prompts, latents=noise[: len(prompts)], negative_prompt_embeds=short, **arguments).images
        for prompts in (["a mug", "soap"], ["a mug"])
    )
    both = (base("a mug", latents=noise[:1], guidance_scale=1.0, **arguments).images, first)
    assert float((together[:1] - first).abs().max()) < 5e-6
    assert float((both[0] - both[1]).abs().max()) > 1e-3
    # One step of it, worked out from two calls.
    schedule = base.schedule(1)
    one = base("a mug", latents=noise[:1], negative_prompt_embeds=short, **{**arguments, "num_inference_steps": 1})
    tokens = noise[:1].flatten(2).transpose(1, 2)
    flows = [
        base.transformer(
            tokens,
            *schedule.levels[0][:, None],
            embeds,
            text_positions(embeds.shape[1]),
            image_positions(2, 3),
        ).sample
        for embeds in (base.embed_prompts("a mug"), short)
    ]
    flow = flows[1] + 4.0 * (flows[0] - flows[1])
    streams = torch.tensor([SEMANTIC] * 4 + [TEXTURE] * 16)
    expected = tokens + (schedule.sigmas[1] - schedule.sigmas[0])[streams] * flow
    assert float((one.images.flatten(2).transpose(1, 2) - expected).abs().max()) < 5e-6


def test_prompts_and_embeddings_together_contradict_each_other(turbo: SeFiPipeline) -> None:
    embeds = turbo.embed_prompts("a mug")
    with pytest.raises(ValueError, match="either"):
        turbo("a mug", prompt_embeds=embeds, **SMALL)
    with pytest.raises(ValueError, match="either"):
        turbo(**SMALL)


def test_noise_of_another_shape_is_refused(turbo: SeFiPipeline) -> None:
    with pytest.raises(ValueError, match="do not fit"):
        turbo("a mug", latents=torch.zeros(1, 20, 2, 2), **SMALL)


def test_a_size_that_is_not_named_has_64_cells_a_side(turbo: SeFiPipeline) -> None:
    with pytest.raises(ValueError, match=r"\(1, 20, 64, 2\) were expected"):
        turbo("a mug", width=32, latents=torch.zeros(1, 20, 2, 2))


def test_the_same_picture_in_every_form(turbo: SeFiPipeline) -> None:
    noise = torch.randn(1, 20, 2, 3, generator=torch.Generator().manual_seed(5))
    forms = {
        form: turbo("a mug", latents=noise, output_type=form, **SMALL).images for form in ("pil", "np", "pt", "latent")
    }
    assert forms["latent"].shape == (1, 20, 2, 3)
    assert np.array_equal(forms["np"][0], forms["pt"][0].permute(1, 2, 0).numpy())
    assert forms["pil"][0].size == (48, 32)
    assert np.array_equal(np.asarray(forms["pil"][0]), np.rint(forms["np"][0] * 255).astype(np.uint8))
    assert 0.0 <= forms["np"].min() < forms["np"].max() <= 1.0
    with pytest.raises(ValueError, match="output type"):
        turbo("a mug", output_type="jpeg", **SMALL)


def test_only_texture_is_decoded(turbo: SeFiPipeline) -> None:
    latents = torch.randn(1, 20, 2, 3, generator=torch.Generator().manual_seed(5))
    other = latents.clone()
    other[:, :4] += 1.0
    assert torch.equal(turbo.decode(latents), turbo.decode(other))


def test_prompts_are_encoded_as_in_other_pipelines_of_diffusers(turbo: SeFiPipeline) -> None:
    embeds, positions = turbo.encode_prompt(["a mug", "soap"], num_images_per_prompt=2)
    assert embeds.shape == (4, 48, 96)
    assert torch.equal(embeds[2], turbo.embed_prompts("soap")[0])
    assert positions.shape == (4, 48, 4)
    assert positions[3, :, 3].tolist() == list(range(48))
    given, _ = turbo.encode_prompt(None, prompt_embeds=embeds)
    assert torch.equal(given, embeds)


def test_a_callback_sees_every_step_and_may_change_the_latents(turbo: SeFiPipeline) -> None:
    seen: list[tuple[int, float]] = []

    def stop_at_zero(pipeline: Any, step: int, level: Any, values: dict[str, Any]) -> dict[str, Any]:
        seen.append((step, round(float(level), 3)))
        assert values["latents"].shape == (1, 20, 2, 3)
        return {"latents": values["latents"] * 0} if step == 3 else {}

    arguments: dict[str, Any] = {**SMALL, "latents": torch.ones(1, 20, 2, 3), "output_type": "latent"}
    images = turbo("a mug", callback_on_step_end=stop_at_zero, **arguments).images
    assert seen == [(0, 1.0), (1, 0.726), (2, 0.451), (3, 0.176)]
    assert float(images.abs().max()) == 0.0
    watched = turbo("a mug", callback_on_step_end=lambda *_: {}, **arguments).images
    assert torch.equal(watched, turbo("a mug", **arguments).images)


def test_a_callback_is_given_what_it_asks_for_and_nothing_that_is_not_there(turbo: SeFiPipeline) -> None:
    given: list[dict[str, Any]] = []

    def note(pipeline: Any, step: int, level: Any, values: dict[str, Any]) -> dict[str, Any]:
        given.append(values)
        return {}

    turbo("a mug", callback_on_step_end=note, callback_on_step_end_tensor_inputs=[], output_type="latent", **SMALL)
    assert given == [{}] * 4
    with pytest.raises(ValueError, match="prompt_embeds"):
        turbo(
            "a mug",
            callback_on_step_end=pytest.fail,
            callback_on_step_end_tensor_inputs=["latents", "prompt_embeds"],
            **SMALL,
        )
