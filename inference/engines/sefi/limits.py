"""What a SeFi checkpoint can not do, said before any work."""

from __future__ import annotations

from inference.errors import InputRejected

TURBO_STEPS = (4, 8, 10)


def check_size(width: int, height: int, multiple: int) -> None:
    """Raises InputRejected where a side is not a positive multiple of ``multiple`` pixels."""
    if width < multiple or height < multiple or width % multiple or height % multiple:
        raise InputRejected(
            "generate.wrong_size",
            f"width and height must be multiples of {multiple} pixels, not {width} x {height}",
            multiple=multiple,
            width=width,
            height=height,
        )


def check_steps(steps: int, guidance: float, *, is_turbo: bool) -> None:
    """Raises InputRejected for steps or guidance that a checkpoint was not distilled for."""
    if is_turbo and steps not in TURBO_STEPS:
        known = ", ".join(str(number) for number in TURBO_STEPS)
        raise InputRejected("generate.wrong_steps", f"a Turbo model takes {known} steps, not {steps}", steps=steps)
    if is_turbo and guidance != 1.0:
        raise InputRejected(
            "generate.wrong_guidance", f"a Turbo model takes guidance 1.0 only, not {guidance}", guidance=guidance
        )
    if steps < 1:
        raise InputRejected("generate.wrong_steps", f"sampling takes at least 1 step, not {steps}", steps=steps)
