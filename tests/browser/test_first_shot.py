"""The whole way of a new merchant, without a mouse: add a photo, check the cutout, make shots, judge, take one home."""

from __future__ import annotations

import io
import re
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest
from PIL import Image
from playwright.sync_api import Page, expect

from tests.bench.drawn_photos import draw
from tests.browser.conftest import DESKTOP, PHONE, OpenPage
from tests.factories import make_person, make_workspace
from tests.integration.studio.pictures import HEIGHT, WIDTH

MADE_S = 120_000
PLACES = "shots => shots.map(shot => shot.getBoundingClientRect().toJSON())"


@pytest.fixture
def studio(open_page: OpenPage) -> Callable[..., Page]:
    """The first visit to a workspace of one's own."""

    def open_studio(**options: object) -> Page:
        user = make_person(name="Mei Lin")
        workspace = make_workspace(user, name="Fern & Clay")
        page = open_page(user=user, **options)
        page.goto(f"/w/{workspace.slug}/studio/")
        return page

    return open_studio


@pytest.fixture
def photo(tmp_path: Path) -> Path:
    """A photo whose product is found without a box."""
    file = tmp_path / "GB-500 Green bottle.png"
    Image.fromarray(draw("bottle", "wood", side_px=HEIGHT).rgb[:, HEIGHT - WIDTH :]).save(file)
    return file


def focus(page: Page, selector: str) -> None:
    """Press Tab until ``selector`` has the focus, as somebody without a mouse does."""
    for _ in range(60):
        page.keyboard.press("Tab")
        if page.evaluate("(selector) => document.activeElement.matches(selector)", selector):
            return
    raise AssertionError(f"Tab does not reach {selector}")


def choose_photo(page: Page, photo: Path) -> None:
    focus(page, ".welcome__drop input")
    with page.expect_file_chooser() as chosen:
        page.keyboard.press("Enter")
    chosen.value.set_files(photo)


def open_product(page: Page) -> None:
    expect(page.locator("#products .card .chip--accent, #products .card .chip--warn")).to_be_visible(timeout=MADE_S)
    focus(page, ".card__name")
    page.keyboard.press("Enter")
    page.wait_for_url(re.compile(r"/studio/products/[0-9a-f-]+/$"))


def make_two_shots(page: Page) -> None:
    focus(page, ".sets .skip")
    page.keyboard.press("Enter")
    focus(page, "input[name=format][value='4:5']")
    page.keyboard.press("Space")
    expect(page.locator("[data-make]")).to_have_text("Make 2 shots")
    focus(page, "[data-make]")
    page.keyboard.press("Enter")
    page.wait_for_url(re.compile(r"/studio/shoots/"))


@pytest.mark.slow
@pytest.mark.parametrize("size", [DESKTOP, PHONE], ids=["desktop", "phone"])
def test_the_first_shot_is_made_with_the_keyboard_alone(
    studio: Callable[..., Page], photo: Path, size: tuple[int, int]
) -> None:
    page = studio(size=size)
    choose_photo(page, photo)
    open_product(page)
    expect(page.locator("#product-name input[name=sku]")).to_have_value("GB-500")
    make_two_shots(page)

    expect(page.locator(".shot__place")).to_have_count(2)
    places = page.locator(".shot__place").evaluate_all(PLACES)
    expect(page.locator(".shot__link img")).to_have_count(2, timeout=MADE_S)
    assert page.locator(".shot__place").evaluate_all(PLACES) == places, "the layout jumped"

    page.keyboard.press("ArrowRight")
    page.keyboard.press("s")
    expect(page.locator(".shot[data-verdict=starred]")).to_have_count(1)
    page.keyboard.press("ArrowRight")
    page.keyboard.press("x")
    expect(page.locator(".shot[data-verdict=rejected]")).to_have_count(1)
    expect(page.locator("#shoot-state")).to_contain_text("1 accepted")

    page.keyboard.press("ArrowLeft")
    page.keyboard.press("Enter")
    page.wait_for_url(re.compile(r"/studio/shots/"))
    expect(page.locator(".fidelity")).to_contain_text("Enlarged, otherwise untouched")
    expect(page.locator(".fidelity")).to_contain_text("0 differ")


def download(page: Page, selector: str) -> bytes:
    with page.expect_download() as started:
        page.locator(selector).click()
    return Path(started.value.path()).read_bytes()


@pytest.mark.slow
def test_shots_are_taken_home_one_by_one_and_as_a_zip(studio: Callable[..., Page], photo: Path) -> None:
    page = studio()
    page.locator(".welcome__drop input").set_input_files(photo)
    open_product(page)
    make_two_shots(page)
    expect(page.locator(".shot__link img")).to_have_count(2, timeout=MADE_S)

    page.locator("#shoot-state .menu > summary").click()
    with zipfile.ZipFile(io.BytesIO(download(page, "#shoot-state a[href$='which=all']"))) as archive:
        sizes = [Image.open(io.BytesIO(archive.read(name))).size for name in archive.namelist()]
        assert sizes == [(1200, 1200), (1200, 1500)]
        assert all(name.startswith("GB-500_") for name in archive.namelist())

    page.locator(".shot__link").first.click()
    page.wait_for_url(re.compile(r"/studio/shots/"))
    for form, kind in (("png", "PNG"), ("jpeg", "JPEG"), ("webp", "WEBP")):
        picture = Image.open(io.BytesIO(download(page, f".downloads a[href$='format={form}']")))
        assert (picture.format, picture.size) == (kind, (1200, 1200))


@pytest.mark.slow
def test_a_drawn_box_makes_a_new_cutout_in_place(studio: Callable[..., Page], photo: Path) -> None:
    page = studio()
    page.locator(".welcome__drop input").set_input_files(photo)
    open_product(page)
    page.locator("[data-box-open]").click()
    area = page.locator("[data-box-area] img")
    area.evaluate("photo => photo.decode()")
    area.element_handle().wait_for_element_state("stable")
    frame = area.bounding_box()
    assert frame is not None
    scale = frame["width"] / WIDTH
    page.mouse.move(frame["x"] + 100 * scale, frame["y"] + 60 * scale)
    page.mouse.down()
    page.mouse.move(frame["x"] + 260 * scale, frame["y"] + 400 * scale, steps=4)
    page.mouse.up()
    drawn = [int(page.locator(f"[data-boxer] [name={name}]").input_value()) for name in ("x", "y", "width", "height")]
    assert drawn == pytest.approx([100, 60, 160, 340], abs=2)

    page.keyboard.press("Shift+ArrowDown")
    step_px = round(HEIGHT * 0.005)
    assert int(page.locator("[data-boxer] [name=height]").input_value()) == drawn[3] + step_px
    page.locator("#cutout").evaluate("(part) => part.toggleAttribute('data-old', true)")
    with page.expect_response("**/cutout/request") as answer:
        page.keyboard.press("Enter")
    assert 'data-state="pending"' in answer.value.text()
    expect(page.locator("#cutout[data-state=ready]:not([data-old])")).to_be_visible(timeout=MADE_S)
    expect(page.locator("#cutout [data-cutout-view]")).to_be_visible()
