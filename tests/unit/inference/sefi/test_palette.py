"""Palette guidance: the loss falls, held cells and other items stay as they were."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import torch
from torch import Tensor

from inference.engines.diffusion.job import Job
from inference.engines.diffusion.noise import seeded_noise
from inference.engines.diffusion.palette import (
    PalettePull,
    PaletteSteer,
    palette_distance,
    palette_oklab,
    srgb_to_oklab,
)
from inference.engines.diffusion.sampler import sample
from inference.engines.sefi.pipeline import SeFiPipeline
from inference.engines.sefi.velocity import SeFiVelocity
from inference.errors import InputRejected

BRAND = palette_oklab(["#1b4d3e", "#f4e9d8"])
EVERYWHERE = torch.ones(4, 4)
HALF = torch.cat([torch.ones(2, 4), torch.zeros(2, 4)])


def drawn(
    pipeline: SeFiPipeline, seeds: list[int], pulls: list[PalettePull | None] | None, first_steps: tuple[int, ...] = ()
) -> Tensor:
    schedule = pipeline.schedule(4)
    job = Job(
        noise=seeded_noise(seeds, 20, 4, 4),
        embeds=pipeline.embed_prompts(["a mug"] * len(seeds)),
        semantic_channels=4,
        first_steps=first_steps,
    )
    steer = None if pulls is None else PaletteSteer(pipeline.codec, schedule, 4, pulls)
    return sample(SeFiVelocity(pipeline.transformer), schedule, job, steer=steer)


def loss(pipeline: SeFiPipeline, latents: Tensor) -> float:
    return float(palette_distance(pipeline.decode(latents), BRAND, torch.ones(len(latents), 64, 64)).sum())


@pytest.mark.parametrize(
    ("rgb", "lab"),
    [
        ((1.0, 1.0, 1.0), (1.0, 0.0, 0.0)),
        ((1.0, 0.0, 0.0), (0.62796, 0.22486, 0.12585)),
        ((0.0, 0.0, 1.0), (0.45201, -0.03246, -0.31153)),
    ],
)
def test_oklab_has_its_published_values(rgb: tuple[float, ...], lab: tuple[float, ...]) -> None:
    found = srgb_to_oklab(torch.tensor(rgb).view(1, 3, 1, 1)).flatten()
    assert np.allclose(found.numpy(), lab, atol=3e-3)


def test_a_picture_in_the_palette_is_nearer_than_one_beside_it() -> None:
    inside = torch.tensor([0x1B, 0x4D, 0x3E]).view(1, 3, 1, 1).expand(1, 3, 4, 4) / 255
    ones = torch.ones(1, 4, 4)
    assert float(palette_distance(inside, BRAND, ones)) < float(palette_distance(1 - inside, BRAND, ones))


def test_black_and_white_have_gradients() -> None:
    for value in (0.0, 1.0):
        picture = torch.full((1, 3, 2, 2), value, requires_grad=True)
        palette_distance(picture, BRAND, torch.ones(1, 2, 2)).sum().backward()
        assert bool(torch.isfinite(picture.grad).all())


def test_the_loss_falls_on_every_seed(turbo: SeFiPipeline) -> None:
    for seed in range(8):
        plain = loss(turbo, drawn(turbo, [seed], None))
        pulled = loss(turbo, drawn(turbo, [seed], [PalettePull(BRAND, 0.2, EVERYWHERE)]))
        assert pulled < 0.97 * plain


def test_a_stronger_pull_comes_nearer(turbo: SeFiPipeline) -> None:
    losses = [loss(turbo, drawn(turbo, [3], [PalettePull(BRAND, rate, EVERYWHERE)])) for rate in (0.0, 0.1, 0.3)]
    assert losses[0] > losses[1] > losses[2]


def test_items_without_a_pull_are_untouched(turbo: SeFiPipeline) -> None:
    plain = drawn(turbo, [1, 2], None)
    pulled = drawn(turbo, [1, 2], [None, PalettePull(BRAND, 0.2, EVERYWHERE)])
    assert torch.equal(pulled[0], plain[0])
    assert not torch.equal(pulled[1], plain[1])
    assert torch.equal(drawn(turbo, [1], [PalettePull(BRAND, 0.0, EVERYWHERE)]), drawn(turbo, [1], None))


def test_items_that_are_pulled_together_are_pulled_as_each_alone(turbo: SeFiPipeline) -> None:
    """With palettes of different lengths, each its own rate, decoded in one call or one by one."""
    three = palette_oklab(["#d8dfd0", "#93a58a", "#c8704a"])
    pulls = [PalettePull(BRAND, 0.2, EVERYWHERE), PalettePull(three, 0.1, EVERYWHERE), PalettePull(BRAND, 0.3, HALF)]
    together = drawn(turbo, [1, 2, 3], pulls)  # type: ignore[arg-type]
    for item, pull in enumerate(pulls):
        alone = drawn(turbo, [item + 1], [pull])
        plain = drawn(turbo, [item + 1], None)
        # What the gradient rounds differently in a batch is enlarged with it to the rate.
        assert float((together[item] - alone[0]).abs().max()) < 0.005 * float((alone[0] - plain[0]).abs().max())
    assert turbo.codec.at_once(4, 4) >= 3
    assert turbo.codec.at_once(64, 64) == 1


def test_cells_that_may_not_change_are_not_pulled(turbo: SeFiPipeline) -> None:
    """In the last step, where nothing else can move them, held cells keep their velocity."""
    free = torch.zeros(4, 4)
    free[2:] = 1.0
    schedule = turbo.schedule(4)
    steer = PaletteSteer(turbo.codec, schedule, 4, [PalettePull(BRAND, 0.3, free)])
    seen: list[tuple[Tensor, Tensor]] = []

    def watch(view: object) -> Tensor:
        after = steer(view)  # type: ignore[arg-type]
        seen.append((view.velocity, after))  # type: ignore[attr-defined]
        return after

    job = Job(seeded_noise([1], 20, 4, 4), turbo.embed_prompts("a mug"), 4)
    sample(SeFiVelocity(turbo.transformer), schedule, job, steer=watch)
    before, after = seen[-1]
    assert torch.allclose(after[:, :8], before[:, :8], atol=1e-5)
    assert not torch.allclose(after[:, 8:, 4:], before[:, 8:, 4:], atol=1e-3)
    assert torch.equal(after[..., :4], before[..., :4])


def test_items_that_enter_late_keep_their_own_pull(turbo: SeFiPipeline) -> None:
    from inference.engines.diffusion.reference import Reference

    schedule = turbo.schedule(4)
    pulls = [None, PalettePull(BRAND, 0.2, EVERYWHERE)]
    job = Job(
        noise=seeded_noise([1, 2], 20, 4, 4),
        embeds=turbo.embed_prompts(["a mug"] * 2),
        semantic_channels=4,
        first_steps=(2, 0),
        reference=Reference.start(seeded_noise([5, 6], 20, 4, 4)),
    )
    velocity = SeFiVelocity(turbo.transformer)
    together = sample(velocity, schedule, job, steer=PaletteSteer(turbo.codec, schedule, 4, pulls))
    plain = sample(velocity, schedule, replace(job))
    assert torch.equal(together[0], plain[0])
    assert not torch.equal(together[1], plain[1])


def test_a_colour_that_is_none_is_refused() -> None:
    with pytest.raises(InputRejected):
        palette_oklab(["green"])
