"""Generated shots as files: which term of the IPTC they carry, and what a file says of how it was asked for."""

from __future__ import annotations

import io
from typing import Any

import cv2
import numpy as np
import pytest
from PIL import Image

from inference.errors import InputRejected
from inference.ops import xmp
from inference.ops.certificate import Identity, root_of
from inference.ops.layers import merged
from inference.ops.placement import Placement
from inference.pipelines.export import RENEWED, Target, from_master, render_scene, write_file
from inference.pipelines.file_check import check_file
from inference.pipelines.label import public_recipe, scene_source_type, scene_step
from inference.pipelines.rules import Rule
from inference.recipe import pixels_sha256
from inference.types import Cutout

MASTER = np.zeros((120, 120, 3), np.uint8)


def recipe(mode: str = "exact", **changes: Any) -> dict[str, Any]:
    spec = {
        "mode": mode,
        "model": "flux2-klein-4b",
        "seed": 3,
        "product_label": "our secret",
        "scene": {"words": "secret"},
    }
    gate = {"passed": True, "max_abs_diff": 0, "pixels_compared": 9, "edge_delta_e": 0.1}
    made: dict[str, Any] = {
        "schema": 1,
        "kind": "generated_shot",
        "spec": spec,
        "prompt": "secret",
        "graph": {"objects": ["secret"]},
        "model": {"model": "flux2-klein-4b", "licence": "Apache-2.0"},
        "inputs": {"photo": {"pixels_sha256": "aa", "size": [1, 1]}},
        "output": {"pixels_sha256": pixels_sha256(MASTER), "size": [120, 120]},
        "gate": gate if mode != "reimagined" else None,
        "code": {"version": "1"},
    }
    return {**made, **changes}


@pytest.mark.parametrize(
    ("made", "term"),
    [
        (recipe(), xmp.COMPOSITE_WITH_TRAINED),
        (recipe("reimagined"), xmp.TRAINED),
        (recipe("edit", source={"product": "exact"}), xmp.COMPOSITE_WITH_TRAINED),
        (recipe("edit", source={"product": "reimagined"}), xmp.TRAINED),
    ],
)
def test_the_term_says_whether_the_product_was_drawn(made: dict[str, Any], term: str) -> None:
    assert scene_source_type(made) == term
    assert xmp.source_type_in(xmp.xmp_packet(source_type=term, creator_tool="x", recipe_hash="a" * 64)) == term


def test_a_file_says_how_it_was_drawn_and_nothing_that_somebody_wrote() -> None:
    said = public_recipe(recipe(), profile="original", product_scale=1.0)
    assert "secret" not in str(said)
    assert said["recipe"]["spec"] == {"mode": "exact", "model": "flux2-klein-4b", "seed": 3}
    assert said["recipe"]["photo"]["pixels_sha256"] == "aa"
    assert said["recipe"]["model"]["licence"] == "Apache-2.0"


def test_the_step_names_what_was_drawn_and_by_which_model() -> None:
    assert scene_step(recipe()) == ("c2pa.edited", "Surroundings drawn by the model flux2-klein-4b")
    assert scene_step(recipe("reimagined")) == ("c2pa.edited", "Drawn by the model flux2-klein-4b")


@pytest.mark.parametrize("mode", ["exact", "reimagined"])
def test_a_generated_shot_is_exported_from_its_master(mode: str) -> None:
    rendered = from_master(MASTER, recipe(mode), Target(kind="scene", file_format="png", longest=60))
    assert rendered.pixels.shape == (60, 60, 3)
    assert (rendered.gate is None) == (mode == "reimagined")


def test_a_kept_picture_that_is_not_the_one_whose_product_was_checked_is_refused() -> None:
    other = MASTER.copy()
    other[60, 60] = 1
    with pytest.raises(InputRejected) as refused:
        from_master(other, recipe(), Target(kind="scene", file_format="png"))
    assert refused.value.code == "export.master_changed"


def placed(x: int, y: int, width: int, height: int) -> dict[str, Any]:
    return recipe(parameters={"placement": {"x": x, "y": y, "width": width, "height": height, "scale": 1.0}})


def portrait(width: int = 60, height: int = 90) -> Target:
    return Target(kind="scene", file_format="png", width=width, height=height)


GRADIENT = np.dstack([np.tile(np.arange(120, dtype=np.uint8), (120, 1)), np.indices((120, 120))[0], MASTER[..., 0]])


@pytest.mark.parametrize(
    ("made", "left"),
    [
        (placed(50, 30, 20, 80), 20),  # in the middle
        (placed(0, 30, 20, 80), 0),  # at the edge there is no air to keep
        (placed(96, 30, 20, 80), 40),
        (recipe("reimagined", graph={"objects": [{"source": "product", "box": [0.1, 0.2, 0.2, 0.6]}]}), 0),
    ],
)
def test_another_ratio_is_cut_around_the_product_and_nothing_is_drawn(made: dict[str, Any], left: int) -> None:
    master = GRADIENT.astype(np.uint8)
    made = made | {"output": {"pixels_sha256": pixels_sha256(master), "size": [120, 120]}}
    rendered = from_master(master, made, portrait(160, 240))
    assert rendered.pixels.shape == (120, 80, 3)
    assert np.array_equal(rendered.pixels, master[:, left : left + 80])
    assert ("c2pa.cropped", "Cut to 80 x 120 px around the product") in rendered.steps


def test_a_cut_picture_is_reduced_to_what_was_asked_for() -> None:
    assert from_master(MASTER, placed(50, 30, 20, 80), portrait(40, 60)).pixels.shape == (60, 40, 3)


@pytest.mark.parametrize(
    ("made", "target"),
    [
        (placed(10, 30, 90, 60), portrait()),  # wider than the cut picture
        (recipe("edit"), portrait()),  # drawn, and nobody knows where
    ],
)
def test_a_format_that_would_cut_the_product_is_refused_with_what_to_do(made: dict[str, Any], target: Target) -> None:
    with pytest.raises(InputRejected) as refused:
        from_master(MASTER, made, target)
    assert refused.value.code == "export.generated_format"


LAYERS = Target(kind="layers", file_format="psd")


def test_layers_of_a_drawn_picture_are_the_picture_and_nothing_of_the_product_is_left_behind_it(
    identity: Identity,
) -> None:
    rng = np.random.default_rng(8)
    master = rng.integers(20, 60, (120, 120, 3), dtype=np.uint8)
    alpha = np.zeros((80, 60), np.uint8)
    alpha[10:70, 10:50] = 255
    alpha = cv2.GaussianBlur(alpha, (7, 7), 0)
    cutout = Cutout(rgb=np.full((80, 60, 3), 240, np.uint8), alpha=alpha, engine="drawn", confidence=1.0)
    where = Placement(scale=1.0, x=30, y=20, width=60, height=80, source_x=0.0, source_y=0.0)
    soft = alpha[..., None] / 255
    master[20:100, 30:90] = np.rint(240 * soft + master[20:100, 30:90] * (1 - soft)).astype(np.uint8)
    made = recipe(parameters={"placement": where.as_dict()})
    made |= {"output": {"pixels_sha256": pixels_sha256(master), "size": [120, 120]}}

    rendered = from_master(master, made, LAYERS, cutout=cutout)
    assert rendered.layers is not None
    assert np.array_equal(merged(rendered.layers), master)
    assert np.array_equal(rendered.layers.mask[20:100, 30:90], alpha)
    assert rendered.layers.plate[40:80, 50:70].max() < 70, "the bright product is not behind itself"
    photo = io.BytesIO()
    Image.fromarray(cutout.rgb).save(photo, "PNG")
    named = {"name": "a.psd", "profile": "p 1", "photo_type": "image/png"}
    file = write_file(rendered, LAYERS, identity=identity, photo=photo.getvalue(), **named)
    said = {"source_type": xmp.COMPOSITE_WITH_TRAINED, "sidecar": file.sidecar, "master": master, "mask": rendered.mask}
    report = check_file(
        file.data, [Rule("layers_match", 0)], name="a.psd", trust_pem=root_of(identity.chain_pem), **said
    )
    assert report.passed, report.checks


@pytest.mark.parametrize("made", [recipe("reimagined"), recipe(parameters={}), recipe(parameters={"placement": None})])
def test_a_drawn_product_has_no_layers(made: dict[str, Any]) -> None:
    cutout = Cutout(rgb=MASTER, alpha=MASTER[..., 0], engine="drawn", confidence=1.0)
    with pytest.raises(InputRejected) as refused:
        from_master(MASTER, made, LAYERS, cutout=cutout)
    assert refused.value.code == "export.no_layers"


def test_it_is_never_rendered_as_a_set() -> None:
    cutout: Any = None
    with pytest.raises(InputRejected) as refused:
        render_scene(MASTER, cutout, recipe(), Target(kind="scene", file_format="png"))
    assert refused.value.code in RENEWED
