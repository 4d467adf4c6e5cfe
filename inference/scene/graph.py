"""A scene as data: objects with boxes, what lies where in relation to what, camera, light, palette.

``scene-graph.schema.json`` is the published schema (JSON Schema 2020-12) of what ``to_json`` writes. ``from_json``
checks that, and what a schema can not say: ids are unique, relations name objects that are there, there is one product
at most.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from importlib.resources import files
from typing import Any, Literal, NoReturn, get_args

from inference.errors import InputRejected
from inference.scene.choices import LightFrom, View
from inference.scene.form import PRODUCT, Fractions, check_box

VERSION = 1
MAX_OBJECTS, MAX_RELATIONS, MAX_ATTRIBUTES = 16, 48, 8
MAX_LABEL, MAX_ATTRIBUTE, MAX_LIGHT = 80, 40, 120
MAX_Z = 99

Source = Literal["product", "generated"]
RelationName = Literal["on", "left of", "right of", "behind", "in front of", "above", "beside", "near", "under"]
RELATIONS: tuple[RelationName, ...] = get_args(RelationName)
_ID = re.compile(r"[a-z][a-z0-9_-]{0,39}")
_HEX = re.compile(r"#[0-9a-f]{6}")


@dataclass(frozen=True)
class SceneObject:
    """One thing in the picture.

    Attributes:
        id: unique in the graph; small letters, digits, ``_`` and ``-``.
        label: its words, as they stand in the prompt.
        attributes: colours, materials and so on, as they stand in the prompt.
        box: left, top, width, height in fractions of the picture; None = not decided yet.
        z: what is nearer has more.
        source: ``product`` = pasted from a photo, ``generated`` = drawn by the model.
        drawn: whether a person drew the box; then nothing moves it.
    """

    id: str
    label: str
    attributes: tuple[str, ...] = ()
    box: Fractions | None = None
    z: int = 0
    source: Source = "generated"
    drawn: bool = False


@dataclass(frozen=True)
class Relation:
    """``subject`` is ``relation`` ``object``: ("cup", "left of", "product")."""

    subject: str
    relation: RelationName
    object: str


@dataclass(frozen=True)
class SceneCamera:
    """How it is seen. ``focal_mm`` for a 36 mm wide sensor; ``words`` as they stand in the prompt."""

    view: View = "eye_level"
    focal_mm: int = 50
    words: str = ""


@dataclass(frozen=True)
class SceneLight:
    """Where it comes from, how soft it is (0 = a point, 1 = all around), ``words`` as they stand in the prompt."""

    comes_from: LightFrom = "all"
    softness: float = 0.7
    words: str = ""


@dataclass(frozen=True)
class SceneGraph:
    """See the module."""

    objects: tuple[SceneObject, ...] = ()
    relations: tuple[Relation, ...] = ()
    camera: SceneCamera = SceneCamera()
    light: SceneLight = SceneLight()
    palette: tuple[str, ...] = ()

    @property
    def product(self) -> SceneObject | None:
        """The product, if there is one."""
        return next((one for one in self.objects if one.source == PRODUCT), None)

    def find(self, identifier: str) -> SceneObject | None:
        """The object with this id."""
        return next((one for one in self.objects if one.id == identifier), None)

    def checked(self) -> SceneGraph:
        """This graph.

        Raises:
            InputRejected: ``scene.bad_graph`` (the message says what is wrong), ``scene.too_many``, ``scene.bad_box``.
        """
        _check_size("objects", len(self.objects), MAX_OBJECTS)
        _check_size("relations", len(self.relations), MAX_RELATIONS)
        ids = [one.id for one in self.objects]
        if len(set(ids)) < len(ids):
            _wrong("two objects have the same id")
        if sum(one.source == PRODUCT for one in self.objects) > 1:
            _wrong("a scene has one product")
        for one in self.objects:
            if one.box is not None:
                check_box(one.box, one.label)
        for relation in self.relations:
            if relation.subject not in ids or relation.object not in ids:
                _wrong(f"a relation names {relation.subject!r} and {relation.object!r}; both must be objects")
            if relation.subject == relation.object:
                _wrong(f"{relation.subject!r} can not be {relation.relation} itself")
        return self

    def to_json(self) -> dict[str, Any]:
        """Plain JSON values that fit the published schema."""
        return {
            "version": VERSION,
            "objects": [_object_json(one) for one in self.objects],
            "relations": [dict(relation.__dict__) for relation in self.relations],
            "camera": dict(self.camera.__dict__),
            "light": {"from": self.light.comes_from, "softness": self.light.softness, "words": self.light.words},
            "palette": list(self.palette),
        }

    @classmethod
    def from_json(cls, raw: Any) -> SceneGraph:
        """Read and check what ``to_json`` wrote, or what a language model answered.

        Raises:
            InputRejected: as ``checked``; every key and type is looked at, unknown keys are refused.
        """
        keys = {"version", "objects", "relations", "camera", "light", "palette"}
        entry = _mapping(raw, "a scene graph", keys, required=keys)
        if entry["version"] != VERSION:
            _wrong(f"this is version {VERSION} of scene graphs, not {entry['version']!r}")
        objects = _list(entry["objects"], "objects", MAX_OBJECTS)
        relations = _list(entry["relations"], "relations", MAX_RELATIONS)
        colours = _list(entry["palette"], "palette", 12)
        if not all(isinstance(colour, str) and _HEX.fullmatch(colour) for colour in colours):
            _wrong("palette holds colours as #rrggbb in small letters")
        return cls(
            objects=tuple(_read_object(one) for one in objects),
            relations=tuple(_read_relation(one) for one in relations),
            camera=_read_camera(entry["camera"]),
            light=_read_light(entry["light"]),
            palette=tuple(colours),
        ).checked()


@lru_cache(maxsize=1)
def schema() -> dict[str, Any]:
    """The published JSON Schema of a scene graph."""
    found: dict[str, Any] = json.loads((files("inference.scene") / "scene-graph.schema.json").read_text("utf-8"))
    return found


def _object_json(one: SceneObject) -> dict[str, Any]:
    raw = {**one.__dict__, "attributes": list(one.attributes), "box": None if one.box is None else list(one.box)}
    return {key: value for key, value in raw.items() if (key, value) != ("drawn", False)}


def _read_object(raw: Any) -> SceneObject:
    required = {"id", "label", "attributes", "box", "z", "source"}
    entry = _mapping(raw, "an object", required | {"drawn"}, required=required)
    if not isinstance(entry["id"], str) or not _ID.fullmatch(entry["id"]):
        _wrong("an object's id starts with a small letter and has up to 40 letters, digits, _ and -")
    attributes = _list(entry["attributes"], "attributes", MAX_ATTRIBUTES)
    if entry["source"] not in get_args(Source):
        _wrong(f"an object's source is product or generated, not {entry['source']!r}")
    if not _is_int(entry["z"]) or not 0 <= entry["z"] <= MAX_Z:
        _wrong(f"an object's z is a whole number from 0 to {MAX_Z}")
    if not isinstance(entry.get("drawn", False), bool):
        _wrong("drawn is true or false")
    return SceneObject(
        id=entry["id"],
        label=_words(entry["label"], "a label", MAX_LABEL),
        attributes=tuple(_words(one, "an attribute", MAX_ATTRIBUTE) for one in attributes),
        box=None if entry["box"] is None else _read_box(entry["box"]),
        z=entry["z"],
        source=entry["source"],
        drawn=entry.get("drawn", False),
    )


def _read_box(raw: Any) -> Fractions:
    numbers = _list(raw, "a box", 4)
    if len(numbers) != 4 or not all(_is_number(value) for value in numbers):
        _wrong("a box is four numbers: left, top, width, height")
    left, top, width, height = (float(value) for value in numbers)
    return left, top, width, height


def _read_relation(raw: Any) -> Relation:
    keys = {"subject", "relation", "object"}
    entry = _mapping(raw, "a relation", keys, required=keys)
    if entry["relation"] not in RELATIONS:
        _wrong(f"a relation is one of {', '.join(RELATIONS)}, not {entry['relation']!r}")
    if not isinstance(entry["subject"], str) or not isinstance(entry["object"], str):
        _wrong("a relation names two ids")
    return Relation(entry["subject"], entry["relation"], entry["object"])


def _read_camera(raw: Any) -> SceneCamera:
    keys = {"view", "focal_mm", "words"}
    entry = _mapping(raw, "a camera", keys, required=keys)
    if entry["view"] not in get_args(View):
        _wrong(f"a view is one of {', '.join(get_args(View))}, not {entry['view']!r}")
    if not _is_int(entry["focal_mm"]) or not 8 <= entry["focal_mm"] <= 400:
        _wrong("focal_mm is a whole number from 8 to 400")
    return SceneCamera(entry["view"], entry["focal_mm"], _words(entry["words"], "words", MAX_LIGHT, optional=True))


def _read_light(raw: Any) -> SceneLight:
    keys = {"from", "softness", "words"}
    entry = _mapping(raw, "a light", keys, required=keys)
    if entry["from"] not in get_args(LightFrom):
        _wrong(f"light comes from one of {', '.join(get_args(LightFrom))}, not {entry['from']!r}")
    if not _is_number(entry["softness"]) or not 0 <= entry["softness"] <= 1:
        _wrong("softness is a number from 0 to 1")
    words = _words(entry["words"], "words", MAX_LIGHT, optional=True)
    return SceneLight(entry["from"], float(entry["softness"]), words)


def _mapping(raw: Any, what: str, known: set[str], *, required: set[str]) -> Mapping[str, Any]:
    if not isinstance(raw, Mapping):
        _wrong(f"{what} is an object")
    if unknown := sorted(str(key) for key in set(raw) - known):
        _wrong(f"{what} has no {unknown[0]!r}")
    if absent := sorted(required - set(raw)):
        _wrong(f"{what} needs {absent[0]!r}")
    return raw


def _list(raw: Any, what: str, most: int) -> list[Any]:
    if not isinstance(raw, list):
        _wrong(f"{what} is a list")
    _check_size(what, len(raw), most)
    return raw


def _check_size(what: str, size: int, most: int) -> None:
    if size > most:
        raise InputRejected("scene.too_many", f"a scene has at most {most} {what}", field=what, most=most)


def _words(raw: Any, what: str, most: int, *, optional: bool = False) -> str:
    if not isinstance(raw, str) or len(raw) > most or not (optional or raw.strip()):
        _wrong(f"{what} is text of 1 to {most} characters")
    return raw


def _is_int(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _wrong(message: str) -> NoReturn:
    raise InputRejected("scene.bad_graph", message)
