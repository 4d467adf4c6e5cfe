"""What becomes of good pictures."""

from __future__ import annotations

import io

import numpy as np
import pytest
from PIL import Image

from apps.assets.decoding import derive
from apps.assets.types import SPECS
from tests.unit.assets import pictures as made
from tests.unit.assets.conftest import TakeIn, opened


def worst(picture: Image.Image, expected: Image.Image) -> int:
    return int(np.abs(np.asarray(picture).astype(int) - np.asarray(expected).astype(int)).max())


@pytest.mark.parametrize(
    ("file_format", "options", "tolerance"),
    [
        ("PNG", {}, 0),
        ("BMP", {}, 0),
        ("TIFF", {}, 0),
        ("TIFF", {"compression": "tiff_lzw"}, 0),
        ("TIFF", {"compression": "tiff_deflate"}, 0),
        ("WEBP", {"lossless": True}, 0),
        ("WEBP", {"quality": 95}, 12),
        ("AVIF", {"quality": 95, "subsampling": "4:4:4"}, 8),
        ("JPEG", {"quality": 95, "subsampling": 0}, 4),
        ("JPEG", {"quality": 95, "subsampling": 0, "progressive": True}, 4),
    ],
)
def test_it_accepts_every_format_and_keeps_the_pixels(
    take: TakeIn, file_format: str, options: dict[str, object], tolerance: int
) -> None:
    intake = take(made.saved(made.gradient(), file_format, **options))
    assert intake.format == file_format
    assert intake.clean.content_type == "image/png"
    assert (intake.clean.width, intake.clean.height) == made.SIZE
    assert opened(intake).mode == "RGB"
    assert worst(opened(intake), made.gradient()) <= tolerance


def test_a_large_photo_is_kept_without_losses_in_less_room_than_png(take: TakeIn) -> None:
    rows, columns = np.mgrid[0:4001, 0:4000].astype(np.uint16)
    clear = np.where(rows < 40, 0, 255)  # what is clear has a colour as well, which must stay
    pixels = np.dstack([columns // 17, rows // 17, (rows + columns) // 35, clear]).astype(np.uint8)
    sent = made.saved(Image.fromarray(pixels), "PNG", compress_level=1, exif=made.exif_with(1, with_place=True))
    clean = take(sent).clean
    assert (clean.content_type, clean.width, clean.height) == ("image/webp", 4000, 4001)
    assert len(clean.data) < len(sent)
    kept = Image.open(io.BytesIO(clean.data), formats=["WEBP"])
    assert not {"exif", "xmp", "icc_profile"} & set(kept.info)
    assert np.array_equal(np.asarray(kept), pixels)


def test_the_clean_copy_holds_pixels_and_nothing_else(take: TakeIn) -> None:
    exif = made.exif_with(1, description="SECRET-CAMERA", with_place=True)
    xmp = b"<x:xmpmeta xmlns:x='adobe:ns:meta/'>SECRET-XMP 52,31.2N</x:xmpmeta>"
    for file_format in ("JPEG", "PNG", "WEBP", "AVIF", "TIFF"):
        sent = made.saved(made.gradient(), file_format, exif=exif, **({"xmp": xmp} if file_format != "TIFF" else {}))
        assert b"SECRET-CAMERA" in sent
        clean = take(sent + b"SECRET-TRAILER PK\x03\x04<script>").clean.data
        assert b"SECRET" not in clean
        assert b"<script>" not in clean
        assert b"2026:01:31" not in clean
        assert set(made.chunks_of(clean)) == {b"IHDR", b"IDAT", b"IEND"}
        assert not Image.open(io.BytesIO(clean)).info


@pytest.mark.parametrize("file_format", ["JPEG", "PNG", "WEBP", "AVIF", "TIFF"])
@pytest.mark.parametrize("orientation", range(1, 9))
def test_it_turns_photos_upright(take: TakeIn, orientation: int, file_format: str) -> None:
    upright = made.corners()
    undo = {
        1: None,
        2: Image.Transpose.FLIP_LEFT_RIGHT,
        3: Image.Transpose.ROTATE_180,
        4: Image.Transpose.FLIP_TOP_BOTTOM,
        5: Image.Transpose.TRANSPOSE,
        6: Image.Transpose.ROTATE_90,
        7: Image.Transpose.TRANSVERSE,
        8: Image.Transpose.ROTATE_270,
    }[orientation]
    stored = upright if undo is None else upright.transpose(undo)
    intake = take(made.saved(stored, file_format, exif=made.exif_with(orientation)))
    assert (intake.clean.width, intake.clean.height) == upright.size
    got = opened(intake)
    for x, y, colour in ((12, 12, (255, 0, 0)), (84, 12, (0, 255, 0)), (12, 52, (0, 0, 255)), (84, 52, (255,) * 3)):
        assert np.abs(np.subtract(got.getpixel((x, y)), colour)).max() <= 16, (x, y)


COLOURS = [(200, 120, 90), (90, 160, 110), (60, 80, 170), (128, 128, 128), (250, 250, 250), (10, 10, 10), (180, 40, 60)]


@pytest.mark.parametrize(
    ("profile", "primaries", "decode"),
    [
        (made.P3, made.P3_TO_D50, made.srgb_to_linear),
        (made.ADOBE_RGB, made.ADOBE_TO_D50, lambda v: v**2.19921875),
    ],
    ids=["Display P3", "Adobe RGB"],
)
@pytest.mark.parametrize("file_format", ["PNG", "TIFF", "WEBP"])
def test_it_converts_wide_colours_to_srgb(
    take: TakeIn, profile: bytes, primaries: tuple, decode: object, file_format: str
) -> None:
    options = {"lossless": True} if file_format == "WEBP" else {}
    intake = take(made.saved(made.patches(COLOURS), file_format, icc_profile=profile, **options))
    assert intake.profile == "converted"
    got = np.asarray(opened(intake))[32, 32::64].astype(int)
    expected = made.through(primaries, decode(np.array(COLOURS) / 255))
    assert np.abs(got - expected).max() <= 1
    assert np.abs(got - np.array(COLOURS)).max() >= 8


def test_a_spelling_of_srgb_changes_no_pixel(take: TakeIn) -> None:
    intake = take(made.saved(made.gradient(), "PNG", icc_profile=made.SRGB))
    assert intake.profile == "srgb"
    assert worst(opened(intake), made.gradient()) == 0


def test_it_converts_cmyk_with_its_profile(take: TakeIn) -> None:
    inks = [(255, 0, 0, 0), (0, 255, 0, 0), (0, 0, 255, 0), (0, 0, 0, 0), (0, 255, 255, 0), (0, 0, 0, 255)]
    sent = made.saved(made.patches(inks, "CMYK"), "TIFF", icc_profile=made.cmyk_profile())
    intake = take(sent)
    assert intake.profile == "converted"
    got = np.asarray(opened(intake))[32, 32::64].astype(int)
    on = [tuple(1 if v else 0 for v in ink) for ink in inks]
    assert np.abs(got - [made.lab_to_srgb(made.ink_lab(ink)) for ink in on]).max() <= 3


@pytest.mark.parametrize("file_format", ["TIFF", "JPEG"])
def test_cmyk_without_a_profile_is_still_a_picture(take: TakeIn, file_format: str) -> None:
    inks = [(0, 0, 0, 0), (0, 0, 0, 255), (255, 0, 0, 0)]
    intake = take(made.saved(made.patches(inks, "CMYK"), file_format))
    assert intake.profile == "untagged"
    white, black, cyan = np.asarray(opened(intake))[32, 32::64].astype(int)
    assert white.min() >= 250
    assert black.max() <= 5
    assert cyan[0] < 20 < 200 < cyan[2]


def test_a_profile_of_another_space_or_a_broken_one_is_ignored(take: TakeIn) -> None:
    for profile in (made.cmyk_profile(), b"not a profile at all", made.P3[:200]):
        intake = take(made.saved(made.gradient(), "PNG", icc_profile=profile))
        assert intake.profile == "ignored"
        assert worst(opened(intake), made.gradient()) == 0


def test_grey_pictures_become_rgb(take: TakeIn) -> None:
    grey = made.gradient("L")
    assert worst(opened(take(made.saved(grey, "PNG"))), grey.convert("RGB")) == 0


def test_a_grey_profile_is_applied(take: TakeIn) -> None:
    levels = [(30,), (128,), (200,)]
    intake = take(made.saved(made.patches(levels, "L"), "PNG", icc_profile=made.grey_profile(1.8)))
    got = np.asarray(opened(intake))[32, 32::64].astype(int)
    expected = 255 * made.linear_to_srgb((np.array(levels) / 255) ** 1.8)
    assert np.abs(got - expected).max() <= 1


@pytest.mark.parametrize("file_format", ["PNG", "TIFF"])
def test_sixteen_bit_grey_keeps_its_tones(take: TakeIn, file_format: str) -> None:
    deep = np.linspace(0, 65535, 96 * 72).reshape(72, 96).astype(np.uint16)
    got = np.asarray(opened(take(made.saved(Image.fromarray(deep), file_format))))[..., 0].astype(float)
    assert np.abs(got - deep / 257).max() <= 0.51


def test_sixteen_bit_colour_keeps_its_tones(take: TakeIn) -> None:
    import cv2

    deep = (np.asarray(made.gradient()).astype(np.uint16) * 257)[:, :, ::-1]
    ok, png = cv2.imencode(".png", deep)
    assert ok
    assert worst(opened(take(png.tobytes())), made.gradient()) <= 1


def test_transparency_is_kept(take: TakeIn) -> None:
    picture = made.gradient("RGBA")
    picture.putalpha(Image.linear_gradient("L").resize(made.SIZE))
    for file_format in ("PNG", "WEBP", "TIFF"):
        options = {"lossless": True, "exact": True} if file_format == "WEBP" else {}
        got = opened(take(made.saved(picture, file_format, **options)))
        assert got.mode == "RGBA"
        assert worst(got, picture) == 0


def test_grey_with_alpha_and_palettes_keep_their_transparency(take: TakeIn) -> None:
    grey = made.gradient("LA")
    grey.putalpha(Image.linear_gradient("L").resize(made.SIZE))
    assert worst(opened(take(made.saved(grey, "PNG"))), grey.convert("RGBA")) == 0
    palette = made.gradient().quantize(16)
    sent = made.saved(palette, "PNG", transparency=3)
    got = opened(take(sent))
    assert got.mode == "RGBA"
    assert worst(got, Image.open(io.BytesIO(sent)).convert("RGBA")) == 0


def test_an_alpha_channel_that_hides_nothing_is_dropped(take: TakeIn) -> None:
    assert opened(take(made.saved(made.gradient("RGBA"), "PNG"))).mode == "RGB"


def test_black_and_white_and_palette_pictures_become_rgb(take: TakeIn) -> None:
    for mode in ("1", "P"):
        picture = made.gradient(mode)
        assert worst(opened(take(made.saved(picture, "PNG"))), picture.convert("RGB")) == 0


def test_equal_pixels_give_equal_bytes_whatever_the_file_was(take: TakeIn) -> None:
    files = [
        made.saved(made.gradient(), "PNG"),
        made.saved(made.gradient(), "BMP"),
        made.saved(made.gradient(), "TIFF", exif=made.exif_with(1, description="another camera")),
        made.saved(made.gradient("RGBA"), "WEBP", lossless=True),
    ]
    assert len({take(data).clean.data for data in files}) == 1


def test_a_phone_photo_with_a_second_picture_inside_is_one_photo(take: TakeIn) -> None:
    first, second = made.gradient(), made.gradient().resize((32, 24))
    sent = made.saved(first, "MPO", save_all=True, append_images=[second], quality=95, subsampling=0)
    intake = take(sent)
    assert intake.format == "JPEG"
    assert worst(opened(intake), first) <= 4


def test_broken_metadata_does_not_cost_the_picture(take: TakeIn) -> None:
    for exif in (b"Exif\0\0II*\0\xff\xff\xff\xff", b"Exif\0\0MM\0*\0\0\0\x08\xff\xff" + b"\xff" * 40, b"Exif\0\0"):
        intake = take(made.saved(made.gradient(), "JPEG", exif=exif, quality=95, subsampling=0))
        assert worst(opened(intake), made.gradient()) <= 4


def test_fifty_megapixels_are_taken_within_the_limits(take: TakeIn) -> None:
    intake = take(made.saved(Image.new("RGB", (8000, 6250), (90, 40, 200)), "PNG", compress_level=1))
    assert (intake.clean.width, intake.clean.height) == (8000, 6250)


def test_renditions_shrink_and_never_grow() -> None:
    png = made.saved(made.gradient(size=(900, 600)), "PNG")
    files = derive(png, content_type="image/png", specs=[SPECS["webp-320"], SPECS["webp-1280"], SPECS["jpeg"]])
    assert (files["webp-320"].width, files["webp-320"].height) == (320, 213)
    assert (files["webp-1280"].width, files["webp-1280"].height) == (900, 600)
    assert Image.open(io.BytesIO(files["webp-320"].data)).size == (320, 213)
    assert Image.open(io.BytesIO(files["jpeg"].data)).format == "JPEG"


def test_renditions_are_the_same_bytes_every_time() -> None:
    png = made.saved(made.gradient(size=(400, 300)), "PNG")
    once, again = (derive(png, content_type="image/png", specs=[SPECS["webp-320"]]) for _ in range(2))
    assert once["webp-320"].data == again["webp-320"].data


def test_a_jpeg_of_a_cutout_has_white_behind_it() -> None:
    cutout = Image.new("RGBA", (80, 80), (0, 0, 0, 0))
    files = derive(made.saved(cutout, "PNG"), content_type="image/png", specs=[SPECS["jpeg"], SPECS["webp-320"]])
    assert Image.open(io.BytesIO(files["jpeg"].data)).getpixel((40, 40)) == (255, 255, 255)
    assert Image.open(io.BytesIO(files["webp-320"].data)).mode == "RGBA"
