"""A tiny set is rendered for real where the renderer is installed (it is a development extra)."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from inference.engines.studio_sets import codec
from inference.engines.studio_sets.render import mitsuba_runtime
from inference.engines.studio_sets.render.__main__ import main
from inference.engines.studio_sets.render.definition import DefinitionError, SetDefinition, load_definition
from inference.engines.studio_sets.render.mitsuba_runtime import RendererMissingError, mitsuba, oidn
from inference.engines.studio_sets.render.produce import Progress, Settings, kept_quality, produce
from tests.unit.inference.test_sets_definitions import MINIMAL, written

LIT = MINIMAL.replace("share = 1.0", "share = 0.25") + (
    '[lights.key]\nkind = "softbox"\nshare = 0.75\ncenter = [-0.6, -0.6, 0.8]\nsize = [0.4, 0.4]\n'
)


@pytest.fixture
def renderer() -> None:
    try:
        mitsuba()
        oidn()
    except RendererMissingError as missing:
        pytest.skip(f"rendering is a development extra: {missing}")


@pytest.mark.usefixtures("renderer")
def test_a_tiny_set_is_rendered_exposed_and_described(tmp_path: Path) -> None:
    definition = load_definition(written(tmp_path, LIT))
    settings = Settings(tmp_path / "cache", size=64, spp=4)
    lines: list[str] = []
    produce(definition, tmp_path / "out", settings, lines.append)
    folder = tmp_path / "out" / "bare"
    described = json.loads((folder / "set.json").read_text(encoding="utf-8"))
    assert [light["name"] for light in described["lights"]] == ["environment", "key"]
    plates = [codec.decode((folder / light["file"]).read_bytes(), light["encoding"]) for light in described["lights"]]
    floor = np.sum(plates, axis=0)[40:].mean()
    # An 18 % grey floor (#808080 is 0.216) under an exposure of 1 is about as bright as its albedo.
    assert 0.15 < floor < 0.35
    assert lines[-1].startswith("bare: written")


@pytest.mark.usefixtures("renderer")
def test_a_second_run_renders_nothing_again(tmp_path: Path) -> None:
    definition = load_definition(written(tmp_path, LIT))
    settings = Settings(tmp_path / "cache", size=64, spp=1)
    produce(definition, tmp_path / "out", settings, lambda line: None)
    before = (tmp_path / "out" / "bare" / "set.json").stat().st_mtime_ns
    lines: list[str] = []
    produce(definition, tmp_path / "out", settings, lines.append)
    assert lines == ["bare: current, nothing to render\n"]
    assert (tmp_path / "out" / "bare" / "set.json").stat().st_mtime_ns == before


@pytest.mark.usefixtures("renderer")
def test_new_titles_and_moods_leave_the_plates_as_they_are(tmp_path: Path) -> None:
    settings = Settings(tmp_path / "cache", size=64, spp=1)
    folder = tmp_path / "out" / "bare"
    produce(load_definition(written(tmp_path, LIT)), tmp_path / "out", settings, lambda line: None)
    before = {path.name: path.stat().st_mtime_ns for path in folder.iterdir()}
    mood = LIT.replace("Bare", "Empty") + "[moods.soft]\nkey = 0.3\nenvironment = 0.5\n"
    produce(load_definition(written(tmp_path, mood)), tmp_path / "out", settings, lambda line: None)
    after = {path.name: path.stat().st_mtime_ns for path in folder.iterdir()}
    assert {name for name in after if after[name] != before[name]} == {"set.json"}
    described = json.loads((folder / "set.json").read_text(encoding="utf-8"))
    assert described["titles"]["en"] == "Empty"
    assert described["moods"][0]["lights"]["key"]["weight"] == pytest.approx(0.3 / 0.75)


@pytest.mark.usefixtures("renderer")
def test_plates_that_were_made_finer_are_not_made_again(tmp_path: Path) -> None:
    folder = tmp_path / "out" / "bare"
    fine, asked = Settings(tmp_path / "cache", size=64, spp=4), Settings(tmp_path / "cache", size=64, spp=1)
    produce(load_definition(written(tmp_path, LIT)), tmp_path / "out", fine, lambda line: None)
    before = {path.name: path.stat().st_mtime_ns for path in folder.iterdir()}
    renamed = load_definition(written(tmp_path, LIT.replace("Bare", "Empty")))
    produce(renamed, tmp_path / "out", asked, lambda line: None)
    after = {path.name: path.stat().st_mtime_ns for path in folder.iterdir()}
    assert {name for name in after if after[name] != before[name]} == {"set.json"}
    described = json.loads((folder / "set.json").read_text(encoding="utf-8"))
    assert (described["title"], described["render"]) == ("Empty", {"size": 64, "spp": 4})
    assert described["variant"] == mitsuba_runtime.variant()


@pytest.mark.usefixtures("renderer")
def test_it_names_a_light_that_does_not_reach_the_product(tmp_path: Path) -> None:
    below = LIT.replace("center = [-0.6, -0.6, 0.8]", "center = [-0.6, -0.6, -0.8]")
    with pytest.raises(DefinitionError, match="bare: light key does not reach center"):
        produce(load_definition(written(tmp_path, below)), tmp_path, Settings(tmp_path, 64, 1), lambda line: None)


@pytest.mark.parametrize(
    ("on_disk", "kept"),
    [
        ({"size": 64, "spp": 32}, {"size": 64, "spp": 32}),
        ({"size": 64, "spp": 8}, {"size": 64, "spp": 8}),
        ({"size": 64, "spp": 4}, {"size": 64, "spp": 8}),
        ({"size": 128, "spp": 32}, {"size": 64, "spp": 8}),
    ],
)
def test_plates_stay_where_they_are_as_good_as_asked(
    tmp_path: Path, on_disk: dict[str, int], kept: dict[str, int]
) -> None:
    (tmp_path / "set.json").write_text(json.dumps({"render": on_disk}), encoding="utf-8")
    assert kept_quality(tmp_path, {"size": 64, "spp": 8}) == kept
    assert kept_quality(tmp_path / "nothing", {"size": 64, "spp": 8}) == {"size": 64, "spp": 8}


def test_it_stops_between_two_passes_when_the_time_is_over(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    done: list[str] = []

    def passes(definition: SetDefinition, out: Path, settings: Settings, progress: Progress) -> None:
        for light in ("key", "noon"):
            progress(light)
            done.append(light)

    monkeypatch.setattr("inference.engines.studio_sets.render.__main__.produce", passes)
    assert main(["white-sweep", "--out", str(tmp_path)]) == 0
    assert done == ["key", "noon"]
    assert main(["white-sweep", "plinth", "--out", str(tmp_path), "--minutes", "0.000001"]) == 3
    assert done == ["key", "noon"]
    assert "minutes are over. Run it again: it goes on where it stopped." in capsys.readouterr().err


def test_it_says_in_one_sentence_what_it_can_render_with(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv(mitsuba_runtime.VARIANT, "scalar_rgb")
    monkeypatch.setattr("inference.engines.studio_sets.render.produce.mitsuba", mitsuba.__wrapped__)
    assert main(["white-sweep", "--out", str(tmp_path), "--cache", str(tmp_path)]) == 1
    said = "VISUALFORGE_MITSUBA_VARIANT is 'scalar_rgb': set it to llvm_ad_rgb or cuda_ad_rgb."
    assert said in capsys.readouterr().err


def test_it_says_in_one_sentence_that_llvm_is_missing(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.delenv("DRJIT_LIBLLVM_PATH", raising=False)
    monkeypatch.setattr(mitsuba_runtime, "LLVM_CANDIDATES", ())
    monkeypatch.setattr("inference.engines.studio_sets.render.produce.mitsuba", mitsuba.__wrapped__)
    assert main(["white-sweep", "--out", str(tmp_path), "--cache", str(tmp_path)]) == 1
    assert "LLVM 19 was not found: run `apt-get install libllvm19`" in capsys.readouterr().err


def test_it_asks_for_a_name(capsys: pytest.CaptureFixture[str]) -> None:
    assert main([]) == 2
    assert "Name a set, or --all." in capsys.readouterr().err
