"""What the GPU worker of tests runs with: it notes every step that it draws, and stands still while a test wants that.

In the folder ``STEPS_FOLDER``: ``steps`` gets a line for every step as it begins (its number, and how many pictures are
in it), and while ``hold`` is there no step goes on.
"""

import os
import time
from pathlib import Path

from apps.config.settings.embedded import *  # noqa: F403
from inference.engines.diffusion import sampler

FOLDER = Path(os.environ["STEPS_FOLDER"])
LONGEST_HOLD_S = 240.0
_step = sampler._Run._step


def noted(run, step, rows, latents, steer):  # type: ignore[no-untyped-def]
    with (FOLDER / "steps").open("a", encoding="ascii") as log:
        log.write(f"{step} {len(latents)}\n")
    until = time.monotonic() + LONGEST_HOLD_S
    while (FOLDER / "hold").exists() and time.monotonic() < until:
        time.sleep(0.01)
    return _step(run, step, rows, latents, steer)


sampler._Run._step = noted
