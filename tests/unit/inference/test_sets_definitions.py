"""Set definitions say what they need, and what is on disk was rendered from them."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from inference.engines.studio_sets import codec
from inference.engines.studio_sets.render import shapes
from inference.engines.studio_sets.render.definition import (
    PLATES_DIR,
    DefinitionError,
    SetDefinition,
    definition_paths,
    hex_to_linear,
    load_definition,
)
from inference.engines.studio_sets.render.samples import SAMPLES_DIR

SETS = [path.stem for path in definition_paths()]
PATHS = [*definition_paths(), *definition_paths(SAMPLES_DIR)]
MB = 1_000_000

MINIMAL = """
titles = { en = "Bare", zh-hans = "空景" }
family = "sweep"
version = "1"
exposure = 1.0
views = { hero = { center = [0.5, 0.5], width = 0.6 } }
[camera]
origin = [0.0, -1.0, 0.2]
target = [0.0, 0.0, 0.1]
fov_x_deg = 20.0
[materials.floor]
titles = { en = "Floor", zh-hans = "地面" }
hex = "#808080"
[[shapes]]
kind = "sweep"
material = "floor"
profile = [[-1.0, 0.0], [1.0, 0.0]]
width = 2.0
[lights.environment]
kind = "environment"
share = 1.0
[anchors.center]
position = [0.0, 0.0, 0.0]
material = "floor"
natural_height_m = 0.1
max_height_m = 0.2
max_width_m = 0.2
"""


def written(tmp_path: Path, text: str) -> Path:
    path = tmp_path / "bare.toml"
    path.write_text(text, encoding="utf-8")
    return path


def stored(name: str) -> dict[str, Any]:
    loaded: dict[str, Any] = json.loads((PLATES_DIR / name / "set.json").read_text(encoding="utf-8"))
    return loaded


def read(name: str, entry: dict[str, Any]) -> np.ndarray:
    return codec.decode((PLATES_DIR / name / entry["file"]).read_bytes(), entry["encoding"])


def on_plate(definition: SetDefinition, point: tuple[float, float, float]) -> tuple[float, float]:
    """Where a world point falls, as fractions of the plate, by the pinhole equations."""
    camera = definition.camera
    forward = np.subtract(camera.target, camera.origin)
    forward /= np.linalg.norm(forward)
    right = np.cross(forward, [0, 0, 1])
    right /= np.linalg.norm(right)
    down = np.cross(forward, right)
    ray = np.subtract(point, camera.origin)
    half = np.tan(np.radians(camera.fov_x_deg / 2)) * (ray @ forward)
    return 0.5 + (ray @ right) / half / 2, 0.5 + (ray @ down) / half / 2


def test_the_three_sets_of_the_studio_are_there() -> None:
    assert SETS == ["plinth", "white-sweep", "window-table"]


@pytest.mark.parametrize("path", PATHS, ids=lambda path: path.stem)
def test_every_definition_loads_and_all_its_shapes_can_be_built(path: Path) -> None:
    definition = load_definition(path)
    for shape in definition.shapes:
        mesh = shapes.build(shape.kind, shape.params)
        assert np.isfinite(mesh.vertices).all()
        assert np.linalg.norm(mesh.normals, axis=1) == pytest.approx(1, abs=1e-6)
        assert mesh.faces.max() < len(mesh.vertices)


@pytest.mark.parametrize("name", SETS)
def test_plates_on_disk_were_rendered_from_the_definition_beside_them(name: str) -> None:
    definition = load_definition(PLATES_DIR.parent / "sets" / f"{name}.toml")
    assert stored(name)["definition_sha256"] == definition.sha256


@pytest.mark.parametrize("name", SETS)
def test_a_product_of_natural_height_fills_about_half_of_the_hero_view(name: str) -> None:
    definition = load_definition(PLATES_DIR.parent / "sets" / f"{name}.toml")
    hero = next(view for view in definition.views if view.name == "hero")
    for anchor in definition.anchors:
        x, y, z = anchor.position
        (u, base), (_, top) = on_plate(definition, (x, y, z)), on_plate(definition, (x, y, z + anchor.natural_height_m))
        assert abs(u - hero.center[0]) < hero.width / 4
        assert hero.center[1] - hero.height / 2 < top < base < hero.center[1] + hero.height / 2
        assert 0.44 < (base - top) / hero.height < 0.56


@pytest.mark.parametrize("name", SETS)
def test_coverage_maps_of_a_set_sum_to_one(name: str) -> None:
    total = np.sum([read(name, item["coverage"]) for item in stored(name)["materials"]], axis=0)
    assert total.shape == tuple(stored(name)["plate_size"])
    assert np.abs(total - 1).max() < 0.02


@pytest.mark.parametrize("name", SETS)
def test_every_file_of_a_set_is_described_and_every_described_file_is_there(name: str) -> None:
    raw = stored(name)
    entries = [*raw["lights"], raw["albedo"], raw["normal"], raw["depth"], *(m["coverage"] for m in raw["materials"])]
    assert {entry["file"] for entry in entries} | {"set.json"} == {p.name for p in (PLATES_DIR / name).iterdir()}
    assert set(raw["white_card"]) == {light["name"] for light in raw["lights"]}


@pytest.mark.parametrize("name", SETS)
def test_a_set_stays_within_its_budget(name: str) -> None:
    assert sum(path.stat().st_size for path in (PLATES_DIR / name).iterdir()) <= 2.6 * MB


def test_all_sets_together_stay_within_their_budget() -> None:
    assert sum(path.stat().st_size for path in PLATES_DIR.rglob("*") if path.is_file()) <= 8 * MB


def test_a_minimal_definition_loads(tmp_path: Path) -> None:
    definition = load_definition(written(tmp_path, MINIMAL))
    assert (definition.name, definition.titles["en"], definition.anchors[0].material) == ("bare", "Bare", "floor")


@pytest.mark.parametrize(
    ("before", "after", "complaint"),
    [
        ("share = 1.0", "share = 0.9", "sum to 0.9"),
        ("width = 0.6 }", "width = 1.2 }", "reaches beyond the plate"),
        ('material = "floor"\nprofile', 'material = "flor"\nprofile', "no material is called 'flor'"),
        ("fov_x_deg", "fov_deg", "does not know fov_deg"),
        ("hero =", "wide =", "views.hero is missing"),
        (', zh-hans = "地面"', "", "floor has no title in zh-hans"),
        ("exposure = 1.0", "", "exposure"),
    ],
)
def test_it_names_the_file_and_what_is_wrong(tmp_path: Path, before: str, after: str, complaint: str) -> None:
    assert before in MINIMAL
    with pytest.raises(DefinitionError, match="bare") as raised:
        load_definition(written(tmp_path, MINIMAL.replace(before, after)))
    assert complaint in str(raised.value)


def test_the_hash_changes_with_any_value_of_the_definition(tmp_path: Path) -> None:
    first = load_definition(written(tmp_path, MINIMAL)).sha256
    assert load_definition(written(tmp_path, "# a comment\n" + MINIMAL)).sha256 == first
    assert load_definition(written(tmp_path, MINIMAL.replace("#808080", "#818080"))).sha256 != first


def test_hex_colours_are_read_as_srgb() -> None:
    assert hex_to_linear("#FFFFFF") == (1.0, 1.0, 1.0)
    assert hex_to_linear("#808080")[0] == pytest.approx(0.2158605, abs=1e-6)


@pytest.mark.parametrize("name", [path.stem for path in definition_paths(SAMPLES_DIR)])
def test_every_sample_product_has_a_photo_and_its_exact_alpha(name: str) -> None:
    root = Path(__file__).parents[3]
    with (
        Image.open(root / "apps/studio/samples" / f"{name}.jpg") as photo,
        Image.open(root / "tests/data/samples" / f"{name}-alpha.png") as alpha,
    ):
        assert photo.size == alpha.size == (1600, 1600)
        assert (photo.mode, alpha.mode) == ("RGB", "L")
        values = np.asarray(alpha)
    assert values.min() == 0
    assert values.max() == 255
    assert 0.05 < (values / 255).mean() < 0.4
    assert not np.concatenate([values[[0, -1]].ravel(), values[:, [0, -1]].ravel()]).any()
