"""Everything that a form names, in one graph without boxes: what was chosen, what was drawn, what free words say.

What was chosen wins over what was written: a form with a surface, light, lens or copy space keeps them.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

from inference.scene.choices import scene_choice
from inference.scene.form import PRODUCT, Fractions, SceneForm
from inference.scene.graph import (
    MAX_OBJECTS,
    MAX_RELATIONS,
    Relation,
    SceneCamera,
    SceneGraph,
    SceneLight,
    SceneObject,
)
from inference.scene.parsing import ParsedPrompt
from inference.scene.solver import Extent

SURFACE = "surface"


@dataclass(frozen=True)
class Gathered:
    """What is in a scene.

    Attributes:
        graph: without boxes.
        extents: by id, in heights of the product.
        ground: ids of what things stand on.
        copy_space: the side that stays free.
        named: labels of objects that the free words do not name already: the prompt has to.
    """

    graph: SceneGraph
    extents: Mapping[str, Extent]
    ground: frozenset[str]
    copy_space: str
    named: tuple[str, ...]


@dataclass
class _Collected:
    objects: list[SceneObject]
    relations: list[Relation] = field(default_factory=list)
    extents: dict[str, Extent] = field(default_factory=dict)

    def has(self, label: str) -> SceneObject | None:
        """The object that is called so, or is meant by one word of its name: "the books" of a "stack of books"."""
        wanted = label.lower()
        exact = (one for one in self.objects if one.label.lower() == wanted)
        short = (one for one in self.objects if one.source != PRODUCT and wanted in one.label.lower().split())
        return next(exact, None) or next(short, None)


def gathered(form: SceneForm, label: str, said: ParsedPrompt) -> Gathered:
    """Put a form and what was understood of its free words together."""
    collected = _Collected([SceneObject(PRODUCT, label, source="product")])
    _chosen(form, collected)
    ids = _said(form, said, collected)
    _only_drawn(form, collected)
    named = tuple(one.label for one in collected.objects if one.source != PRODUCT and one.id not in ids.values())
    graph = SceneGraph(
        tuple(collected.objects[:MAX_OBJECTS]),
        _known(collected.relations, collected.objects[:MAX_OBJECTS]),
        _camera(form, said.graph.camera),
        _light(form, said.graph.light),
        form.palette,
    )
    ground = frozenset({SURFACE}) if form.surface else frozenset(ids[one] for one in said.ground if one in ids)
    copy_space = said.copy_space if form.copy_space == "none" else form.copy_space
    return Gathered(graph, collected.extents, ground, copy_space, named)


def last_box(form: SceneForm, names: Sequence[str]) -> Fractions | None:
    """The box that was drawn last for something of these names."""
    wanted = {name.lower() for name in names}
    return next((drawn.box for drawn in reversed(form.boxes) if drawn.object.lower() in wanted), None)


def drawn_box(form: SceneForm, one: SceneObject) -> Fractions | None:
    """The box that was drawn for an object, by its id or its words."""
    return last_box(form, (one.id, one.label))


def _chosen(form: SceneForm, collected: _Collected) -> None:
    surface = scene_choice("surface", form.surface)
    if surface is not None:
        collected.objects.append(SceneObject(SURFACE, surface.words))
        collected.relations.append(Relation(PRODUCT, "on", SURFACE))
    for name in form.props:
        prop = scene_choice("props", name)
        assert prop is not None
        thing = SceneObject(name, prop.words)
        collected.objects.append(thing)
        collected.extents[name] = Extent(float(prop.extra["size"]))
        # A drawn box says where it is; the usual place is not a wish then.
        if drawn_box(form, thing) is None:
            collected.relations.append(Relation(name, prop.extra["relation"], PRODUCT))


def _said(form: SceneForm, said: ParsedPrompt, collected: _Collected) -> dict[str, str]:
    """Add what free words name; returns ids of the words' graph that got a place, and their ids here."""
    ids = {PRODUCT: PRODUCT}
    for one in said.graph.objects:
        known = collected.has(one.label)
        if one.source == PRODUCT or (form.surface and one.id in said.ground):
            ids.setdefault(one.id, SURFACE)
        elif known is not None:
            ids[one.id] = known.id
        else:
            ids[one.id] = one.id
            collected.objects.append(one)
            collected.extents[one.id] = said.extents.get(one.id, Extent())
    for relation in said.graph.relations:
        moved = Relation(ids[relation.subject], relation.relation, ids[relation.object])
        taken = {(known.subject, known.object) for known in collected.relations}
        if moved.subject != moved.object and (moved.subject, moved.object) not in taken:
            collected.relations.append(moved)
    own = {one.id for one in said.graph.objects}
    return {theirs: ours for theirs, ours in ids.items() if ours in own and ours != PRODUCT}


def _only_drawn(form: SceneForm, collected: _Collected) -> None:
    """Boxes for words that nothing else names."""
    known = {name for one in collected.objects for name in (one.id, one.label.lower())}
    for number, drawn in enumerate(form.boxes):
        if drawn.object.lower() not in known:
            collected.objects.append(SceneObject(f"drawn-{number}", drawn.object))
            known.add(drawn.object.lower())


def _known(relations: Sequence[Relation], objects: Sequence[SceneObject]) -> tuple[Relation, ...]:
    ids = {one.id for one in objects}
    kept = (relation for relation in relations if {relation.subject, relation.object} <= ids)
    return tuple(kept)[:MAX_RELATIONS]


def _camera(form: SceneForm, said: SceneCamera) -> SceneCamera:
    lens = scene_choice("lens", form.lens)
    if lens is None:
        return replace(said, words="")
    return SceneCamera(lens.extra["view"], int(lens.extra["focal_mm"]), lens.words)


def _light(form: SceneForm, said: SceneLight) -> SceneLight:
    light = scene_choice("light", form.light)
    if light is None:
        return replace(said, words="")
    return SceneLight(light.extra["from"], float(light.extra["softness"]), light.words)
