"""The cutout editor, as hands use it: strokes show at once, come back, go to the server and into a new cutout."""

from __future__ import annotations

import io
import re
from collections.abc import Callable

import numpy as np
import pytest
from PIL import Image
from playwright.sync_api import Page, expect

from apps.core.tenancy import tenant_scope
from apps.jobs.models import Job
from inference.ops.brush import painted
from inference.ops.strokes import parse_strokes
from tests.browser.conftest import DESKTOP, PHONE, OpenPage
from tests.browser.site import Site
from tests.browser.world import World, make_world
from tests.integration.studio.pictures import HEIGHT, WIDTH

MADE_S = 120_000
WALL, BOTTLE = (60, 60), (180, 260)  # points of the photo
BLACK, WHITE = (0, 0, 0), (255, 255, 255)

Editor = Callable[..., Page]


@pytest.fixture
def world(site: Site) -> World:
    return make_world()


@pytest.fixture
def editor(open_page: OpenPage, world: World) -> Editor:
    """The editor of a product with a cutout, showing alpha: white is kept, black is not."""

    def open_editor(*, look: str = "alpha", **options: object) -> Page:
        page = open_page(user=world.user, **options)
        page.goto(world.path(f"studio/products/{world.ready.id}/cutout/edit"))
        expect(page.locator("[data-cutout-editor]:not([data-loading])")).to_be_visible()
        page.locator(f"[name=look][value={look}]").check()
        return page

    return open_editor


def place(page: Page, point: tuple[float, float]) -> tuple[float, float]:
    """Where a point of the photo is on the screen, while the whole photo fits."""
    room = page.locator("[data-room]").bounding_box()
    assert room is not None
    percent = page.locator("[data-zoom-text]").inner_text()
    scale = min(room["width"] / WIDTH, room["height"] / HEIGHT, 1.0)
    assert percent == f"{round(scale * 100)}%"
    left, top = room["x"] + (room["width"] - WIDTH * scale) / 2, room["y"] + (room["height"] - HEIGHT * scale) / 2
    return left + point[0] * scale, top + point[1] * scale


def colour(page: Page, point: tuple[float, float]) -> tuple[int, ...]:
    """What the screen shows at a point of the photo, with the pointer out of the way."""
    page.mouse.move(2, 300)
    x, y = place(page, point)
    page.evaluate("() => new Promise((drawn) => requestAnimationFrame(() => requestAnimationFrame(drawn)))")
    clip = {"x": round(x), "y": round(y), "width": 1, "height": 1}
    pixel = Image.open(io.BytesIO(page.screenshot(clip=clip))).convert("RGB").getpixel((0, 0))  # type: ignore[arg-type]
    assert isinstance(pixel, tuple)
    return pixel


def stroke(page: Page, *points: tuple[float, float]) -> None:
    for number, point in enumerate(points):
        page.mouse.move(*place(page, point), steps=1 + 4 * min(number, 1))
        if number == 0:
            page.mouse.down()
    page.mouse.up()


def status(page: Page, text: str) -> None:
    expect(page.locator("[data-status]")).to_have_text(text)


@pytest.mark.parametrize("size", [DESKTOP, PHONE], ids=["desktop", "phone"])
def test_brushes_show_at_once_and_are_taken_back_and_made_again(editor: Editor, size: tuple[int, int]) -> None:
    page = editor(size=size)
    assert (colour(page, WALL), colour(page, BOTTLE)) == (BLACK, WHITE)
    page.keyboard.press("k")
    stroke(page, (50, 60), (70, 60))
    assert colour(page, WALL) == WHITE
    page.keyboard.press("r")
    stroke(page, (170, 260), (190, 260))
    assert colour(page, BOTTLE) == BLACK
    status(page, "2 changes, not saved")

    page.keyboard.press("Control+Z")
    assert (colour(page, WALL), colour(page, BOTTLE)) == (WHITE, WHITE)
    page.keyboard.press("Control+Z")
    assert colour(page, WALL) == BLACK
    status(page, "No changes")
    page.keyboard.press("Control+Shift+Z")
    page.keyboard.press("Control+Shift+Z")
    assert (colour(page, WALL), colour(page, BOTTLE)) == (WHITE, BLACK)


PAINT = """async ([size, strokes]) => {
  const named = (entry) => entry.name.includes("/cutout-raster.");
  const address = performance.getEntriesByType("resource").find(named).name;
  const { coverPolygon, coverSegment, rims } = await import(address);
  return strokes.map((stroke) => {
    const cover = new Uint8Array(size.width * size.height);
    const points = stroke.points.map(([x, y]) => ({ x, y }));
    if (stroke.tool === "polygon") coverPolygon(cover, size, points);
    else points.forEach((point, index) => {
      coverSegment(cover, size, points[Math.max(0, index - 1)], point, rims(stroke.size, stroke.hardness));
    });
    return [...cover];
  });
}"""
PAINTED = [
    {"tool": "keep", "size": 1, "hardness": 1.0, "points": [[40.5, 30.5]]},
    {"tool": "keep", "size": 7, "hardness": 1.0, "points": [[20, 20], [90, 61.5], [30, 90]]},
    {"tool": "remove", "size": 40, "hardness": 0.8, "points": [[60, 50], [110, 70]]},
    {"tool": "keep", "size": 64, "hardness": 0.0, "points": [[100, 60]]},
    {"tool": "polygon", "mode": "keep", "points": [[10.25, 10.5], [110, 20], [60.75, 95], [90, 5], [20, 80]]},
]


def test_the_page_paints_what_the_worker_will_paint(editor: Editor) -> None:
    width, height = 120, 100
    page = editor()
    shown = page.evaluate(PAINT, [{"width": width, "height": height}, PAINTED])
    for stroke_, cover in zip(parse_strokes(PAINTED), shown, strict=True):
        found = painted(stroke_, (width, height))
        assert found is not None
        window, coverage = found
        whole = np.zeros((height, width), np.int16)
        whole[window.y : window.y + window.height, window.x : window.x + window.width] = coverage
        there = np.array(cover, np.int16).reshape(height, width)
        assert np.abs(there - whole).max() <= 1


def test_a_polygon_is_closed_at_its_first_corner(editor: Editor) -> None:
    page = editor()
    page.keyboard.press("p")
    for corner in ((30, 30), (100, 30), (100, 100), (30, 100), (30, 30)):
        page.mouse.click(*place(page, corner))
    assert colour(page, WALL) == WHITE
    page.keyboard.press("x")
    for corner in ((150, 230), (210, 230), (210, 300), (150, 300)):
        page.mouse.click(*place(page, corner))
    page.keyboard.press("Enter")
    assert colour(page, BOTTLE) == BLACK
    page.mouse.click(*place(page, (20, 20)))
    page.mouse.click(*place(page, (40, 20)))
    page.keyboard.press("Escape")
    status(page, "2 changes, not saved")


def test_a_stroke_can_be_painted_with_the_keyboard_alone(editor: Editor) -> None:
    page = editor()
    page.keyboard.press("r")
    page.locator("[data-room]").focus()
    page.keyboard.press("ArrowDown")
    for _ in range(8):
        page.keyboard.press("ArrowDown")
    page.keyboard.press("Enter")
    for _ in range(4):
        page.keyboard.press("ArrowRight")
    page.keyboard.press("Enter")
    status(page, "1 change, not saved")
    # From the middle of the photo 48 px down, then 24 px to the right.
    assert colour(page, (WIDTH / 2 + 12, HEIGHT / 2 + 48)) == BLACK
    page.keyboard.press("ArrowRight")
    status(page, "1 change, not saved")


def test_the_brush_grows_and_hardens_with_keys(editor: Editor) -> None:
    page = editor()
    size = page.locator("[data-slider-text=size]")
    before = int(size.inner_text().removesuffix(" px"))
    for _ in range(4):
        page.keyboard.press("]")
    assert int(size.inner_text().removesuffix(" px")) == pytest.approx(2 * before, abs=1)
    for _ in range(4):
        page.keyboard.press("[")
    expect(size).to_have_text(f"{before} px")
    page.keyboard.press("}")
    expect(page.locator("[data-slider-text=hardness]")).to_have_text("90%")
    page.keyboard.press("{")
    expect(page.locator("[data-slider-text=hardness]")).to_have_text("80%")


def test_the_picture_zooms_to_400_percent_and_space_moves_it(editor: Editor) -> None:
    page = editor()
    shown = page.locator("[data-zoom-text]")
    for _ in range(8):
        page.keyboard.press("+")
    expect(shown).to_have_text("400%")
    room = page.locator("[data-room]").bounding_box()
    assert room is not None
    middle = {"x": room["x"] + room["width"] / 2, "y": room["y"] + room["height"] / 2, "width": 1, "height": 1}

    def seen() -> bytes:
        page.evaluate("() => new Promise((drawn) => requestAnimationFrame(() => requestAnimationFrame(drawn)))")
        return page.screenshot(clip=middle)  # type: ignore[arg-type]

    before = seen()  # the middle of the bottle: white
    page.keyboard.down("Space")
    page.mouse.move(middle["x"], middle["y"] - 200)
    page.mouse.down()
    page.mouse.move(middle["x"], middle["y"] + 200, steps=5)
    page.mouse.up()
    page.keyboard.up("Space")
    assert seen() != before  # 100 px of the photo further up there is wall
    status(page, "No changes")
    page.keyboard.press("0")
    expect(shown).not_to_have_text("400%")


def test_every_way_of_looking_is_one_key_away(editor: Editor) -> None:
    page = editor(look="photo")
    seen = []
    for _ in range(4):
        seen.append(page.locator("[name=look]:checked").input_value())
        page.keyboard.press("v")
    assert seen == ["photo", "cutout", "alpha", "fringe"]
    page.locator("[name=look][value=cutout]").check()
    for value, expected in (("#000000", BLACK), ("#ffffff", WHITE)):
        page.locator(f"[name=ground][value='{value}']").check()
        assert colour(page, WALL) == expected
    page.locator("[data-own-ground]").fill("#2a9d5c")
    assert colour(page, WALL) == (0x2A, 0x9D, 0x5C)


def test_a_finger_paints_and_two_fingers_zoom(editor: Editor) -> None:
    page = editor(size=PHONE)
    touch = page.context.new_cdp_session(page)

    def send(kind: str, *points: tuple[float, float]) -> None:
        spots = [{"x": x, "y": y, "id": number} for number, (x, y) in enumerate(points)]
        touch.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": spots})

    page.locator(".tool", has_text="Keep").click()
    send("touchStart", place(page, (50, 60)))
    send("touchMove", place(page, (70, 60)))
    send("touchEnd")
    status(page, "1 change, not saved")
    assert colour(page, WALL) == WHITE

    x, y = place(page, BOTTLE)
    send("touchStart", (x - 20, y))
    send("touchStart", (x - 20, y), (x + 20, y))
    send("touchMove", (x - 80, y), (x + 80, y))
    send("touchEnd")
    zoom = int(page.locator("[data-zoom-text]").inner_text().removesuffix("%"))
    assert zoom > 150
    status(page, "1 change, not saved")


@pytest.mark.slow
def test_the_edge_brush_asks_the_server_for_its_piece_and_leaves_the_rest(editor: Editor, world: World) -> None:
    page = editor()
    page.keyboard.press("e")
    stroke(page, (130, 200), (130, 300))
    expect(page.locator("[data-cutout-editor]:not([data-busy])")).to_be_visible(timeout=MADE_S)
    status(page, "1 change, not saved")
    assert (colour(page, WALL), colour(page, BOTTLE)) == (BLACK, WHITE)
    with tenant_scope(world.workspace.id):
        [job] = Job.objects.filter(kind="studio.cutout_refine")
    assert job.params["strokes"][0]["tool"] == "refine"


@pytest.mark.slow
def test_what_is_saved_is_a_new_cutout_and_the_earlier_one_can_be_taken_again(editor: Editor, world: World) -> None:
    page = editor()
    first = page.locator("[data-cutout-editor]").get_attribute("data-base")
    page.keyboard.press("r")
    stroke(page, (170, 260), (190, 260))
    page.keyboard.press("Control+S")
    page.wait_for_url(re.compile(r"/studio/products/[0-9a-f-]+/$"))
    expect(page.locator("#cutout[data-state=accepted]")).to_be_visible(timeout=MADE_S)
    expect(page.locator(".cutout__words")).to_contain_text("Edited by hand: 1 change.")

    page.locator("#cutout a", has_text="Edit cutout").click()
    expect(page.locator("[data-cutout-editor]:not([data-loading])")).to_be_visible()
    assert page.locator("[data-cutout-editor]").get_attribute("data-base") != first
    status(page, "No changes")
    page.locator("[name=look][value=alpha]").check()
    assert colour(page, BOTTLE) == BLACK

    page.keyboard.press("Escape")
    page.wait_for_url(re.compile(r"/studio/products/[0-9a-f-]+/$"))
    page.locator(".cutout__history > summary").click()
    page.locator(".cutout__history button", has_text="Use this one").first.click()
    expect(page.locator(".cutout__words")).not_to_contain_text("Edited by hand")


def test_changes_outlive_a_reload(editor: Editor) -> None:
    page = editor()
    page.keyboard.press("k")
    stroke(page, (50, 60), (70, 60))
    page.on("dialog", lambda dialog: dialog.accept())
    page.reload()
    expect(page.locator("[data-cutout-editor]:not([data-loading])")).to_be_visible()
    status(page, "1 change, not saved")
    page.locator("[name=look][value=alpha]").check()
    assert colour(page, WALL) == WHITE


def test_without_a_cutout_one_begins_with_nothing(open_page: OpenPage, world: World) -> None:
    page = open_page(user=world.user)
    page.goto(world.path(f"studio/products/{world.failed.id}/"))
    page.locator(".boxer a", has_text="Paint it by hand").click()
    expect(page.locator("[data-cutout-editor]:not([data-loading])")).to_be_visible()
    expect(page.locator("[name=tool]:checked")).to_have_value("box")
    page.locator("[name=look][value=alpha]").check()
    assert colour(page, BOTTLE) == BLACK
    page.keyboard.press("k")
    stroke(page, (170, 260), (190, 260))
    assert colour(page, BOTTLE) == WHITE


@pytest.mark.slow
def test_a_box_makes_a_new_cutout_under_the_changes(editor: Editor) -> None:
    page = editor()
    page.keyboard.press("k")
    stroke(page, (50, 60), (70, 60))
    page.keyboard.press("b")
    stroke(page, (110, 60), (250, 400))
    page.keyboard.press("Enter")
    expect(page.locator("[name=tool]:checked")).to_have_value("keep", timeout=MADE_S)
    status(page, "1 change, not saved")
    assert (colour(page, WALL), colour(page, BOTTLE)) == (WHITE, WHITE)
    assert colour(page, (300, 200)) == BLACK
