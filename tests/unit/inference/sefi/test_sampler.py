"""The loop: what one item may decide for itself, and that its neighbours never notice."""

from __future__ import annotations

from dataclasses import replace

import pytest
import torch
from torch import Tensor

from inference.engines.diffusion.job import Guidance, Job, LayoutMask, StepView
from inference.engines.diffusion.noise import seeded_noise
from inference.engines.diffusion.reference import Reference
from inference.engines.diffusion.sampler import sample
from inference.engines.sefi.pipeline import SeFiPipeline
from inference.engines.sefi.velocity import SeFiVelocity
from inference.errors import Cancelled

PROMPTS = ["a blue mug", "a shoe on sand", "soap"]
SEEDS = [11, 7, 2**40]
CLOSE = 5e-6


def job_for(pipeline: SeFiPipeline, items: list[int], rows: int = 4, columns: int = 3) -> Job:
    return Job(
        noise=seeded_noise([SEEDS[item] for item in items], 20, rows, columns),
        embeds=pipeline.embed_prompts([PROMPTS[item] for item in items]),
        semantic_channels=4,
    )


def reference_for(items: list[int], until: tuple[int, int] = (0, 0), keep: Tensor | None = None) -> Reference:
    latents = seeded_noise([100 + item for item in items], 20, 4, 3)
    masks = torch.zeros(len(items), 2, 4, 3) if keep is None else keep.expand(len(items), 2, 4, 3)
    return Reference(latents, masks, [until] * len(items))


def run(pipeline: SeFiPipeline, job: Job, steps: int = 4) -> Tensor:
    return sample(SeFiVelocity(pipeline.transformer), pipeline.schedule(steps), job)


def test_noise_depends_on_the_seed_alone() -> None:
    together = seeded_noise(SEEDS, 20, 4, 3)
    assert torch.equal(together[1:2], seeded_noise(SEEDS[1:2], 20, 4, 3))
    assert torch.equal(together.flip(0), seeded_noise(SEEDS[::-1], 20, 4, 3))
    assert not torch.equal(together[0], together[1])


@pytest.mark.parametrize("with_guidance", [False, True])
def test_a_batch_equals_its_items_alone(base: SeFiPipeline, with_guidance: bool) -> None:
    guidance = Guidance(4.0, base.embed_prompts("")) if with_guidance else None
    together = run(base, replace(job_for(base, [0, 1, 2]), guidance=guidance))
    for item in range(3):
        alone = run(base, replace(job_for(base, [item]), guidance=guidance))
        assert float((together[item] - alone[0]).abs().max()) <= CLOSE
    assert float((together[0] - together[1]).abs().max()) > 0.1


def test_items_of_one_batch_have_their_own_strengths(turbo: SeFiPipeline) -> None:
    entries = [turbo.schedule(4).first_step(strength) for strength in (1.0, 0.6, 0.3)]
    assert entries == [0, 2, 3]
    mixed = replace(job_for(turbo, [0, 1, 2]), first_steps=entries, reference=reference_for([0, 1, 2]))
    together = run(turbo, mixed)
    for item, entry in enumerate(entries):
        own = replace(job_for(turbo, [item]), first_steps=[entry], reference=reference_for([item]))
        assert float((together[item] - run(turbo, own)[0]).abs().max()) <= CLOSE


def test_less_strength_stays_nearer_to_the_reference(turbo: SeFiPipeline) -> None:
    reference = reference_for([0])

    def distance(entry: int) -> float:
        job = replace(job_for(turbo, [0]), first_steps=[entry], reference=reference)
        return float((run(turbo, job) - reference.latents).pow(2).mean())

    assert distance(4) == 0.0
    assert 0.0 < distance(3) < distance(2) < distance(1)


def test_an_item_that_enters_late_needs_something_to_start_from(turbo: SeFiPipeline) -> None:
    with pytest.raises(ValueError, match="reference"):
        run(turbo, replace(job_for(turbo, [0]), first_steps=[1]))


def test_what_is_held_to_the_end_is_the_reference_exactly(turbo: SeFiPipeline) -> None:
    keep = torch.zeros(1, 2, 4, 3)
    keep[:, :, 1:3] = 1.0
    reference = reference_for([0], until=(4, 4), keep=keep)
    result = run(turbo, replace(job_for(turbo, [0]), reference=reference))
    assert torch.equal(result[:, :, 1:3], reference.latents[:, :, 1:3])
    assert float((result[:, :, 0] - reference.latents[:, :, 0]).abs().max()) > 0.1


def test_one_stream_can_be_held_while_the_other_is_free(turbo: SeFiPipeline) -> None:
    keep = torch.zeros(1, 2, 4, 3)
    keep[:, 0] = 1.0
    reference = reference_for([0], until=(4, 4), keep=keep)
    result = run(turbo, replace(job_for(turbo, [0]), reference=reference))
    assert torch.equal(result[:, :4], reference.latents[:, :4])
    assert float((result[:, 4:] - reference.latents[:, 4:]).abs().max()) > 0.1


def test_a_released_hold_lets_the_last_steps_change_the_picture(turbo: SeFiPipeline) -> None:
    keep = torch.ones(1, 2, 4, 3)
    early = reference_for([0], until=(2, 2), keep=keep)
    result = run(turbo, replace(job_for(turbo, [0]), reference=early))
    released = float((result - early.latents).abs().max())
    never_held = run(turbo, replace(job_for(turbo, [0]), reference=reference_for([0])))
    assert 0.0 < released < float((never_held - early.latents).abs().max())


def test_masks_belong_to_items(turbo: SeFiPipeline) -> None:
    keep = torch.stack([torch.ones(2, 4, 3), torch.zeros(2, 4, 3)])
    reference = Reference(seeded_noise([1, 2], 20, 4, 3), keep, [(4, 4), (4, 4)])
    result = run(turbo, replace(job_for(turbo, [0, 1]), reference=reference))
    free = run(turbo, job_for(turbo, [1]))
    assert torch.equal(result[0], reference.latents[0])
    assert float((result[1] - free[0]).abs().max()) <= CLOSE


def test_progress_counts_steps_and_a_cancel_ends_before_the_next(turbo: SeFiPipeline) -> None:
    seen: list[tuple[int, int]] = []
    computed: list[int] = []

    def count(view: StepView) -> Tensor:
        computed.append(view.step)
        return view.velocity

    def cancel_in_the_second(done: int, total: int) -> None:
        seen.append((done, total))
        if done == 2:
            raise Cancelled

    with pytest.raises(Cancelled):
        sample(
            SeFiVelocity(turbo.transformer),
            turbo.schedule(4),
            job_for(turbo, [0]),
            before_step=cancel_in_the_second,
            steer=count,
        )
    assert seen == [(0, 4), (1, 4), (2, 4)]
    assert computed == [0, 1]


def test_progress_ends_with_all_steps_done(turbo: SeFiPipeline) -> None:
    seen: list[tuple[int, int]] = []
    job = replace(job_for(turbo, [0]), first_steps=[2], reference=reference_for([0]))
    sample(SeFiVelocity(turbo.transformer), turbo.schedule(4), job, before_step=lambda *counts: seen.append(counts))
    assert seen == [(0, 2), (1, 2), (2, 2)]


def test_no_step_waits_for_the_device(turbo: SeFiPipeline, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing in the loop reads a tensor back: what would wait on a GPU is forbidden while the steps run."""
    waits: list[str] = []
    for name in ("item", "tolist", "cpu", "numpy", "__bool__", "__float__", "__int__"):
        monkeypatch.setattr(torch.Tensor, name, lambda *_, name=name: waits.append(name))
    job = replace(job_for(turbo, [0, 1]), first_steps=[0, 2], reference=reference_for([0, 1]))
    schedule = turbo.schedule(4)
    waits.clear()
    in_loop: list[int] = []
    sample(SeFiVelocity(turbo.transformer), schedule, job, before_step=lambda *_: in_loop.append(len(waits)))
    assert in_loop == [in_loop[0]] * 5


def test_layout_masks_isolate_what_they_separate(turbo: SeFiPipeline) -> None:
    """With left and right cut off from each other and from the text, the left half never hears of the right."""
    job = job_for(turbo, [0])
    length, cells = job.embeds.shape[1], 12
    side = torch.arange(cells) % 3 >= 2
    mask = torch.zeros(1, 1, length + cells, length + cells, dtype=torch.bool)
    mask[..., :length, :length] = True
    mask[0, 0, length:, length:] = side[:, None] == side[None]
    changed = job.noise.clone()
    changed[..., 2] += 1.0

    def left(noise: Tensor, layout: LayoutMask | None) -> Tensor:
        return run(turbo, replace(job, noise=noise, layout=layout))[..., :2]

    isolated = LayoutMask(mask, steps=4)
    assert torch.equal(left(job.noise, isolated), left(changed, isolated))
    assert not torch.equal(left(job.noise, None), left(changed, None))
    assert not torch.equal(left(job.noise, LayoutMask(mask, steps=2)), left(changed, LayoutMask(mask, steps=2)))


def test_layout_masks_travel_with_guidance_and_items(base: SeFiPipeline) -> None:
    job = replace(job_for(base, [0, 1]), guidance=Guidance(3.0, base.embed_prompts("")))
    size = job.embeds.shape[1] + 12
    mask = torch.rand(2, 1, size, size, generator=torch.Generator().manual_seed(1)) > 0.2
    together = run(base, replace(job, layout=LayoutMask(mask, steps=2)))
    single = replace(job_for(base, [1]), guidance=job.guidance, layout=LayoutMask(mask[1:], steps=2))
    assert float((together[1] - run(base, single)[0]).abs().max()) <= CLOSE


def test_steering_replaces_the_velocity(turbo: SeFiPipeline) -> None:
    held = sample(
        SeFiVelocity(turbo.transformer),
        turbo.schedule(4),
        job_for(turbo, [0]),
        steer=lambda view: torch.zeros_like(view.velocity),
    )
    assert torch.equal(held, job_for(turbo, [0]).noise)
