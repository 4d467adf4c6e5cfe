"""A set has cameras, cut from its plates, and moods, mixed from its lights."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from inference.engines.studio_sets.plates import PlateStore
from inference.errors import EngineUnavailable, InputRejected
from inference.pipelines.catalogue import list_kinds, list_sets
from inference.pipelines.product_shot import make_shot
from inference.pipelines.shot_recipe import spec_as_dict
from inference.ports import SceneOptions
from inference.types import Cutout, ShotSpec
from tests.unit.inference.scene.synthetic_set import write_synthetic_set

TITLES = {"en": "One", "zh-hans": "一"}
VIEWS = {"hero": {"center": [0.5, 0.5], "width": 0.7, "aspect": 1.0}}
CAMERAS = [
    {"name": "hero", "titles": TITLES, "views": VIEWS},
    {"name": "wide-left", "titles": TITLES, "views": VIEWS, "fill": 0.6, "product_at": 0.64},
    {"name": "wide-right", "titles": TITLES, "views": VIEWS, "fill": 0.6, "product_at": 0.36},
    {"name": "other", "titles": TITLES, "plate": "second"},
]
WHITE, ORANGE = [1.0, 1.0, 1.0], [1.8, 0.9, 0.4]
MOODS = [
    {"name": "day", "titles": TITLES, "lights": {name: {"weight": 1.0, "color": WHITE} for name in ("lamp", "sky")}},
    {"name": "evening", "titles": TITLES, "lights": {"lamp": {"weight": 1.2, "color": ORANGE}}},
]
SPEC = ShotSpec("synthetic", width=240, height=240, seed=0)

Shoot = Callable[..., Any]


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = write_synthetic_set(tmp_path_factory.mktemp("choices"))
    described = folder / "synthetic" / "set.json"
    raw = json.loads(described.read_text())
    second = folder / "synthetic" / "second"
    shutil.copytree(folder / "synthetic", second)
    (second / "set.json").rename(second / "plate.json")
    described.write_text(json.dumps({**raw, "cameras": CAMERAS, "moods": MOODS, "kinds": ["watch"]}))
    return folder


@pytest.fixture
def shoot(photo: np.ndarray, cutout: Cutout, home: Path) -> Shoot:
    return lambda **chosen: make_shot(photo, cutout, replace(SPEC, **chosen), options=SceneOptions(plates_dir=home))


def test_the_first_camera_and_mood_are_what_an_empty_name_means(shoot: Shoot) -> None:
    assert (shoot().master == shoot(camera="hero", mood="day").master).all()


def test_a_mood_reads_only_the_lights_that_it_mixes(home: Path) -> None:
    store = PlateStore(home, limit_mb=100)
    (lamp,) = store.get("synthetic", mood="evening").lights
    assert (lamp.name, lamp.weight, lamp.colour) == ("lamp", 1.2, (1.8, 0.9, 0.4))
    assert [light.name for light in store.get("synthetic").lights] == ["lamp", "sky"]


def test_an_evening_is_warmer_than_the_day(shoot: Shoot) -> None:
    day, evening = (shoot(mood=mood).plate.mean(axis=(0, 1)) for mood in ("day", "evening"))
    assert evening[0] / evening[2] > 1.3 * day[0] / day[2]


def middle_of(mask: np.ndarray) -> float:
    columns = np.nonzero(mask.max(axis=0) > 127)[0]
    return float(columns.mean()) / mask.shape[1]


@pytest.mark.parametrize("seed", [0, 3, 4])
def test_copy_space_is_on_the_side_that_was_asked_for_whatever_the_seed_mirrors(shoot: Shoot, seed: int) -> None:
    assert middle_of(shoot(camera="wide-left", seed=seed).mask) > 0.56
    assert middle_of(shoot(camera="wide-right", seed=seed).mask) < 0.44


def test_a_wide_camera_shows_the_product_smaller(shoot: Shoot) -> None:
    wide, close = (shoot(camera=camera).mask.astype(float).mean() for camera in ("wide-left", "hero"))
    assert wide < 0.7 * close


def test_a_camera_may_have_plates_of_its_own(shoot: Shoot, home: Path) -> None:
    assert (shoot(camera="other").plate == shoot().plate).all()
    (home / "synthetic" / "second" / "plate.json").rename(home / "synthetic" / "second" / "away.json")
    try:
        with pytest.raises(EngineUnavailable, match="plates of synthetic can not be read"):
            PlateStore(home, limit_mb=100).get("synthetic", "other")
    finally:
        (home / "synthetic" / "second" / "away.json").rename(home / "synthetic" / "second" / "plate.json")


@pytest.mark.parametrize(("chosen", "code"), [("camera", "shot.unknown_camera"), ("mood", "shot.unknown_mood")])
def test_an_unknown_choice_is_refused_with_what_there_is(shoot: Shoot, chosen: str, code: str) -> None:
    with pytest.raises(InputRejected, match="there are: ") as refusal:
        shoot(**{chosen: "drone"})
    assert refusal.value.code == code
    assert refusal.value.params == {"name": "drone"}


def test_recipes_name_camera_and_mood_only_where_they_were_chosen() -> None:
    assert not {"camera", "mood"} & set(spec_as_dict(SPEC))
    chosen = spec_as_dict(replace(SPEC, camera="hero", mood="day"))
    assert (chosen["camera"], chosen["mood"]) == ("hero", "day")


def test_each_choice_has_its_own_digest(home: Path) -> None:
    store = PlateStore(home, limit_mb=100)
    chosen = [("", ""), ("wide-left", ""), ("", "evening"), ("other", "")]
    assert len({store.get("synthetic", *choice).digest for choice in chosen}) == 4


def test_the_catalogue_lists_cameras_moods_and_kinds(home: Path) -> None:
    (found,) = list_sets(home)
    assert [item.name for item in found.cameras] == ["hero", "wide-left", "wide-right", "other"]
    assert [(item.name, item.titles["zh-hans"]) for item in found.moods] == [("day", "一"), ("evening", "一")]
    assert (found.kinds, found.top_down) == (("watch",), False)
    assert found.as_dict()["moods"][1] == {"name": "evening", "titles": TITLES}


def test_small_kinds_of_products_stand_smaller_in_a_picture() -> None:
    scale = {kind.name: kind.scale for kind in list_kinds()}
    assert scale["watch"] < scale["bottle"] < scale["bag"] < scale["furniture"]
    assert all(set(kind.titles) == {"en", "zh-hans"} for kind in list_kinds())
