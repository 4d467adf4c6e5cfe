"""Photo files are read upright, in sRGB, one frame, and never too large."""

from __future__ import annotations

import io

import numpy as np
import pytest
from PIL import Image, ImageCms

from inference.errors import InputRejected
from inference.ops import photo as subject
from inference.ops.photo import read_photo


def saved(picture: Image.Image, kind: str, **settings: object) -> bytes:
    buffer = io.BytesIO()
    picture.save(buffer, kind, **settings)
    return buffer.getvalue()


@pytest.fixture
def picture() -> Image.Image:
    return Image.fromarray(np.random.Generator(np.random.PCG64(1)).integers(0, 256, (40, 60, 3), dtype=np.uint8))


@pytest.mark.parametrize("kind", ["PNG", "TIFF", "BMP"])
def test_lossless_files_come_back_exactly(picture: Image.Image, kind: str) -> None:
    read = read_photo(saved(picture, kind))
    assert np.array_equal(read.rgb, np.asarray(picture))
    assert read.alpha is None


def test_a_photo_held_upright_is_read_upright(picture: Image.Image) -> None:
    exif = Image.Exif()
    exif[0x0112] = 6
    read = read_photo(saved(picture, "PNG", exif=exif))
    assert np.array_equal(read.rgb, np.rot90(np.asarray(picture), -1))


def test_transparency_is_kept(picture: Image.Image) -> None:
    picture.putalpha(77)
    read = read_photo(saved(picture, "PNG"))
    assert read.alpha is not None
    assert (read.alpha == 77).all()
    assert read.rgb.shape == (40, 60, 3)


@pytest.mark.parametrize(("mode", "expected"), [("L", 200), ("I;16", 200)])
def test_grey_files_become_rgb(mode: str, expected: int) -> None:
    values = np.full((8, 8), 200 * 257 if mode == "I;16" else 200, np.uint16 if mode == "I;16" else np.uint8)
    read = read_photo(saved(Image.fromarray(values), "PNG"))
    assert (read.rgb == expected).all()


def test_another_colour_space_is_converted(picture: Image.Image) -> None:
    lab_profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB"))
    same = read_photo(saved(picture, "PNG", icc_profile=lab_profile.tobytes()))
    assert np.abs(same.rgb.astype(int) - np.asarray(picture)).max() <= 1
    broken = read_photo(saved(picture, "PNG", icc_profile=b"nonsense"))
    assert np.array_equal(broken.rgb, np.asarray(picture))


@pytest.mark.parametrize(
    "data", [b"", b"GIF89a", b"<svg xmlns='http://www.w3.org/2000/svg'/>", b"\x89PNG\r\n\x1a\n\x00"]
)
def test_what_is_no_picture_is_refused(data: bytes) -> None:
    with pytest.raises(InputRejected) as refusal:
        read_photo(data)
    assert refusal.value.code == "photo.unreadable"


def test_a_cut_off_file_is_refused(picture: Image.Image) -> None:
    with pytest.raises(InputRejected) as refusal:
        read_photo(saved(picture, "PNG")[:600])
    assert refusal.value.code == "photo.unreadable"


def test_several_frames_are_refused(picture: Image.Image) -> None:
    with pytest.raises(InputRejected) as refusal:
        read_photo(saved(picture, "TIFF", save_all=True, append_images=[picture]))
    assert refusal.value.code == "photo.animated"


def test_too_many_pixels_are_refused_before_decoding(picture: Image.Image, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(subject, "MAX_PIXELS", 2399)
    with pytest.raises(InputRejected) as refusal:
        read_photo(saved(picture, "PNG"))
    assert refusal.value.code == "photo.too_many_pixels"


def test_too_many_bytes_are_refused(picture: Image.Image, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(subject, "MAX_BYTES", 100)
    with pytest.raises(InputRejected) as refusal:
        read_photo(saved(picture, "PNG"))
    assert refusal.value.code == "photo.too_large"
