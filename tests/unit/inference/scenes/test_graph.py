"""The scene graph: the published schema and our own reader agree on what is one."""

from __future__ import annotations

import copy
import json
from typing import Any

import jsonschema
import pytest

from inference.errors import InputRejected
from inference.scene import (
    DrawnBox,
    Relation,
    SceneCamera,
    SceneForm,
    SceneGraph,
    SceneLight,
    SceneObject,
    compile_scene,
    schema,
)

GRAPH = SceneGraph(
    (
        SceneObject("product", "glass bottle", source="product", box=(0.4, 0.3, 0.2, 0.5), z=3),
        SceneObject("vase", "white vase", ("white", "tall"), (0.6, 0.2, 0.2, 0.5), 2, drawn=True),
        SceneObject("table", "oak table", ("oak",)),
    ),
    (Relation("product", "on", "table"), Relation("vase", "behind", "product")),
    SceneCamera("high", 70, "seen from slightly above"),
    SceneLight("left", 0.7, "soft window light"),
    ("#1b4d3e",),
)


def plain() -> Any:
    return json.loads(json.dumps(GRAPH.to_json()))


def test_a_graph_comes_back_from_its_json_and_fits_the_schema() -> None:
    jsonschema.Draft202012Validator.check_schema(schema())
    jsonschema.validate(plain(), schema())
    assert SceneGraph.from_json(plain()) == GRAPH


def test_a_form_with_many_things_compiles_to_a_valid_graph() -> None:
    form = SceneForm(
        surface="oak",
        props=("lemons", "eucalyptus", "candle", "books", "berries", "cup"),
        words="a copper pan to the left of the books",
        boxes=(DrawnBox("cup", (0.7, 0.6, 0.2, 0.2)),),
    )
    graph = compile_scene(form, "a glass bottle", product_aspect=0.5).graph
    jsonschema.validate(json.loads(json.dumps(graph.to_json())), schema())
    assert len(graph.objects) == 9
    assert all(one.box is not None for one in graph.objects)


def broken(path: str, value: Any) -> Any:
    raw = plain()
    *way, last = path.split(".")
    place = raw
    for key in way:
        place = place[int(key)] if key.isdigit() else place[key]
    place[int(last) if last.isdigit() else last] = value
    return raw


@pytest.mark.parametrize(
    ("path", "value"),
    [
        ("version", 2),
        ("objects", {}),
        ("objects.0.id", "Bad Id"),
        ("objects.0.label", " "),
        ("objects.0.label", 7),
        ("objects.1.attributes", ["x"] * 9),
        ("objects.1.box", [0.1, 0.1, 0.2]),
        ("objects.1.box", [0.1, 0.1, 0.0, 0.2]),
        ("objects.1.box", ["a", 0.1, 0.2, 0.2]),
        ("objects.1.z", -1),
        ("objects.1.z", 1.5),
        ("objects.1.source", "found"),
        ("objects.1.drawn", "yes"),
        ("objects.1.colour", "red"),
        ("relations.0.relation", "inside"),
        ("relations.0.extra", 1),
        ("camera.view", "sideways"),
        ("camera.focal_mm", 5),
        ("light.softness", 2),
        ("light.from", "below"),
        ("palette", ["red"]),
        ("mood", "calm"),
    ],
)
def test_schema_and_reader_refuse_the_same(path: str, value: Any) -> None:
    raw = broken(path, value)
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate(raw, schema())
    with pytest.raises(InputRejected) as caught:
        SceneGraph.from_json(raw)
    assert caught.value.code in ("scene.bad_graph", "scene.bad_box", "scene.too_many")


@pytest.mark.parametrize("key", ["objects", "relations", "camera", "light", "palette", "version"])
def test_nothing_may_be_missing(key: str) -> None:
    raw = plain()
    del raw[key]
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate(raw, schema())
    with pytest.raises(InputRejected):
        SceneGraph.from_json(raw)


def test_what_a_schema_can_not_say_is_checked_too() -> None:
    twice, nobody, itself, two = (plain() for _ in range(4))
    twice["objects"][1]["id"] = "product"
    nobody["relations"][0]["object"] = "floor"
    itself["relations"][0]["object"] = "product"
    two["objects"][1]["source"] = "product"
    for raw in (twice, nobody, itself, two):
        with pytest.raises(InputRejected) as caught:
            SceneGraph.from_json(copy.deepcopy(raw))
        assert caught.value.code == "scene.bad_graph"


@pytest.mark.parametrize("raw", [None, [], "graph", 3, {"objects": []}])
def test_no_graph_at_all_is_refused(raw: Any) -> None:
    with pytest.raises(InputRejected):
        SceneGraph.from_json(raw)
