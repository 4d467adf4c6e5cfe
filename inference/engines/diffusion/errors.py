"""What this engine refuses, in one place, so that every refusal carries a stable code and the next step."""

from __future__ import annotations

from inference.errors import EngineUnavailable


def incompatible(message: str) -> EngineUnavailable:
    """The folder holds something, but not a checkpoint that this engine can run exactly."""
    return EngineUnavailable("generate.checkpoint_incompatible", message)


def missing(path: str, next_step: str) -> EngineUnavailable:
    """Weights, or a part of them, are not on this machine."""
    return EngineUnavailable("generate.weights_missing", f"{path} is missing; {next_step}")
