"""A scene form becomes a prompt, a scene graph with boxes, and the layout that a model is told.

The prompt is English whatever language the form was shown in, and says things in the order in which they matter: the
product and where it stands, what is around it, light, lens, mood, colours, room for text, then the person's own words.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from inference.errors import InputRejected
from inference.generation import LayoutObject
from inference.scene.choices import SceneChoice, scene_choice
from inference.scene.colour_words import colour_words
from inference.scene.form import MAX_LABEL, PRODUCT, Fractions, SceneForm
from inference.scene.graph import (
    Relation,
    RelationName,
    SceneCamera,
    SceneGraph,
    SceneLight,
    SceneObject,
)
from inference.scene.solver import Extent, Violation, Wishes, arrange

SURFACE = "surface"
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
        violations: wishes that could not be met.
    """

    prompt: str
    graph: SceneGraph
    layout: tuple[LayoutObject, ...]
    violations: tuple[Violation, ...] = ()


def compile_scene(
    form: SceneForm,
    product_label: str,
    *,
    aspect: float = 1.0,
    product_aspect: float = 1.0,
    name_colours: bool = True,
    strict: bool = False,
) -> CompiledScene:
    """Turn a form into words and places.

    Args:
        product_label: what the product is called in a prompt ("a glass perfume bottle").
        aspect: width / height of the picture.
        product_aspect: width / height of the product as it was photographed.
        name_colours: put the palette into words, too.
        strict: refuse wishes that can not be met, instead of reporting them.

    Raises:
        InputRejected: as ``SceneForm.checked``; ``scene.bad_label``; with ``strict``, ``scene.cannot_be_arranged``.
    """
    form, label = form.checked(), _label(product_label)
    objects, relations, extents = _things(form, label)
    graph = SceneGraph(tuple(objects), tuple(relations), _camera(form), _light(form), form.palette)
    product = _product_box(form, graph.camera.view, aspect, product_aspect)
    fixed = tuple(_with_box(one, product if one.source == PRODUCT else _drawn(form, one.id)) for one in graph.objects)
    graph = SceneGraph(fixed, graph.relations, graph.camera, graph.light, graph.palette).checked()
    scaled = {name: Extent(extent.height * product[3], extent.shape) for name, extent in extents.items()}
    wishes = Wishes(
        aspect=aspect,
        extents=scaled,
        ground=frozenset({SURFACE} if form.surface else ()),
        ground_top=_ground_top(graph.camera.view, product),
        copy_space=form.copy_space,
    )
    arranged = arrange(graph, wishes, strict=strict)
    told = tuple(
        LayoutObject(one.label, one.box)
        for one in arranged.graph.objects
        if one.source == "generated" and one.box is not None
    )
    return CompiledScene(_prompt(form, label, arranged.graph, name_colours), arranged.graph, told, arranged.violations)


def _label(raw: str) -> str:
    label = " ".join(raw.split())
    if not 0 < len(label) <= MAX_LABEL:
        raise InputRejected("scene.bad_label", f"name the product in 1 to {MAX_LABEL} characters", most=MAX_LABEL)
    return label


def _things(form: SceneForm, label: str) -> tuple[list[SceneObject], list[Relation], dict[str, Extent]]:
    objects, relations = [SceneObject(PRODUCT, label, source="product")], []
    extents: dict[str, Extent] = {}
    surface = scene_choice("surface", form.surface)
    if surface is not None:
        objects.append(SceneObject(SURFACE, surface.words))
        relations.append(Relation(PRODUCT, "on", SURFACE))
    for name in form.props:
        prop = scene_choice("props", name)
        assert prop is not None
        objects.append(SceneObject(name, prop.words))
        relation: RelationName = prop.extra["relation"]
        if _drawn(form, name) is None:
            relations.append(Relation(name, relation, PRODUCT))
        extents[name] = Extent(float(prop.extra["size"]))
    for number, drawn in enumerate(form.boxes):
        if drawn.object not in (PRODUCT, SURFACE, *form.props):
            objects.append(SceneObject(f"drawn-{number}", drawn.object))
    return objects, relations, extents


def _with_box(one: SceneObject, box: Fractions | None) -> SceneObject:
    drawn = box is not None and one.source != PRODUCT
    return SceneObject(one.id, one.label, one.attributes, box, one.z, one.source, drawn)


def _drawn(form: SceneForm, identifier: str) -> Fractions | None:
    """The box that was drawn for an object; the last one counts."""
    found = None
    for number, drawn in enumerate(form.boxes):
        if identifier in (drawn.object, f"drawn-{number}"):
            found = drawn.box
    return found


def _product_box(form: SceneForm, view: str, aspect: float, product_aspect: float) -> Fractions:
    """Where the product goes: into the box that was drawn, standing on its lower edge, or where there is room."""
    drawn = _drawn(form, PRODUCT)
    middle, base, size = _BESIDE_COPY[form.copy_space]
    if drawn is not None:
        left, top, width, height = drawn
        middle, base = left + width / 2, top + height
    else:
        width, height = _PRODUCT_WIDTH * size, _PRODUCT_HEIGHT * size
        if form.copy_space in ("left", "right"):
            width = min(width, 0.56)
    height = min(height, width * aspect / product_aspect)
    width = height * product_aspect / aspect
    if view == "top_down" and drawn is None:
        base = min(0.98, (0.5 if form.copy_space in ("none", "left", "right") else base - height / 2) + height / 2)
    return round(middle - width / 2, 5), round(base - height, 5), round(width, 5), round(height, 5)


def _ground_top(view: str, product: Fractions) -> float:
    if view == "top_down":
        return 0.0
    return round(max(0.05, product[1] + product[3] - _GROUND_DEPTH[view]), 4)


def _camera(form: SceneForm) -> SceneCamera:
    lens = scene_choice("lens", form.lens)
    if lens is None:
        return SceneCamera()
    return SceneCamera(lens.extra["view"], int(lens.extra["focal_mm"]), lens.words)


def _light(form: SceneForm) -> SceneLight:
    light = scene_choice("light", form.light)
    if light is None:
        return SceneLight()
    return SceneLight(light.extra["from"], float(light.extra["softness"]), light.words)


def _prompt(form: SceneForm, label: str, graph: SceneGraph, name_colours: bool) -> str:
    setting, surface = scene_choice("setting", form.setting), scene_choice("surface", form.surface)
    place = [f"on {_article(surface.words)}" if surface else "", f"in {setting.words}" if setting else ""]
    around = [one.label for one in graph.objects if one.source == "generated" and one.id != SURFACE]
    first = " ".join(["Product photograph of", label, *(part for part in place if part)])
    if around:
        first += f", with {_listed([_article(words) for words in around])}"
    mood, season = scene_choice("mood", form.mood), scene_choice("season", form.season)
    feeling = [f"{mood.words} mood" if mood else "", f"{season.words} season" if season else ""]
    colours = colour_words(form.palette) if name_colours else ()
    copy = scene_choice("copy_space", form.copy_space)
    sentences = [
        first,
        graph.light.words,
        graph.camera.words,
        ", ".join(part for part in feeling if part),
        f"Colour palette of {_listed(colours)}" if colours else "",
        _words(copy),
        form.words,
    ]
    return ". ".join(_capital(sentence.rstrip(". ")) for sentence in sentences if sentence) + "."


def _words(choice: SceneChoice | None) -> str:
    return "" if choice is None else choice.words


def _article(words: str) -> str:
    """``words`` with an article where they are one countable thing."""
    last = words.split()[-1]
    if words.split()[0] in ("a", "an", "the", "two", "three", "fine", "fresh", "wet", "flowing", "mossy") or (
        last.endswith("s") and not last.endswith(("ss", "us"))
    ):
        return words
    return f"{'an' if words[0] in 'aeiou' else 'a'} {words}"


def _listed(parts: Sequence[str]) -> str:
    return parts[0] if len(parts) == 1 else f"{', '.join(parts[:-1])} and {parts[-1]}"


def _capital(sentence: str) -> str:
    return sentence[:1].upper() + sentence[1:]
