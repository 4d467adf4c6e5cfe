"""Nothing in the loop waits for the host: no step copies to the device, or asks it for a value.

The networks lie on the meta device, which stands for an accelerator: what is computed there has shapes and no values,
so asking for one is an error, and every tensor on the processor that a step touches is a copy that a GPU waits for.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest
import torch
from torch import Tensor
from torch.overrides import TorchFunctionMode
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils._pytree import tree_leaves

from inference.engines.diffusion.codec import TextureCodec
from inference.engines.diffusion.job import Guidance, Job, LayoutMask
from inference.engines.diffusion.noise import seeded_noise
from inference.engines.diffusion.palette import PalettePull, PaletteSteer, palette_oklab
from inference.engines.diffusion.reference import Reference
from inference.engines.diffusion.sampler import sample
from inference.engines.flux2_klein.engine import KleinVelocity
from inference.engines.sefi.pipeline import SeFiPipeline
from inference.engines.sefi.velocity import SeFiVelocity
from tests.checkpoints.klein import tiny_klein_transformer
from tests.checkpoints.sefi import tiny_transformer, tiny_vae

ROWS, COLUMNS, SEMANTIC, CHANNELS, LENGTH = 4, 3, 4, 20, 24
ACCELERATOR = "meta"


FROM_NUMBERS = {torch.tensor, torch.as_tensor, torch.asarray, torch.Tensor.new_tensor}


class FromNumbers(TorchFunctionMode):
    """Hears of numbers of the host that become tensors on the device at once: those calls are not dispatched."""

    def __init__(self, hear: Callable[[Any], None]) -> None:
        super().__init__()
        self._hear = hear

    def __torch_function__(self, call: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        if call in FROM_NUMBERS:
            self._hear(call)
        return call(*args, **(kwargs or {}))


class Touches(TorchDispatchMode):
    """What is computed with tensors of the host while it ``listens``."""

    def __init__(self) -> None:
        super().__init__()
        self.listens, self.heard = False, list[str]()

    def __torch_dispatch__(self, call: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        result = call(*args, **(kwargs or {}))
        touched = [one for one in tree_leaves((args, kwargs, result)) if isinstance(one, Tensor)]
        if any(one.device.type == "cpu" for one in touched):
            self.hear(call)
        return result

    def hear(self, call: Any) -> None:
        if self.listens:
            self.heard.append(str(call))

    def before_step(self, done: int, total: int) -> None:
        """See ``job.BeforeStep``."""
        self.listens = done < total


@pytest.fixture
def touches() -> Iterator[Touches]:
    with Touches() as touches, FromNumbers(touches.hear):
        yield touches


def job_with_everything(first: int, channels: int, width: int) -> Job:
    """Three items, of which one enters late: guidance, a layout each, a picture with held parts, a style."""
    keep = torch.zeros(3, 2, ROWS, COLUMNS)
    keep[:, :, 1:3] = 1.0
    length = LENGTH + ROWS * COLUMNS
    return Job(
        noise=seeded_noise([1, 2, 3], channels, ROWS, COLUMNS),
        embeds=torch.zeros(3, LENGTH, width),
        semantic_channels=first,
        first_steps=(0, 2, 0),
        reference=Reference(
            seeded_noise([4, 5, 6], channels, ROWS, COLUMNS),
            keep,
            [(4, 2), (2.5, 1), (0, 0)],
            torch.ones(3, ROWS, COLUMNS),
            (2.0, 0.0, 1.0),
        ),
        guidance=Guidance(4.0, torch.zeros(1, LENGTH, width)),
        layout=LayoutMask(torch.ones(3, 1, length, length, dtype=torch.bool), 2),
    )


def steer_with_everything(turbo: SeFiPipeline, first: int) -> PaletteSteer:
    """Palettes of different lengths, and an item without one."""
    free = torch.ones(ROWS, COLUMNS)
    pulls = [
        PalettePull(palette_oklab(["#1b4d3e", "#f4e9d8"]), 0.2, free),
        PalettePull(palette_oklab(["#1b4d3e"]), 0.1, free),
        None,
    ]
    codec = TextureCodec(tiny_vae().to(ACCELERATOR))
    return PaletteSteer(codec, turbo.schedule(4), first, pulls, device=ACCELERATOR)


def test_a_step_with_guidance_layout_references_and_palettes_touches_nothing_of_the_host(
    turbo: SeFiPipeline, touches: Touches
) -> None:
    velocity = SeFiVelocity(tiny_transformer().to(ACCELERATOR))
    job, steer = job_with_everything(SEMANTIC, CHANNELS, 96), steer_with_everything(turbo, SEMANTIC)
    drawn = sample(velocity, turbo.schedule(4), job, before_step=touches.before_step, steer=steer)
    assert (drawn.device.type, drawn.shape) == (ACCELERATOR, (3, CHANNELS, ROWS, COLUMNS))
    assert touches.heard == []


def test_a_step_of_klein_that_is_shown_two_pictures_touches_nothing_of_the_host(
    turbo: SeFiPipeline, touches: Touches
) -> None:
    shown = torch.zeros(3, 2, 16, ROWS, COLUMNS)
    velocity = KleinVelocity(tiny_klein_transformer().to(ACCELERATOR), shown)
    job, steer = job_with_everything(0, 16, 96), steer_with_everything(turbo, 0)
    drawn = sample(velocity, turbo.schedule(4), job, before_step=touches.before_step, steer=steer)
    assert drawn.device.type == ACCELERATOR
    assert touches.heard == []


@pytest.mark.parametrize(
    "careless",
    [
        lambda view: view.velocity + torch.tensor([0.1]).to(view.velocity.device),
        lambda view: view.velocity * view.velocity.new_tensor((1.0,)),
        lambda view: view.velocity * torch.tensor(1.0),
        lambda view: view.velocity[torch.tensor([0])],
    ],
    ids=["copied", "made there", "a number as a tensor", "chosen by the host"],
)
def test_a_careless_step_is_noticed(turbo: SeFiPipeline, touches: Touches, careless: Any) -> None:
    velocity = SeFiVelocity(tiny_transformer().to(ACCELERATOR))
    job = Job(seeded_noise([1], CHANNELS, ROWS, COLUMNS), torch.zeros(1, LENGTH, 96), SEMANTIC)
    sample(velocity, turbo.schedule(4), job, before_step=touches.before_step, steer=careless)
    assert touches.heard


def test_a_step_that_asks_for_a_value_fails(turbo: SeFiPipeline) -> None:
    velocity = SeFiVelocity(tiny_transformer().to(ACCELERATOR))
    job = Job(seeded_noise([1], CHANNELS, ROWS, COLUMNS), torch.zeros(1, LENGTH, 96), SEMANTIC)
    for ask in (lambda view: view.velocity * float(view.sigma.max()), lambda view: view.velocity[view.velocity > 0]):
        with pytest.raises(RuntimeError):
            sample(velocity, turbo.schedule(4), job, steer=ask)
