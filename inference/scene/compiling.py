"""A scene form becomes a prompt, a scene graph with boxes, and the layout that a model is told.

The prompt is English whatever language the form was shown in, and says things in the order in which they matter: the
product and where it stands, what is around it, light, lens, mood, colours, room for text, then the person's own words.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from inference.errors import InputRejected
from inference.generation import LayoutObject
from inference.scene.form import MAX_LABEL, PRODUCT, Fractions, SceneForm
from inference.scene.gathering import drawn_box, gathered, last_box
from inference.scene.graph import SceneGraph, SceneObject
from inference.scene.planner import LanguageModel, read_words
from inference.scene.prompt import place_words, write_prompt
from inference.scene.solver import Extent, Violation, Wishes, arrange

# How much of a picture the product takes, and how far back the ground reaches behind its base line.
_PRODUCT_HEIGHT, _PRODUCT_WIDTH, _BASE = 0.56, 0.6, 0.82
_GROUND_DEPTH = {"eye_level": 0.12, "low": 0.06, "high": 0.26}
# Middle, base line and the part of the usual size, where room is left for text.
_BESIDE_COPY: dict[str, tuple[float, float, float]] = {
    "none": (0.5, _BASE, 1.0),
    "left": (0.68, _BASE, 0.92),
    "right": (0.32, _BASE, 0.92),
    "top": (0.5, 0.9, 0.92),
    "bottom": (0.5, 0.66, 0.9),
}


@dataclass(frozen=True)
class CompiledScene:
    """What a form means.

    Attributes:
        prompt: English words for the model; it contains the phrase of every object of ``layout``.
        graph: all objects with boxes; the product's is where it is to be pasted.
        layout: what the model is told about places; the product is not in it, because it is placed geometrically.
        copy_space: the side that stays free, as chosen or as the free words ask.
        violations: wishes that could not be met.
    """

    prompt: str
    graph: SceneGraph
    layout: tuple[LayoutObject, ...]
    copy_space: str = "none"
    violations: tuple[Violation, ...] = ()


def compile_scene(
    form: SceneForm,
    product_label: str,
    *,
    aspect: float = 1.0,
    product_aspect: float = 1.0,
    name_colours: bool = True,
    strict: bool = False,
    model: LanguageModel | None = None,
) -> CompiledScene:
    """Turn a form into words and places.

    Args:
        product_label: what the product is called in a prompt ("a glass perfume bottle").
        aspect: width / height of the picture.
        product_aspect: width / height of the product as it was photographed.
        name_colours: put the palette into words, too.
        strict: refuse wishes that can not be met, instead of reporting them.
        model: a language model that reads the free words; None = rules read them.

    Raises:
        InputRejected: as ``SceneForm.checked``; ``scene.bad_label``; with ``strict``, ``scene.cannot_be_arranged``.
    """
    form, label = form.checked(), _label(product_label)
    said = read_words(form.words, label, model=model)
    parts = gathered(form, label, said)
    view = parts.graph.camera.view
    product = _product_box(form, parts.copy_space, view, aspect, product_aspect)
    fixed = tuple(
        _with_box(one, product if one.source == PRODUCT else drawn_box(form, one)) for one in parts.graph.objects
    )
    wishes = Wishes(
        aspect=aspect,
        extents={name: Extent(extent.height * product[3], extent.shape) for name, extent in parts.extents.items()},
        ground=parts.ground,
        ground_top=_ground_top(view, product),
        copy_space=parts.copy_space,
    )
    arranged = arrange(replace(parts.graph, objects=fixed).checked(), wishes, strict=strict)
    told = tuple(
        LayoutObject(one.label, one.box)
        for one in arranged.graph.objects
        if one.source == "generated" and one.box is not None
    )
    # A person's box is told in words as well: models follow "on the left" where they do not follow a mask.
    places = {one.label: place_words(one.box) for one in arranged.graph.objects if one.drawn and one.box is not None}
    prompt = write_prompt(form, label, parts.named, name_colours=name_colours, places=places)
    return CompiledScene(prompt, arranged.graph, told, parts.copy_space, arranged.violations)


def _label(raw: str) -> str:
    label = " ".join(raw.split())
    if not 0 < len(label) <= MAX_LABEL:
        raise InputRejected("scene.bad_label", f"name the product in 1 to {MAX_LABEL} characters", most=MAX_LABEL)
    return label


def _with_box(one: SceneObject, box: Fractions | None) -> SceneObject:
    drawn = box is not None and one.source != PRODUCT
    return SceneObject(one.id, one.label, one.attributes, box, one.z, one.source, drawn)


def _product_box(form: SceneForm, copy_space: str, view: str, aspect: float, product_aspect: float) -> Fractions:
    """Where the product goes: into the box that was drawn, standing on its lower edge, or where there is room."""
    drawn = last_box(form, (PRODUCT,))
    middle, base, size = _BESIDE_COPY[copy_space]
    if drawn is not None:
        left, top, width, height = drawn
        middle, base = left + width / 2, top + height
    else:
        width, height = _PRODUCT_WIDTH * size, _PRODUCT_HEIGHT * size
        if copy_space in ("left", "right"):
            width = min(width, 0.56)
    height = min(height, width * aspect / product_aspect)
    width = height * product_aspect / aspect
    if view == "top_down" and drawn is None:
        base = min(0.98, (0.5 if copy_space in ("none", "left", "right") else base - height / 2) + height / 2)
    return round(middle - width / 2, 5), round(base - height, 5), round(width, 5), round(height, 5)


def _ground_top(view: str, product: Fractions) -> float:
    if view == "top_down":
        return 0.0
    return round(max(0.05, product[1] + product[3] - _GROUND_DEPTH[view]), 4)
