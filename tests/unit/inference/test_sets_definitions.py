"""Set definitions say what they need, and what is on disk was rendered from them."""

from __future__ import annotations

import inspect
import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from inference.engines.studio_sets import codec
from inference.engines.studio_sets.render import shapes
from inference.engines.studio_sets.render.choices import CAMERAS, MOODS
from inference.engines.studio_sets.render.definition import (
    PLATES_DIR,
    DefinitionError,
    SetDefinition,
    definition_paths,
    hex_to_linear,
    load_definition,
)
from inference.engines.studio_sets.render.package import pitch_range
from inference.engines.studio_sets.render.samples import SAMPLES_DIR
from inference.pipelines.catalogue import list_kinds

SETS = [path.stem for path in definition_paths() if (PLATES_DIR / path.stem / "set.json").exists()]
# Decoding every plate of every set would take minutes: one of each kind of ground.
DECODED = ["white-sweep", "plinth", "window-table", "gift-boxes", "flatlay-linen"]
PATHS = [*definition_paths(), *definition_paths(SAMPLES_DIR)]
MB = 1_000_000
FAMILIES = {"sweep", "plinth", "table", "bath", "kitchen", "stone", "fabric", "shelf", "concrete", "glow", "seasonal"}
FAMILIES |= {"flatlay"}

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


@pytest.mark.parametrize("path", PATHS, ids=lambda path: path.stem)
def test_every_definition_loads_and_its_shapes_are_ones_that_can_be_built(path: Path) -> None:
    for shape in load_definition(path).shapes:
        inspect.signature(shapes.BUILDERS[shape.kind]).bind(**shape.params)


def smaller(kind: str, params: dict[str, Any]) -> dict[str, Any]:
    """The shape as somebody uses it, but with less of it: a field of sand takes seconds to build."""
    less = {"cloth": {"size": [0.3, 0.3]}, "drape": {"width": 0.3}, "pebbles": {"count": 4}, "pine": {"needles": 40}}
    less |= {"dunes": {"size": [0.3, 0.3]}, "satin": {"size": [0.3, 0.3]}, "strewn": {"count": 3}}
    return {**params, **less.get(kind, {})}


@pytest.mark.parametrize("kind", sorted(shapes.BUILDERS))
def test_a_mesh_is_sound_and_its_normals_have_unit_length(kind: str) -> None:
    used = (shape for path in PATHS for shape in load_definition(path).shapes if shape.kind == kind)
    mesh = shapes.build(kind, smaller(kind, next(used).params))
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


@pytest.mark.parametrize("name", DECODED)
def test_coverage_maps_of_a_set_sum_to_one(name: str) -> None:
    total = np.sum([read(name, item["coverage"]) for item in stored(name)["materials"]], axis=0)
    assert total.shape == tuple(stored(name)["plate_size"])
    assert np.abs(total - 1).max() < 0.02


@pytest.mark.parametrize("name", SETS)
def test_every_file_of_a_set_is_described_and_every_described_file_is_there(name: str) -> None:
    raw = stored(name)
    entries = [*raw["lights"], raw["normal"], raw["depth"], *(m["coverage"] for m in raw["materials"])]
    assert {entry["file"] for entry in entries} | {"set.json"} == {p.name for p in (PLATES_DIR / name).iterdir()}
    assert set(raw["white_card"]) == {light["name"] for light in raw["lights"]}


@pytest.mark.parametrize("name", SETS)
def test_a_set_stays_within_its_budget(name: str) -> None:
    assert sum(path.stat().st_size for path in (PLATES_DIR / name).iterdir()) <= 2.7 * MB


def test_the_library_has_a_place_for_every_kind_of_picture() -> None:
    families = [stored(name)["family"] for name in SETS]
    assert len(families) >= 24
    assert set(families) == FAMILIES
    assert sum(stored(name)["top_down"] for name in SETS) == families.count("flatlay") >= 3


def test_every_material_takes_a_colour_but_clear_glass_and_lamps() -> None:
    fixed = {
        (path.stem, material.name)
        for path in definition_paths()
        for material in load_definition(path).materials
        if not material.recolourable
    }
    assert fixed == {("glass-glow", "glass"), ("glass-glow", "lamp"), ("halo", "lamp")}


def test_all_sets_together_stay_within_their_budget() -> None:
    assert sum(path.stat().st_size for path in PLATES_DIR.rglob("*") if path.is_file()) <= 64 * MB


@pytest.mark.parametrize("name", SETS)
def test_a_set_offers_every_camera_and_mood_and_only_lights_that_it_has(name: str) -> None:
    raw = stored(name)
    lights = {light["name"] for light in raw["lights"]}
    assert {item["name"] for item in raw["cameras"]} == set(CAMERAS)
    assert {item["name"] for item in raw["moods"]} == set(MOODS)
    assert all(set(mood["lights"]) <= lights for mood in raw["moods"])
    for item in (*raw["cameras"], *raw["moods"], *raw["materials"]):
        assert set(item["titles"]) == {"en", "zh-hans"}


def test_what_a_set_says_about_kinds_of_products_is_in_the_table_of_kinds() -> None:
    kinds = {kind.name for kind in list_kinds()}
    assert all(set(load_definition(path).kinds) <= kinds for path in definition_paths())


def test_moods_share_out_the_exposure_and_tint_lights_without_changing_their_strength(tmp_path: Path) -> None:
    mood = '[moods.evening]\nenvironment = { share = 0.7, color = "#FF8000" }\n'
    definition = load_definition(written(tmp_path, MINIMAL + mood))
    (evening,) = definition.moods
    assert evening.titles["zh-hans"] == "傍晚斜阳"
    assert evening.shares == {"environment": 0.7}
    red, green, blue = evening.colors["environment"]
    assert 0.2126 * red + 0.7152 * green + 0.0722 * blue == pytest.approx(1, abs=1e-3)
    assert red > green > blue == 0


def test_a_set_may_take_its_lights_and_moods_from_a_rig(tmp_path: Path) -> None:
    own = MINIMAL.replace('family = "sweep"', 'family = "sweep"\nrig = "studio"')
    definition = load_definition(written(tmp_path, own + "[lights.noon]\nsize = [0.5, 0.5]\n"))
    by_name = {light.name: light for light in definition.lights}
    assert list(by_name)[:2] == ["key", "noon"]
    assert by_name["noon"].size == (0.5, 0.5)
    assert by_name["noon"].kind == "softbox"
    assert {mood.name for mood in definition.moods} == set(MOODS)


def test_a_flat_lay_is_turned_so_that_its_table_is_a_wall_behind_the_product(tmp_path: Path) -> None:
    above = MINIMAL.replace('family = "sweep"', 'family = "flatlay"\ntop_down = true')
    above = above.replace("origin = [0.0, -1.0, 0.2]", "origin = [0.0, 0.0, 2.0]")
    above = above.replace("target = [0.0, 0.0, 0.1]", "target = [0.0, 0.0, 0.0]")
    definition = load_definition(written(tmp_path, above))
    assert definition.camera.origin == (0.0, -2.0, 0.0)
    assert definition.anchors[0].normal == (0.0, -1.0, 0.0)
    assert pitch_range(definition) == [60.0, 90.0]


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
        ("[anchors", "[moods.noon]\nsun = 1.0\n[anchors", "uses a light that there is not: sun"),
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
