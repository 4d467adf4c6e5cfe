from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from inference.engines.diffusion.requests import check
from inference.errors import InputRejected
from inference.generation import GenerateItem, GenerateRequest, ReferencePicture, batch_key
from inference.models import model_card

TURBO, BASE = model_card("sefi-5b-turbo"), model_card("sefi-5b-base")
GREY = np.full((512, 512, 3), 128, np.uint8)


def request(reference: ReferencePicture | None = None, prompt: str = "a mug", seed: int = 1, **changes: Any) -> Any:
    return GenerateRequest((GenerateItem(prompt, seed, reference),), **{"width": 512, "height": 512, **changes})


def refused(asked: GenerateRequest, card: Any = TURBO) -> str:
    with pytest.raises(InputRejected) as caught:
        check(card, asked)
    return caught.value.code


def test_what_is_not_said_is_the_default_of_the_model() -> None:
    assert check(TURBO, request()) == (4, 1.0)
    assert check(BASE, request()) == (50, 4.0)
    assert check(BASE, request(steps=7, guidance=2.5)) == (7, 2.5)


@pytest.mark.parametrize("size", [(500, 512), (512, 520), (240, 512), (512, 2048), (0, 512)])
def test_sizes_off_the_grid_or_out_of_range_are_refused(size: tuple[int, int]) -> None:
    assert refused(request(width=size[0], height=size[1])) == "generate.wrong_size"


@pytest.mark.parametrize("steps", [0, 1, 5, 50])
def test_steps_that_a_turbo_model_was_not_distilled_for_are_refused(steps: int) -> None:
    assert refused(request(steps=steps)) == "generate.wrong_steps"
    assert steps == 0 or check(BASE, request(steps=steps)) == (steps, 4.0)


@pytest.mark.parametrize("guidance", [0.5, 1.5, float("nan")])
def test_guidance_out_of_range_is_refused(guidance: float) -> None:
    assert refused(request(guidance=guidance)) == "generate.wrong_guidance"


def test_empty_requests_prompts_and_impossible_seeds_are_refused() -> None:
    assert refused(GenerateRequest((), 512, 512)) == "generate.nothing_asked"
    assert refused(request(prompt="  ")) == "generate.bad_prompt"
    assert refused(request(prompt="x" * 4001)) == "generate.bad_prompt"
    assert refused(request(seed=-1)) == "generate.bad_seed"
    assert refused(request(seed=2**63)) == "generate.bad_seed"


def test_pictures_and_masks_have_the_size_of_the_request() -> None:
    assert refused(request(ReferencePicture(GREY[:256]))) == "generate.picture_size"
    assert refused(request(ReferencePicture(GREY, keep=GREY[:256, :, 0]))) == "generate.picture_size"
    assert check(TURBO, request(ReferencePicture(GREY, keep=GREY[..., 0]))) == (4, 1.0)


@pytest.mark.parametrize("name", ["strength", "hold_texture", "hold_semantics"])
def test_shares_lie_between_nothing_and_everything(name: str) -> None:
    assert refused(request(ReferencePicture(GREY, **{name: 1.2}))) == "generate.bad_strength"


@pytest.mark.parametrize(("palette", "pull"), [(("#112233",) * 13, 0.1), (("#112233",), 1.5), (("#112233",), -0.1)])
def test_palettes_out_of_range_are_refused(palette: tuple[str, ...], pull: float) -> None:
    asked = GenerateRequest((GenerateItem("a mug", 1, palette=palette, pull=pull),), 512, 512)
    assert refused(asked) == "generate.bad_palette"


def test_a_colour_that_is_none_is_refused() -> None:
    asked = GenerateRequest((GenerateItem("a mug", 1, palette=("green",)),), 512, 512)
    assert refused(asked) == "shot.bad_colour"


def test_an_editor_is_not_pulled() -> None:
    item = GenerateItem("warmer", 1, ReferencePicture(np.zeros((1024, 1024, 3), np.uint8)), palette=("#112233",))
    asked = GenerateRequest((item,), 1024, 1024)
    assert refused(asked, model_card("qwen-image-edit-2509")) == "generate.palette_not_possible"


def test_an_editor_needs_a_picture() -> None:
    assert refused(request(width=1024, height=1024), model_card("qwen-image-edit-2509")) == "generate.no_picture"


def test_what_may_share_a_pass() -> None:
    plain, masked = request(), request(ReferencePicture(GREY))
    assert batch_key("m", plain) == batch_key("m", request(prompt="soap", seed=9))
    keys = [
        batch_key("m", plain),
        batch_key("n", plain),
        batch_key("m", replace(plain, adapters=(("brand", 1.0),))),
        batch_key("m", masked),
        batch_key("m", replace(plain, width=256)),
        batch_key("m", replace(plain, steps=8)),
        batch_key("m", replace(plain, guidance=1.0)),
    ]
    assert len(set(keys)) == len(keys)
