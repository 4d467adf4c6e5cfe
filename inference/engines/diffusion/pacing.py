"""Keeps the host close to the device, so that a cancelled batch does not go on for all the steps already queued."""

from __future__ import annotations

from typing import Any

import torch


class Pace:
    """On CUDA, lets the host queue at most one step ahead of the one that runs; elsewhere calls return when done.

    Waiting on an event of the step before does not drain the queue: the device always has the next step.
    """

    def __init__(self, device: torch.device) -> None:
        self._cuda = device.type == "cuda"
        self._device = device
        self._before: Any = None

    def step_was_queued(self) -> None:
        """Wait until the step before the one just queued is done."""
        if not self._cuda:
            return
        event = torch.cuda.Event()
        event.record(torch.cuda.current_stream(self._device))
        if self._before is not None:
            self._before.synchronize()
        self._before = event
