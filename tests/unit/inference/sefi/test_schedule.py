from __future__ import annotations

import pytest
import torch
from diffusers import FlowMatchEulerDiscreteScheduler
from hypothesis import given
from hypothesis import strategies as st

from inference.engines.diffusion.schedule import SEMANTIC, TEXTURE, Schedule
from inference.engines.sefi.schedule import training_levels, two_stream_schedule
from inference.errors import InputRejected

SCHEDULER = FlowMatchEulerDiscreteScheduler()
TURBO_4 = two_stream_schedule(SCHEDULER, 4, alpha=1.0, delta_t=0.1)


def column(schedule: Schedule, stream: int) -> list[float]:
    return [round(value, 3) for value in schedule.sigmas[:, stream].tolist()]


def test_four_turbo_steps_have_the_published_levels() -> None:
    assert column(TURBO_4, SEMANTIC) == [1.0, 0.726, 0.451, 0.176, 0.001]
    assert column(TURBO_4, TEXTURE) == [1.0, 0.826, 0.551, 0.276, 0.001]


def test_texture_waits_through_the_first_twelve_of_fifty_base_steps() -> None:
    texture = column(two_stream_schedule(SCHEDULER, 50, alpha=0.3, delta_t=0.1), TEXTURE)
    assert texture[:13] == [1.0] * 13
    assert texture[13] < 1.0


@given(
    steps=st.integers(1, 120),
    alpha=st.floats(0.05, 3.0),
    delta_t=st.floats(0.0, 0.5),
)
def test_noise_never_grows_and_semantics_are_never_behind(steps: int, alpha: float, delta_t: float) -> None:
    sigmas = two_stream_schedule(SCHEDULER, steps, alpha=alpha, delta_t=delta_t).sigmas
    assert sigmas.shape == (steps + 1, 2)
    assert bool((sigmas[1:] <= sigmas[:-1]).all())
    assert bool((sigmas[:, SEMANTIC] <= sigmas[:, TEXTURE]).all())
    assert sigmas[0].tolist() == [1.0, 1.0]
    # The table is entered by rounding down, so the end may be its last entry or the one before.
    assert sigmas[-1].max() < 0.0021


def test_without_a_lead_both_streams_go_together() -> None:
    sigmas = two_stream_schedule(SCHEDULER, 10, alpha=0.3, delta_t=0.0).sigmas
    assert torch.equal(sigmas[:, SEMANTIC], sigmas[:, TEXTURE])


def test_the_transformer_is_told_what_the_latents_hold() -> None:
    assert torch.allclose(TURBO_4.levels, TURBO_4.sigmas, atol=1e-6)


def test_a_shifted_table_is_used_as_the_checkpoint_has_it() -> None:
    shifted = two_stream_schedule(FlowMatchEulerDiscreteScheduler(shift=3.0), 4, alpha=1.0, delta_t=0.1)
    assert column(shifted, TEXTURE)[1] == pytest.approx(3 * 0.826 / (1 + 2 * 0.826), abs=2e-3)


def test_a_scheduler_that_was_set_elsewhere_is_refused() -> None:
    used = FlowMatchEulerDiscreteScheduler()
    used.set_timesteps(4)
    with pytest.raises(ValueError, match="training table"):
        two_stream_schedule(used, 4, alpha=1.0, delta_t=0.1)


@pytest.mark.parametrize(
    ("strength", "step"), [(1.0, 0), (0.9, 1), (0.8, 2), (0.6, 2), (0.5, 3), (0.3, 3), (0.2, 4), (0.0, 4)]
)
def test_an_image_enters_where_the_texture_is_as_noisy_as_it_may_become(strength: float, step: int) -> None:
    assert TURBO_4.first_step(strength) == step


@pytest.mark.parametrize("strength", [-0.1, 1.1])
def test_a_strength_outside_its_range_is_refused(strength: float) -> None:
    with pytest.raises(InputRejected) as caught:
        TURBO_4.first_step(strength)
    assert caught.value.code == "generate.bad_strength"


@pytest.mark.parametrize("steps", [0, -1])
def test_no_steps_are_refused(steps: int) -> None:
    with pytest.raises(InputRejected) as caught:
        two_stream_schedule(SCHEDULER, steps, alpha=1.0, delta_t=0.1)
    assert caught.value.code == "generate.wrong_steps"


@pytest.mark.parametrize("alpha", [1.0, 0.3])
def test_training_meets_the_levels_that_sampling_passes(alpha: float) -> None:
    schedule = two_stream_schedule(SCHEDULER, 11, alpha=alpha, delta_t=0.1)
    levels = training_levels(torch.linspace(0.0, 1.0, 12), alpha=alpha, delta_t=0.1)
    assert torch.allclose(levels.sigmas, schedule.sigmas, atol=2e-3)


def test_a_stream_that_waits_or_is_done_does_not_count() -> None:
    counts = training_levels(torch.linspace(0.0, 1.0, 12), alpha=1.0, delta_t=0.1).counts
    assert counts[:, TEXTURE].tolist() == [0.0] + [1.0] * 11
    assert counts[:, SEMANTIC].tolist() == [1.0] * 11 + [0.0]
