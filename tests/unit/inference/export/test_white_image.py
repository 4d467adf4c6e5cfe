"""The main image on white: placed, measured on the written file, never enlarged silently."""

from __future__ import annotations

import io
from dataclasses import replace

import numpy as np
import pytest
from PIL import Image

from inference.errors import InputRejected
from inference.ops import white, xmp
from inference.ops.certificate import Identity, root_of
from inference.ops.credentials import State, examine
from inference.pipelines.export import ExportedFile, Target, render_white, write_file
from inference.pipelines.export import file as export_file
from inference.pipelines.export.types import FINE_QUALITY
from inference.pipelines.file_check import check_file
from inference.pipelines.rules import Check, Rule
from inference.types import Cutout

RULES = (Rule("white_border", 0.02), Rule("fill_min", 0.85), Rule("fill_max", 0.9), Rule("formats", ["jpeg"]))


def target(size: int = 800, **changes: object) -> Target:
    values: dict[str, object] = {"kind": "white", "file_format": "jpeg", "width": size, "height": size, "fill": 0.87}
    return Target(**{**values, **changes})  # type: ignore[arg-type]


def written(
    photo: np.ndarray, cutout: Cutout, photo_file: bytes, identity: Identity, wish: Target, **changes: bool
) -> tuple[ExportedFile, np.ndarray]:
    rendered = render_white(photo, cutout, wish, **changes)
    file = write_file(
        rendered, wish, name="a.jpg", profile="p 1", identity=identity, photo=photo_file, photo_type="image/png"
    )
    return file, np.asarray(Image.open(io.BytesIO(file.data)).convert("RGB"))


def failures(data: bytes, identity: Identity, *rules: Rule, name: str = "a.jpg") -> list[str]:
    report = check_file(data, rules, name=name, trust_pem=root_of(identity.chain_pem))
    return [check.rule for check in report.checks if not check.passed]


@pytest.mark.parametrize("shadow", [False, True])
def test_the_written_file_has_a_pure_white_border_and_the_asked_fill(
    photo: np.ndarray, cutout: Cutout, photo_file: bytes, identity: Identity, shadow: bool
) -> None:
    file, pixels = written(photo, cutout, photo_file, identity, target(), shadow=shadow)

    assert failures(file.data, identity, *RULES) == []
    ring = np.ones(pixels.shape[:2], bool)
    ring[16:-16, 16:-16] = False
    assert (pixels[ring] == 255).all()
    assert 0.86 <= white.measured_fill(pixels) <= (0.9 if shadow else 0.88)


def test_without_a_shadow_everything_outside_the_soft_edge_is_255(photo: np.ndarray, cutout: Cutout) -> None:
    rendered = render_white(photo, cutout, target())
    assert (rendered.pixels[rendered.mask == 0] == 255).all()
    assert (rendered.pixels[rendered.mask == 255] < 255).any(axis=1).all()


def test_a_shadow_lies_below_the_product_and_nowhere_near_the_border(photo: np.ndarray, cutout: Cutout) -> None:
    plain, shaded = render_white(photo, cutout, target()), render_white(photo, cutout, target(), shadow=True)
    rows, columns = np.nonzero((plain.pixels != shaded.pixels).any(axis=2))
    foot = np.nonzero(plain.mask.any(axis=1))[0][-1]
    assert len(rows) > 500
    assert rows.min() > foot - 0.12 * 800
    assert rows.max() < 800 - 16
    assert columns.min() >= 16
    assert columns.max() < 800 - 16


def test_the_products_pixels_pass_the_gate_untouched(photo: np.ndarray, cutout: Cutout) -> None:
    gate = render_white(photo, cutout, target(), shadow=True).gate
    assert gate.passed
    assert gate.max_abs_diff == 0
    assert gate.pixels_compared > 50_000


def test_a_photo_that_is_too_small_gives_a_smaller_file_and_the_reason(
    photo: np.ndarray, cutout: Cutout, photo_file: bytes, identity: Identity
) -> None:
    file, pixels = written(photo, cutout, photo_file, identity, target(2000))
    report = check_file(
        file.data,
        (Rule("zoom_longest", 1000), Rule("product_size", 1.0)),
        name="a.jpg",
        trust_pem=root_of(identity.chain_pem),
    )

    side = pixels.shape[0]
    assert 900 < side < 1000
    assert not report.passed
    assert [check for check in report.checks if not check.passed] == [
        Check("zoom_longest", "required", passed=False, needed=1000, found=side)
    ]


def test_enlarging_is_done_only_on_demand_and_is_written_into_the_file(
    photo: np.ndarray, cutout: Cutout, photo_file: bytes, identity: Identity
) -> None:
    file, pixels = written(photo, cutout, photo_file, identity, target(2000), enlarge=True)
    signed = examine(file.data, "image/jpeg", trust_pem=root_of(identity.chain_pem))

    assert pixels.shape == (2000, 2000, 3)
    assert signed.recipe["product_scale"] > 2
    assert failures(file.data, identity, Rule("product_size", 1.0)) == ["product_size"]


def test_a_byte_cap_is_kept_by_the_best_quality_that_fits(
    photo: np.ndarray, cutout: Cutout, photo_file: bytes, identity: Identity
) -> None:
    free, _ = written(photo, cutout, photo_file, identity, target())
    capped, _ = written(photo, cutout, photo_file, identity, target(max_bytes=len(free.data) - 20_000))

    assert len(capped.data) <= len(free.data) - 20_000
    assert capped.quality is not None
    assert free.quality is not None
    assert 72 <= capped.quality < free.quality


def test_a_cap_holds_for_the_whole_file_however_much_the_signature_takes(
    photo: np.ndarray, cutout: Cutout, photo_file: bytes, identity: Identity, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(export_file, "RESERVED_BYTES", -6000)  # as if the certificate had come with a long chain
    free, _ = written(photo, cutout, photo_file, identity, target())
    capped, _ = written(photo, cutout, photo_file, identity, target(max_bytes=len(free.data) - 1000))
    assert len(free.data) - 20_000 < len(capped.data) <= len(free.data) - 1000


def test_a_size_that_is_only_advised_is_kept_to_as_long_as_the_quality_is_fine(
    photo: np.ndarray, cutout: Cutout, photo_file: bytes, identity: Identity
) -> None:
    free, _ = written(photo, cutout, photo_file, identity, target())
    nearer, _ = written(photo, cutout, photo_file, identity, target(aim_bytes=len(free.data) - 20_000))
    too_far, _ = written(photo, cutout, photo_file, identity, target(aim_bytes=20_000))
    assert len(nearer.data) <= len(free.data) - 20_000
    assert nearer.quality is not None
    assert FINE_QUALITY <= nearer.quality < 95
    assert too_far.quality == free.quality


def test_a_cap_below_the_lowest_quality_is_a_clear_failure(
    photo: np.ndarray, cutout: Cutout, photo_file: bytes, identity: Identity
) -> None:
    with pytest.raises(InputRejected) as caught:
        written(photo, cutout, photo_file, identity, target(max_bytes=20_000))
    assert caught.value.code == "export.too_many_bytes"
    assert caught.value.params["limit"] == 20_000, "of the whole file, as the marketplace counts"
    assert isinstance(caught.value.params["smallest"], int)
    assert caught.value.params["smallest"] > 20_000


def test_a_transparent_image_keeps_the_product_and_has_no_background(
    photo: np.ndarray, cutout: Cutout, photo_file: bytes, identity: Identity
) -> None:
    wish = target(kind="cutout", file_format="png")
    rendered = render_white(photo, cutout, wish, shadow=True)
    file = write_file(
        rendered, wish, name="a.png", profile="p 1", identity=identity, photo=photo_file, photo_type="image/png"
    )
    pixels = np.asarray(Image.open(io.BytesIO(file.data)))
    assert (pixels == rendered.pixels).all()
    assert pixels.shape == (800, 800, 4)
    assert failures(file.data, identity, Rule("transparent", True), name="a.png") == []


def test_an_empty_cutout_is_a_clear_word(photo: np.ndarray) -> None:
    empty = Cutout(photo, np.zeros(photo.shape[:2], np.uint8), "drawn", 1.0)
    with pytest.raises(InputRejected) as caught:
        render_white(photo, empty, target())
    assert caught.value.code == "shot.empty_cutout"


def test_a_file_that_was_changed_after_signing_fails_its_check(
    photo: np.ndarray, cutout: Cutout, photo_file: bytes, identity: Identity
) -> None:
    file, _ = written(photo, cutout, photo_file, identity, target())
    broken = bytearray(file.data)
    broken[-400] ^= 1
    assert "credentials" in failures(bytes(broken), identity)
    assert examine(bytes(broken), "image/jpeg", trust_pem=root_of(identity.chain_pem)).state == State.ALTERED


def test_a_stripped_re_encoded_or_renamed_file_fails_with_each_reason(identity: Identity, photo: np.ndarray) -> None:
    plain = io.BytesIO()
    Image.fromarray(photo).convert("L").save(plain, "JPEG")
    found = failures(plain.getvalue(), identity, Rule("white_border", 0.02), Rule("formats", ["png"]), name="a.png")
    assert found == ["white_border", "formats", "suffix", "rgb8", "srgb", "source_type", "credentials"]


def test_a_file_must_carry_the_very_term_of_how_it_was_made_in_its_label_and_in_its_credentials(
    photo: np.ndarray, cutout: Cutout, photo_file: bytes, identity: Identity
) -> None:
    wish = target()

    def judged(term: str, needed: str) -> tuple[bool, object]:
        rendered = replace(render_white(photo, cutout, wish), source_type=term)
        file = write_file(
            rendered, wish, name="a.jpg", profile="p 1", identity=identity, photo=photo_file, photo_type="image/png"
        )
        report = check_file(file.data, (), name="a.jpg", trust_pem=root_of(identity.chain_pem), source_type=needed)
        [check] = [check for check in report.checks if check.rule == "source_type"]
        return check.passed, check.found

    assert judged(xmp.ALGORITHMICALLY_ENHANCED, xmp.ALGORITHMICALLY_ENHANCED) == (True, "algorithmicallyEnhanced")
    assert judged(xmp.COMPOSITE, xmp.COMPOSITE_WITH_TRAINED) == (False, "composite")
    assert judged(xmp.TRAINED, "") == (True, "trainedAlgorithmicMedia")

    file, _ = written(photo, cutout, photo_file, identity, wish)
    other = file.data.replace(b"algorithmicallyEnhanced", b"trainedAlgorithmicMedia", 1)
    assert len(other) == len(file.data)
    report = check_file(other, (), name="a.jpg", trust_pem=root_of(identity.chain_pem))
    assert {"source_type", "credentials"} <= {check.rule for check in report.checks if not check.passed}


@pytest.mark.parametrize(
    ("shown", "found"),
    [
        (np.s_[300:500, 300:500], (True, 300)),
        (np.s_[60:700, 60:700], (True, 60)),
        (np.s_[300:790, 300:750], (False, 50)),  # to the lower right corner
        (np.s_[0:800, 300:500], (True, 300)),  # touches two edges, no corner
        (np.s_[:, :], (True, None)),  # a mask that covers everything says that nobody knows
    ],
)
def test_corners_for_badges_are_measured_from_the_product(
    photo: np.ndarray, cutout: Cutout, photo_file: bytes, identity: Identity, shown: object, found: tuple[bool, object]
) -> None:
    file, _ = written(photo, cutout, photo_file, identity, target())
    mask = np.zeros((800, 800), np.uint8)
    mask[shown] = 255
    rule = Rule("corners_clear", 60, "advised")
    report = check_file(file.data, (rule,), name="a.jpg", trust_pem=root_of(identity.chain_pem), mask=mask)
    [check] = [check for check in report.checks if check.rule == "corners_clear"]
    assert (check.passed, check.found) == found


def test_what_is_no_picture_fails_as_unreadable(identity: Identity) -> None:
    assert failures(b"\xff\xd8\xff" + bytes(300), identity) == ["readable"]
