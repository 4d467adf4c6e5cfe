"""Places for objects: relations hold, what is fixed stays, what can not be is reported."""

from __future__ import annotations

import itertools

import numpy as np
import pytest

from inference.errors import InputRejected
from inference.scene import (
    DrawnBox,
    Extent,
    Relation,
    SceneForm,
    SceneGraph,
    SceneObject,
    Wishes,
    arrange,
    compile_scene,
)
from inference.scene.constraints import COPY_SPACES, coverage, missed, overlap
from inference.scene.form import Fractions
from inference.scene.graph import RELATIONS, RelationName

PRODUCT = SceneObject("product", "bottle", source="product", box=(0.4, 0.3, 0.2, 0.5))


def boxes_of(graph: SceneGraph) -> dict[str, Fractions]:
    return {one.id: one.box for one in graph.objects if one.box is not None}


def one_cup(relation: RelationName) -> SceneGraph:
    return SceneGraph((PRODUCT, SceneObject("cup", "cup")), (Relation("cup", relation, "product"),))


def as_array(box: Fractions) -> np.ndarray:  # type: ignore[type-arg]
    return np.asarray([box], np.float32)


@pytest.mark.parametrize("relation", RELATIONS)
def test_every_relation_can_be_satisfied_and_the_product_stays(relation: RelationName) -> None:
    done = arrange(one_cup(relation), Wishes(extents={"cup": Extent(0.15)}), strict=True)
    boxes = boxes_of(done.graph)
    assert boxes["product"] == PRODUCT.box
    left, top, width, height = boxes["cup"]
    px, py, pw, ph = PRODUCT.box or (0, 0, 0, 0)
    holds = {
        "left of": left + width <= px + 0.05,
        "right of": left >= px + pw - 0.05,
        "above": top + height <= py + 0.03,
        "under": top >= py + ph - 0.06,
        "behind": top + height < py + ph,
        "in front of": top + height > py + ph,
        "beside": left + width <= px + 0.02 or left >= px + pw - 0.02,
        "near": abs(left + width / 2 - 0.5) < 0.45,
        "on": py - 0.02 <= top + height <= py + 0.36 * ph,
    }
    assert holds[relation]


def test_measures_know_right_from_wrong() -> None:
    a, b = as_array((0.1, 0.4, 0.2, 0.2)), as_array((0.6, 0.4, 0.2, 0.2))
    assert missed("left of", a, b)[0] == 0
    assert missed("right of", a, b)[0] > 0.4
    assert missed("near", a, b)[0] == pytest.approx(0.15, abs=1e-6)
    assert overlap(a, a)[0] == pytest.approx(1.0)
    assert overlap(a, b)[0] == 0
    assert coverage(a, COPY_SPACES["left"])[0] == pytest.approx(1.0)


def test_seven_objects_with_relations_find_places_without_hiding_each_other() -> None:
    names = ("table", "lemons", "candle", "books", "vase", "spoon", "towel")
    graph = SceneGraph(
        (PRODUCT, *(SceneObject(name, name) for name in names)),
        (
            Relation("product", "on", "table"),
            Relation("lemons", "beside", "product"),
            Relation("candle", "behind", "product"),
            Relation("books", "left of", "candle"),
            Relation("vase", "right of", "candle"),
            Relation("spoon", "in front of", "product"),
            Relation("towel", "under", "spoon"),
        ),
    )
    sizes = {"lemons": 0.13, "candle": 0.25, "books": 0.2, "vase": 0.4, "spoon": 0.06, "towel": 0.06}
    wishes = Wishes(extents={name: Extent(height) for name, height in sizes.items()}, ground=frozenset({"table"}))
    done = arrange(graph, wishes)
    assert done.violations == ()
    boxes = boxes_of(done.graph)
    assert set(boxes) == {"product", *names}
    related = {frozenset((relation.subject, relation.object)) for relation in graph.relations}
    for first, second in itertools.combinations(sorted(set(boxes) - {"table"}), 2):
        if frozenset((first, second)) not in related:
            assert overlap(as_array(boxes[first]), as_array(boxes[second]))[0] < 0.2, (first, second)
    depth = {one.id: one.z for one in done.graph.objects}
    assert depth["table"] == 0
    assert depth["candle"] < depth["product"] < depth["spoon"]
    assert depth["towel"] < depth["spoon"]


def test_the_same_scene_has_the_same_places() -> None:
    form = SceneForm(surface="oak", props=("lemons", "books", "eucalyptus"), copy_space="left")
    first, second = (compile_scene(form, "a bottle", product_aspect=0.4).graph for _ in range(2))
    assert first == second


@pytest.mark.parametrize("side", ["left", "right", "top", "bottom"])
def test_copy_space_stays_free(side: str) -> None:
    form = SceneForm(props=("lemons", "books", "candle", "eucalyptus"), copy_space=side)
    scene = compile_scene(form, "a bottle", product_aspect=0.5)
    region = COPY_SPACES[side]
    for one in scene.graph.objects:
        assert one.box is not None
        assert coverage(as_array(one.box), region)[0] <= 0.06, one.id
    assert scene.copy_space == side


def test_boxes_that_were_drawn_win() -> None:
    drawn = (DrawnBox("product", (0.05, 0.2, 0.3, 0.6)), DrawnBox("lemons", (0.6, 0.1, 0.2, 0.2)))
    scene = compile_scene(SceneForm(props=("lemons", "cup"), boxes=drawn), "a bottle", product_aspect=0.5)
    boxes = {one.id: one for one in scene.graph.objects}
    assert boxes["lemons"].box == (0.6, 0.1, 0.2, 0.2)
    assert boxes["lemons"].drawn
    left, top, width, height = boxes["product"].box or (0, 0, 0, 0)
    assert left >= 0.05 - 1e-6
    assert left + width <= 0.35 + 1e-6
    assert top + height == pytest.approx(0.8)
    assert width / height == pytest.approx(0.5, abs=1e-3)


def test_the_side_of_a_drawn_box_is_told_in_words_too() -> None:
    boxes = (
        DrawnBox("lemons", (0.02, 0.6, 0.2, 0.2)),
        DrawnBox("cup", (0.76, 0.6, 0.2, 0.2)),
        DrawnBox("linen", (0.4, 0.1, 0.2, 0.2)),
    )
    done = compile_scene(SceneForm(props=("lemons", "cup"), boxes=boxes), "a bottle")
    assert "on the left, a" in done.prompt
    assert done.prompt.count("on the left") == done.prompt.count("on the right") == 1
    assert "linen." in done.prompt
    assert "on the" not in compile_scene(SceneForm(props=("lemons", "cup")), "a bottle").prompt


def test_a_drawn_box_for_new_words_becomes_an_object() -> None:
    scene = compile_scene(SceneForm(boxes=(DrawnBox("a paper crane", (0.1, 0.1, 0.2, 0.2)),)), "a bottle")
    assert [one.label for one in scene.graph.objects] == ["a bottle", "a paper crane"]
    assert "paper crane" in scene.prompt


def impossible() -> SceneGraph:
    both = (Relation("cup", "left of", "product"), Relation("cup", "right of", "book"))
    book = SceneObject("book", "book", box=(0.75, 0.5, 0.2, 0.2), drawn=True)
    return SceneGraph((PRODUCT, book, SceneObject("cup", "cup")), both)


def test_what_can_not_be_is_missed_by_as_little_as_possible_and_reported() -> None:
    done = arrange(impossible(), Wishes(extents={"cup": Extent(0.1)}))
    assert len(done.violations) >= 1
    worst = max(done.violations, key=lambda violation: violation.amount)
    assert worst.subject == "cup"
    # Between the product's left side and the book's right side lie 0.55; no place can miss by less in sum.
    assert sum(violation.amount for violation in done.violations) < 0.75


def test_a_strict_caller_is_told_which_wish_to_take_back() -> None:
    with pytest.raises(InputRejected) as caught:
        arrange(impossible(), Wishes(extents={"cup": Extent(0.1)}), strict=True)
    assert caught.value.code == "scene.cannot_be_arranged"
    assert caught.value.params["subject"] == "cup"


def test_a_flat_lay_has_ground_everywhere() -> None:
    scene = compile_scene(SceneForm(surface="linen", lens="top_down", props=("lemons",)), "a bottle")
    surface = scene.graph.find("surface")
    assert surface is not None
    assert surface.box == (0.0, 0.0, 1.0, 1.0)
