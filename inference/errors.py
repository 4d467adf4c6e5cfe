"""Everything that this library raises on purpose.

    InferenceError
    ├── InputRejected        the picture or a parameter can not be used; trying again will not help
    ├── EngineUnavailable    the engine's weights, library or licence acceptance is missing here
    ├── EngineFailed         the engine broke; the same request may succeed later
    └── Cancelled            the caller asked to stop; raised by progress callbacks, never swallowed

Every error carries a stable ``code`` (mapped to one human sentence by the application) and says whether to try again.
"""

from __future__ import annotations


class InferenceError(Exception):
    """Base class.

    Args:
        code: stable machine name, for example ``"cutout.empty_mask"``.
        message: one English sentence for logs and the command line.
        params: values that a translated sentence may show.
    """

    retryable: bool = False

    def __init__(self, code: str, message: str, **params: str | int | float) -> None:
        super().__init__(message)
        self.code = code
        self.message = message
        self.params = params


class InputRejected(InferenceError):
    """The input can not be used. The message says what to change."""


class EngineUnavailable(InferenceError):
    """The engine can not run on this machine. The message says what is missing."""


class EngineFailed(InferenceError):
    """The engine broke while it worked."""

    retryable = True


class Cancelled(InferenceError):
    """The caller no longer wants the result."""

    def __init__(self, message: str = "the work was cancelled") -> None:
        super().__init__("cancelled", message)
