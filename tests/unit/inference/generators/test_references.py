"""Product and style are two references: each holds its own part of the picture, in the stream that it is about."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise
from typing import Any

import numpy as np
import pytest
import torch

from inference.engines.diffusion import batch as batch_module
from inference.engines.diffusion.generator import LatentGenerator
from inference.engines.diffusion.reference import Reference
from inference.engines.diffusion.requests import check
from inference.engines.flux2_klein.engine import klein_engine
from inference.engines.sefi.engine import sefi_engine
from inference.errors import InputRejected
from inference.generation import (
    GenerateItem,
    GenerateOptions,
    GenerateRequest,
    ReferencePicture,
    StylePicture,
    batch_key,
)
from inference.models import model_card
from inference.types import U8
from tests.unit.inference.generators.conftest import small

SIDE = 64


@pytest.fixture
def turbo(options: GenerateOptions) -> LatentGenerator:
    return sefi_engine(small("sefi-1b-turbo"), options)


@pytest.fixture
def klein(options: GenerateOptions) -> LatentGenerator:
    return klein_engine(small("flux2-klein-4b"), options)


def picture(seed: int) -> U8:
    return np.random.default_rng(seed).integers(0, 256, (SIDE, SIDE, 3), np.uint8)


def left_half() -> U8:
    keep = np.zeros((SIDE, SIDE), np.uint8)
    keep[:, : SIDE // 2] = 255
    return keep


def ask(*items: GenerateItem) -> GenerateRequest:
    return GenerateRequest(items, SIDE, SIDE)


def gap(left: Any, right: Any) -> int:
    return int(np.abs(left.rgb.astype(int) - right.rgb.astype(int)).max())


class Seen:
    """The latents that come out of the loop, before they are decoded."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.latents: list[torch.Tensor] = []
        self.references: list[Reference] = []
        true = batch_module.sample

        def remembered(velocity: Any, schedule: Any, job: Any, **kwargs: Any) -> torch.Tensor:
            drawn = true(velocity, schedule, job, **kwargs)
            self.latents.append(drawn)
            self.references.append(job.reference)
            return drawn

        monkeypatch.setattr(batch_module, "sample", remembered)


def with_encoder(engine: LatentGenerator) -> LatentGenerator:
    """A semantic encoder whose answer says which picture it saw: its mean brightness, in every channel."""
    family = engine.loaded()

    def semantics(images: torch.Tensor) -> torch.Tensor:
        mean = images.mean(dim=(1, 2, 3)).view(-1, 1, 1, 1)
        return mean.expand(-1, family.semantic_channels, SIDE // 16, SIDE // 16) * 10

    family.semantics = semantics  # type: ignore[method-assign]
    return engine


def test_each_reference_holds_the_meaning_of_its_own_part(
    turbo: LatentGenerator, monkeypatch: pytest.MonkeyPatch
) -> None:
    dark, bright = np.full((SIDE, SIDE, 3), 20, np.uint8), np.full((SIDE, SIDE, 3), 230, np.uint8)
    product = ReferencePicture(dark, left_half(), hold_texture=1.0, hold_semantics=1.0)
    engine, seen = with_encoder(turbo), Seen(monkeypatch)
    engine.generate(ask(GenerateItem("a mug", 1, product, style=StylePicture(bright, 1.0))))
    semantic = seen.latents[-1][0, : engine.loaded().semantic_channels]
    assert torch.allclose(semantic[:, :, :2], torch.full_like(semantic[:, :, :2], 10 * 20 / 255), atol=1e-5)
    assert torch.allclose(semantic[:, :, 2:], torch.full_like(semantic[:, :, 2:], 10 * 230 / 255), atol=1e-5)


def test_a_style_alone_holds_meaning_and_leaves_texture_free(
    turbo: LatentGenerator, monkeypatch: pytest.MonkeyPatch
) -> None:
    engine, seen = with_encoder(turbo), Seen(monkeypatch)
    bright = np.full((SIDE, SIDE, 3), 230, np.uint8)
    engine.generate(ask(GenerateItem("a mug", 1, style=StylePicture(bright, 1.0))))
    channels = engine.loaded().semantic_channels
    assert torch.allclose(seen.latents[-1][0, :channels], torch.full((channels, 4, 4), 10 * 230 / 255), atol=1e-5)
    reference = seen.references[-1]
    assert float(reference.keep.max()) == 0.0
    texture = seen.latents[-1][0, channels:]
    assert not torch.allclose(texture, reference.latents[0, channels:], atol=0.1)


def test_a_styles_strength_is_how_long_it_holds(turbo: LatentGenerator, monkeypatch: pytest.MonkeyPatch) -> None:
    engine, seen = with_encoder(turbo), Seen(monkeypatch)
    bright = np.full((SIDE, SIDE, 3), 230, np.uint8)
    for strength in (0.0, 0.4, 0.8, 1.0):
        engine.generate(ask(GenerateItem("a mug", 1, style=StylePicture(bright, strength))))
    channels = engine.loaded().semantic_channels
    off = [float((latents[0, :channels] - 10 * 230 / 255).abs().mean()) for latents in seen.latents]
    assert off == sorted(off, reverse=True)
    assert off[0] > off[1] > off[2] > off[3]


def test_without_an_encoder_the_meaning_is_drawn(turbo: LatentGenerator) -> None:
    plain = turbo.generate(ask(GenerateItem("a mug", 1)))[0]
    styled = turbo.generate(ask(GenerateItem("a mug", 1, style=StylePicture(picture(3), 1.0))))[0]
    assert styled.parameters["semantics"] == "drawn"
    assert gap(plain, styled) > 3


def test_neighbours_of_a_style_do_not_hear_of_it(turbo: LatentGenerator) -> None:
    plain = turbo.generate(ask(GenerateItem("a mug", 1), GenerateItem("a mug", 2)))
    mixed = turbo.generate(ask(GenerateItem("a mug", 1), GenerateItem("a mug", 2, style=StylePicture(picture(3), 1.0))))
    assert gap(plain[0], mixed[0]) <= 1
    assert gap(plain[1], mixed[1]) > 3


def apart(left: torch.Tensor, right: torch.Tensor) -> float:
    return float((left - right).abs().max())


def test_klein_shows_each_item_its_own_pictures(klein: LatentGenerator, monkeypatch: pytest.MonkeyPatch) -> None:
    """The stock pipeline shows every item the pictures of all; here a neighbour's change changes nothing."""
    seen = Seen(monkeypatch)
    first = GenerateItem("a mug", 1, ReferencePicture(picture(1)), style=StylePicture(picture(2)))
    second = GenerateItem("a vase", 2, ReferencePicture(picture(3)), style=StylePicture(picture(4)))
    klein.generate(ask(first, second))
    klein.generate(ask(first, replace(second, style=StylePicture(picture(5)))))
    for item in (first, second):
        klein.generate(ask(item))
    both, other, alone, alone_too = seen.latents
    assert apart(both[0], alone[0]) < 1e-5
    assert apart(both[1], alone_too[0]) < 1e-5
    assert apart(other[0], both[0]) < 1e-5
    assert apart(other[1], both[1]) > 1e-4


def test_klein_tells_a_reference_from_a_style(klein: LatentGenerator, monkeypatch: pytest.MonkeyPatch) -> None:
    seen = Seen(monkeypatch)
    one, two = ReferencePicture(picture(1)), ReferencePicture(picture(2))
    klein.generate(ask(GenerateItem("a mug", 1, one, style=StylePicture(two.rgb))))
    klein.generate(ask(GenerateItem("a mug", 1, two, style=StylePicture(one.rgb))))
    klein.generate(ask(GenerateItem("a mug", 1, one)))
    straight, swapped, without = seen.latents
    assert apart(straight, swapped) > 1e-4
    assert apart(straight, without) > 1e-3


@pytest.mark.parametrize(
    ("style", "code"),
    [
        (StylePicture(np.zeros((32, SIDE, 3), np.uint8)), "generate.picture_size"),
        (StylePicture(np.zeros((512, 512, 3), np.uint8), 1.5), "generate.bad_strength"),
    ],
)
def test_styles_that_do_not_fit_are_refused(style: StylePicture, code: str) -> None:
    request = GenerateRequest((GenerateItem("a mug", 1, style=style),), 512, 512)
    with pytest.raises(InputRejected) as caught:
        check(model_card("sefi-1b-turbo"), request)
    assert caught.value.code == code


def test_editors_follow_no_style() -> None:
    item = GenerateItem("blue", 1, ReferencePicture(np.zeros((1024, 1024, 3), np.uint8)))
    styled = replace(item, style=StylePicture(np.zeros((1024, 1024, 3), np.uint8)))
    with pytest.raises(InputRejected) as caught:
        check(model_card("qwen-image-edit-2509"), GenerateRequest((styled,), 1024, 1024))
    assert caught.value.code == "generate.style_not_possible"


def test_items_with_a_style_have_a_pass_of_their_own() -> None:
    plain, styled = GenerateItem("a mug", 1), GenerateItem("a mug", 1, style=StylePicture(picture(1)))
    assert batch_key("m", ask(plain)) != batch_key("m", ask(styled))


def test_strength_is_a_slider_without_steps(turbo: LatentGenerator) -> None:
    """Four steps have four noise levels; strengths between them still make different pictures, each a little freer."""
    kept = picture(1)
    changes = []
    for strength in (0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9):
        drawn = turbo.generate(ask(GenerateItem("a mug", 1, ReferencePicture(kept, strength=strength))))[0]
        base = turbo.generate(ask(GenerateItem("a mug", 1, ReferencePicture(kept, strength=0.0))))[0]
        changes.append(float(np.square(drawn.rgb.astype(float) - base.rgb).mean()))
    assert len({round(change, 3) for change in changes}) == len(changes)
    assert all(after > 0.99 * before for before, after in pairwise(changes))
    assert changes[-1] > changes[0]


def test_an_entry_lies_on_the_clock_of_both_streams(turbo: LatentGenerator) -> None:
    schedule = turbo.loaded().schedule(4, 16)
    for strength in (0.95, 0.7, 0.4, 0.1):
        entry = schedule.entry(strength)
        assert float(entry.sigmas[1]) == pytest.approx(strength, abs=1e-6)
        after, before = schedule.sigmas[entry.step + 1], schedule.sigmas[entry.step]
        assert float(after[1]) <= strength <= float(before[1])
        assert float(after[0]) <= float(entry.sigmas[0]) <= float(before[0])
    on_grid = float(schedule.sigmas[2, 1])
    assert schedule.entry(on_grid).step == 2
    assert schedule.entry(1.0).step == 0
    assert schedule.entry(0.0).step == 4


def test_half_a_step_is_held_by_half() -> None:
    latents = torch.zeros(1, 20, 2, 2)
    held = Reference(latents, torch.ones(1, 2, 2, 2), [(2.5, 1.0)]).held(4)
    assert held[:, 0, 0, 0].tolist() == [1.0, 1.0, 0.5, 0.0]
    assert held[:, 0, 0, 1].tolist() == [1.0, 0.0, 0.0, 0.0]
    with pytest.raises(ValueError, match="scene"):
        Reference(latents, torch.ones(1, 2, 2, 2), [(1, 1)], torch.zeros(1, 3, 3), (1.0,))
