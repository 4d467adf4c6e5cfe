"""Generated shots as files: which term of the IPTC they carry, and what a file says of how it was asked for."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from inference.errors import InputRejected
from inference.ops import xmp
from inference.pipelines.export import RENEWED, Target, from_master, render_scene
from inference.pipelines.label import public_recipe, scene_source_type, scene_step

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
        "output": {"pixels_sha256": "bb", "size": [120, 120]},
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


def test_another_ratio_is_refused_with_what_to_do() -> None:
    with pytest.raises(InputRejected) as refused:
        from_master(MASTER, recipe(), Target(kind="scene", file_format="png", width=60, height=90))
    assert refused.value.code == "export.generated_format"


def test_it_is_never_rendered_as_a_set() -> None:
    cutout: Any = None
    with pytest.raises(InputRejected) as refused:
        render_scene(MASTER, cutout, recipe(), Target(kind="scene", file_format="png"))
    assert refused.value.code in RENEWED
