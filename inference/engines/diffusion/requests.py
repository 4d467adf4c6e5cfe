"""Refuses, before any work, what a model can not do."""

from __future__ import annotations

from collections.abc import Iterator

from inference.adapters import is_adapter_name
from inference.engines.diffusion.noise import MAX_SEED
from inference.errors import InputRejected
from inference.generation import GenerateItem, GenerateRequest, LayoutObject, ReferencePicture
from inference.models import ModelCard
from inference.ops.colour import hex_to_rgb

MAX_PROMPT_CHARACTERS = 4000
MAX_COLOURS = 12
MAX_ADAPTERS = 4
MAX_ADAPTER_WEIGHT = 2.0
_ROUNDING = 1e-6
_USUAL = "a mug"


def check(card: ModelCard, request: GenerateRequest) -> tuple[int, float]:
    """The steps and the guidance of ``request``, with the model's defaults where it names none.

    Raises:
        InputRejected: with a code of ``generate.*`` and what to change.
    """
    if not request.items:
        raise InputRejected("generate.nothing_asked", "a request has at least one item")
    _check_size(card, request.width, request.height)
    steps = card.default_steps if request.steps is None else request.steps
    guidance = card.default_guidance if request.guidance is None else request.guidance
    _check_steps(card, steps)
    _check_guidance(card, guidance)
    if not 0.0 <= request.layout_share <= 1.0:
        raise InputRejected("generate.bad_layout", f"layout_share lies between 0 and 1, not {request.layout_share:g}")
    _check_adapters(card, request)
    for item in request.items:
        if not item.prompt.strip() or len(item.prompt) > MAX_PROMPT_CHARACTERS:
            raise InputRejected(
                "generate.bad_prompt", f"a prompt has 1 to {MAX_PROMPT_CHARACTERS} characters, not {len(item.prompt)}"
            )
        if not 0 <= item.seed <= MAX_SEED:
            raise InputRejected("generate.bad_seed", f"a seed lies between 0 and 2^63 - 1, not {item.seed}")
        _check_palette(card, item)
        _check_layout(card, item)
        _check_style(card, item, request)
        if item.reference is not None:
            _check_reference(item.reference, request)
        elif card.kind == "edit":
            raise InputRejected("generate.no_picture", f"{card.title} changes a picture; give one with the instruction")
    return steps, guidance


def usual(card: ModelCard) -> Iterator[GenerateRequest]:
    """A picture of every size that is asked for day by day, plain and, where the model can, with a layout.

    With as few steps as there may be, because what is compiled does not depend on their number; once two at a time, so
    that the compiler sees that number vary.
    """
    steps = min(card.steps, default=1)
    layouts: list[tuple[LayoutObject, ...]] = [()]
    if "layout" in card.can:
        layouts.append((LayoutObject(_USUAL, (0.0, 0.0, 0.5, 0.5)),))
    for layout in layouts:
        item = GenerateItem(_USUAL, 0, layout=layout)
        for items, size in (((item, item), card.sizes[0]), *(((item,), size) for size in card.sizes)):
            yield GenerateRequest(items, *size, steps=steps, layout_share=1.0)


def _check_adapters(card: ModelCard, request: GenerateRequest) -> None:
    if request.adapters and "adapters" not in card.can:
        raise InputRejected("generate.adapter_not_possible", f"{card.title} takes no adapters; choose another model")
    names = [name for name, _ in request.adapters]
    if len(set(names)) < len(names) or len(names) > MAX_ADAPTERS or not all(map(is_adapter_name, names)):
        raise InputRejected(
            "generate.bad_adapter",
            f"a request has up to {MAX_ADAPTERS} adapters, each once, not {names}",
            most=MAX_ADAPTERS,
        )
    if not all(0.0 < weight <= MAX_ADAPTER_WEIGHT for _, weight in request.adapters):
        raise InputRejected(
            "generate.bad_adapter",
            f"an adapter weighs more than 0 and up to {MAX_ADAPTER_WEIGHT:g}, not {dict(request.adapters)}",
            most=MAX_ADAPTERS,
        )


def _check_size(card: ModelCard, width: int, height: int) -> None:
    multiple, low, high = card.multiple_px, card.min_px, card.max_px
    if all(side % multiple == 0 and low <= side <= high for side in (width, height)):
        return
    raise InputRejected(
        "generate.wrong_size",
        f"{card.title} draws sides of {low} to {high} pixels that are multiples of {multiple}, not {width} x {height}",
        width=width,
        height=height,
        multiple=multiple,
        smallest=low,
        largest=high,
    )


def _check_steps(card: ModelCard, steps: int) -> None:
    if steps in card.steps or (not card.steps and steps >= 1):
        return
    known = ", ".join(str(number) for number in card.steps) or "1 or more"
    raise InputRejected(
        "generate.wrong_steps", f"{card.title} takes {known} steps, not {steps}", steps=steps, known=known
    )


def _check_guidance(card: ModelCard, guidance: float) -> None:
    low, high = card.guidance
    if low <= guidance <= high:
        return
    known = f"{low:g}" if low == high else f"{low:g} to {high:g}"
    raise InputRejected(
        "generate.wrong_guidance",
        f"{card.title} takes guidance {known}, not {guidance:g}",
        guidance=guidance,
        known=known,
    )


def _check_palette(card: ModelCard, item: GenerateItem) -> None:
    if not item.palette:
        return
    if "palette" not in card.can:
        raise InputRejected("generate.palette_not_possible", f"{card.title} can not be pulled towards a palette")
    if len(item.palette) > MAX_COLOURS or not 0.0 <= item.pull <= 1.0:
        raise InputRejected(
            "generate.bad_palette", f"a palette has up to {MAX_COLOURS} colours and pulls by 0 to 1, not {item.pull:g}"
        )
    for code in item.palette:
        hex_to_rgb(code)


def _check_layout(card: ModelCard, item: GenerateItem) -> None:
    if item.layout and "layout" not in card.can:
        raise InputRejected("generate.layout_not_possible", f"{card.title} can not be told where things are")
    for one in item.layout:
        left, top, width, height = one.box
        inside = left >= 0.0 and top >= 0.0 and left + width <= 1.0 + _ROUNDING and top + height <= 1.0 + _ROUNDING
        if not inside or width <= 0.0 or height <= 0.0 or not one.phrase.strip():
            raise InputRejected(
                "generate.bad_layout",
                f"the box of {one.phrase!r} must lie in the picture, which is 0 to 1 on each side",
            )


def _check_style(card: ModelCard, item: GenerateItem, request: GenerateRequest) -> None:
    if item.style is None:
        return
    if "style" not in card.can:
        raise InputRejected("generate.style_not_possible", f"{card.title} can not follow the style of a picture")
    if item.style.rgb.shape[:2] != (request.height, request.width):
        raise InputRejected(
            "generate.picture_size", f"pictures and masks must be {request.width} x {request.height} like the request"
        )
    if not 0.0 <= item.style.strength <= 1.0:
        raise InputRejected(
            "generate.bad_strength", f"a style's strength lies between 0 and 1, not {item.style.strength:g}"
        )


def _check_reference(reference: ReferencePicture, request: GenerateRequest) -> None:
    expected = (request.height, request.width)
    shapes: Iterator[tuple[int, ...]] = (
        picture.shape[:2] for picture in (reference.rgb, reference.keep) if picture is not None
    )
    if any(shape != expected for shape in shapes):
        raise InputRejected(
            "generate.picture_size", f"pictures and masks must be {request.width} x {request.height} like the request"
        )
    for name in ("strength", "hold_texture", "hold_semantics"):
        value = getattr(reference, name)
        if not 0.0 <= value <= 1.0:
            raise InputRejected("generate.bad_strength", f"{name} lies between 0 and 1, not {value:g}")
