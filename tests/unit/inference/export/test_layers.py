"""A shot in layers: what is put together again is the shot, for us and for other programs."""

from __future__ import annotations

import io

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from psd_tools import PSDImage

from inference.errors import InputRejected
from inference.ops.certificate import Identity, root_of
from inference.ops.credentials import State, examine
from inference.ops.layers import merged, split_layers
from inference.ops.psd import LAYER_NAMES, read_psd, write_psd
from inference.ops.srgb_profile import srgb_icc
from inference.ops.xmp import COMPOSITE
from inference.pipelines.export import ExportedFile, Target, from_master, render_scene, write_file
from inference.pipelines.file_check import check_file
from inference.pipelines.product_shot import make_shot
from inference.pipelines.rules import Rule
from inference.ports import SceneOptions
from inference.types import Cutout, ShotResult, ShotSpec
from tests.unit.inference.export.psd_by_the_book import composed, read_layers


@pytest.fixture(scope="module")
def shot(photo: np.ndarray, cutout: Cutout, options: SceneOptions) -> ShotResult:
    return make_shot(photo, cutout, ShotSpec("glossy", 320, 320, seed=2), options=options)


@pytest.fixture(scope="module")
def layered(
    photo: np.ndarray, cutout: Cutout, shot: ShotResult, options: SceneOptions, photo_file: bytes, identity: Identity
) -> ExportedFile:
    wish = Target("layers", "psd")
    rendered = render_scene(photo, cutout, shot.recipe, wish, options=options)
    return write_file(
        rendered, wish, name="a.psd", profile="p 1", identity=identity, photo=photo_file, photo_type="image/png"
    )


def test_the_stack_is_the_shot_pixel_for_pixel(shot: ShotResult, layered: ExportedFile) -> None:
    content = read_psd(layered.data)

    assert (content.merged == shot.master).all()
    assert (merged(content.layers) == shot.master).all()
    assert content.icc == srgb_icc()
    assert b"digitalsourcetype/composite" in content.xmp
    assert content.layers.light.any()
    assert (content.layers.shadow < 255).any()
    assert content.layers.reflection[..., 3].any()
    assert (content.layers.mask == shot.mask).all()


def test_another_program_composes_the_layers_to_within_one_level(shot: ShotResult, layered: ExportedFile) -> None:
    from psd_tools.composite import composite

    document = PSDImage.open(io.BytesIO(layered.data))
    colour, _, _ = composite(document)
    difference = np.abs(np.rint(colour * 255).astype(int) - shot.master)

    assert [layer.name for layer in document] == list(LAYER_NAMES)
    assert difference.max() <= 1
    assert (difference > 0).mean() < 0.01


def test_a_reader_that_knows_only_the_file_format_finds_the_layers_and_the_shot(
    shot: ShotResult, layered: ExportedFile
) -> None:
    size, layers = read_layers(layered.data)
    assert size == shot.master.shape[:2]
    assert [layer.name for layer in layers] == list(LAYER_NAMES)
    assert [layer.blend for layer in layers] == ["norm", "lddg", "mul ", "norm", "norm"]
    assert (composed(layered.data) == shot.master).all()


def test_the_check_reads_layers_and_credentials_beside_the_file(
    shot: ShotResult, layered: ExportedFile, identity: Identity
) -> None:
    trust = root_of(identity.chain_pem)
    rules = (Rule("layers_match", 0), Rule("formats", ["psd"]))

    def judged(data: bytes) -> list[str]:
        report = check_file(
            data,
            rules,
            name="a.psd",
            trust_pem=trust,
            source_type=COMPOSITE,
            sidecar=layered.sidecar,
            master=shot.master,
            mask=shot.mask,
        )
        return [check.rule for check in report.checks if not check.passed]

    assert judged(layered.data) == []
    other = write_psd(read_psd(layered.data).layers, 255 - shot.master, xmp=b"")
    assert set(judged(other)) == {"layers_match", "source_type", "credentials", "product_kept"}
    changed = layered.data[:-1] + bytes([layered.data[-1] ^ 1])
    assert examine(changed, layered.media_type, trust_pem=trust, sidecar=layered.sidecar).state == State.ALTERED


def test_a_shot_whose_set_was_renewed_is_refused(
    photo: np.ndarray,
    cutout: Cutout,
    shot: ShotResult,
    options: SceneOptions,
) -> None:
    older = {**shot.recipe, "output": {**shot.recipe["output"], "pixels_sha256": "0" * 64}}
    with pytest.raises(InputRejected) as caught:
        render_scene(photo, cutout, older, Target("layers", "psd"), options=options)
    assert caught.value.code == "export.shot_changed"


def test_a_shot_is_drawn_larger_only_as_far_as_the_photo_goes(
    photo: np.ndarray,
    cutout: Cutout,
    shot: ShotResult,
    options: SceneOptions,
) -> None:
    wish = Target("scene", "jpeg", longest=4000)
    small = render_scene(photo, cutout, shot.recipe, wish, options=options)
    assert small.product_scale <= 1
    assert 320 < small.pixels.shape[1] < 4000
    assert small.recipe["parameters"]["window"] == shot.recipe["parameters"]["window"]  # the same picture
    assert small.gate.max_abs_diff == 0


def test_another_psd_is_a_clear_word() -> None:
    file = io.BytesIO()
    PSDImage.new("RGB", (8, 8)).save(file)
    with pytest.raises(InputRejected) as caught:
        read_psd(file.getvalue())
    assert caught.value.code == "export.psd_unreadable"


@settings(max_examples=60, deadline=None)
@given(st.integers(0, 2**32 - 1))
def test_any_four_pictures_of_a_scene_are_solved_exactly(seed: int) -> None:
    dice = np.random.default_rng(seed)
    even, bare, full = (dice.integers(0, 256, (9, 7, 3), dtype=np.uint8) for _ in range(3))
    shaded = np.minimum(bare, dice.integers(0, 256, bare.shape, dtype=np.uint8))
    product, mask = dice.integers(0, 256, (9, 7, 3), dtype=np.uint8), dice.integers(0, 256, (9, 7), dtype=np.uint8)
    layers = split_layers(
        even=even, bare=bare, shaded=shaded, full=full, product=np.dstack([product, mask]), master=full
    )
    share = mask[..., None].astype(np.float32) / np.float32(255)
    wanted = np.rint(full + (product.astype(np.float32) - full) * share).astype(np.uint8)
    assert (merged(layers) == wanted).all()


def test_a_shot_whose_set_was_renewed_leaves_as_its_master_or_smaller_but_never_at_another_ratio(
    shot: ShotResult,
) -> None:
    same = from_master(shot.master, shot.recipe, Target("scene", "png"))
    half = from_master(shot.master, shot.recipe, Target("scene", "jpeg", width=160, height=160))
    larger = from_master(shot.master, shot.recipe, Target("scene", "jpeg", longest=2000))

    assert (same.pixels == shot.master).all()
    assert half.pixels.shape == (160, 160, 3)
    assert half.product_scale == same.product_scale / 2
    assert (larger.pixels == shot.master).all()
    for wish in (Target("scene", "jpeg", width=300, height=400), Target("layers", "psd")):
        with pytest.raises(InputRejected) as caught:
            from_master(shot.master, shot.recipe, wish)
        assert caught.value.code == "export.shot_changed"
