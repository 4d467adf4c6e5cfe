"""Drawing a box on the photo: what a drag means, what is taken back, and how it goes without a mouse."""

from __future__ import annotations

import pytest
from playwright.sync_api import FloatRect, Page, expect

from apps.core.tenancy import tenant_scope
from apps.studio.models import Product
from tests.browser.conftest import DESKTOP, PHONE, OpenPage
from tests.browser.site import Site
from tests.browser.world import World, make_world
from tests.integration.studio.pictures import HEIGHT, WIDTH

FIELDS = ("x", "y", "width", "height")
SMALLEST_TARGET_PX = 24


@pytest.fixture
def world(site: Site) -> World:
    return make_world()


@pytest.fixture(params=[DESKTOP, PHONE], ids=["desktop", "phone"])
def page(request: pytest.FixtureRequest, open_page: OpenPage, world: World) -> Page:
    """The page of a product whose cutout was found, with the box open: a proposal around the cutout."""
    opened = open_page(user=world.user, size=request.param)
    opened.goto(world.path(f"studio/products/{world.ready.id}/"))
    opened.locator("[data-box-open]").click()
    # Drags go from edge to edge of the photo: all of it has to be on the screen.
    opened.locator("[data-box-area]").evaluate("(area) => area.scrollIntoView({ block: 'center' })")
    return opened


def box(page: Page) -> list[int]:
    return [int(page.locator(f"[data-boxer] [name={name}]").input_value()) for name in FIELDS]


def is_own(page: Page) -> bool:
    return page.locator("[data-boxer]").get_attribute("data-own") is not None


def frame(page: Page) -> FloatRect:
    found = page.locator("[data-box-area] img").bounding_box()
    assert found is not None
    return found


def drag(page: Page, start: tuple[float, float], end: tuple[float, float], *, drop: bool = True) -> None:
    """From and to points in pixels of the photo."""
    area = frame(page)
    scale = area["width"] / WIDTH
    for number, (x, y) in enumerate((start, end)):
        page.mouse.move(area["x"] + x * scale, area["y"] + y * scale, steps=1 + 3 * number)
        if number == 0:
            page.mouse.down()
    if drop:
        page.mouse.up()


def test_a_drag_from_the_corner_of_a_proposal_draws_a_new_box(page: Page) -> None:
    x, y, _, _ = box(page)
    assert not is_own(page)
    drag(page, (x, y), (x + 90, y + 160))
    assert box(page) == pytest.approx([x, y, 90, 160], abs=2)
    assert is_own(page)


def test_a_box_can_be_drawn_while_the_page_settles_after_news(page: Page) -> None:
    x, y, _, _ = box(page)
    page.evaluate("htmx.config.defaultSettleDelay = 60000")
    page.locator("#cutout").evaluate("(part) => { part.dataset.old = ''; htmx.trigger(part, 'refresh'); }")
    expect(page.locator("#cutout:not([data-old])")).to_be_visible()
    drag(page, (x, y), (x + 90, y + 160))
    assert box(page) == pytest.approx([x, y, 90, 160], abs=2)


def test_a_drag_inside_a_proposal_draws_a_new_box(page: Page) -> None:
    x, y, width, height = box(page)
    drag(page, (x + width * 0.8, y + height * 0.8), (x + width * 0.2, y + height * 0.1))
    assert box(page) == pytest.approx([x + width * 0.2, y + height * 0.1, width * 0.6, height * 0.7], abs=2)


def test_ones_own_box_is_moved_and_its_corner_can_be_dragged_past_the_opposite_one(page: Page) -> None:
    drag(page, (100, 100), (220, 260))
    drag(page, (160, 180), (190, 220))
    assert box(page) == pytest.approx([130, 140, 120, 160], abs=3)
    x, y, width, height = box(page)
    drag(page, (x + width, y + height), (x - 60, y - 80))
    assert box(page) == pytest.approx([x - 60, y - 80, 60, 80], abs=2)


def test_a_box_drawn_past_the_edge_ends_at_the_edge(page: Page) -> None:
    drag(page, (200, 300), (WIDTH + 40, HEIGHT + 30))
    assert box(page) == pytest.approx([200, 300, WIDTH - 200, HEIGHT - 300], abs=2)


def test_a_click_keeps_the_old_box(page: Page) -> None:
    before = box(page)
    drag(page, (20, 20), (22, 23))
    assert (box(page), is_own(page)) == (before, False)
    drag(page, (100, 100), (220, 260))
    drawn = box(page)
    drag(page, (10, 10), (12, 11))
    assert (box(page), is_own(page)) == (drawn, True)


def test_escape_takes_back_first_the_drag_then_the_box_and_then_leaves(page: Page) -> None:
    before = box(page)
    drag(page, (100, 100), (220, 260))
    drawn = box(page)
    drag(page, (20, 300), (90, 400), drop=False)
    assert box(page) != drawn
    page.keyboard.press("Escape")
    assert box(page) == drawn
    page.mouse.up()
    assert box(page) == drawn
    page.keyboard.press("Escape")
    assert (box(page), is_own(page)) == (before, False)
    page.keyboard.press("Escape")
    expect(page.locator("[data-boxer]")).to_be_hidden()
    expect(page.locator("[data-box-open]")).to_be_focused()


def test_a_proposal_that_is_moved_with_the_keys_is_ones_own(page: Page) -> None:
    x, y, width, height = box(page)
    page.keyboard.press("ArrowRight")
    page.keyboard.press("Shift+ArrowDown")
    step = round(HEIGHT * 0.005)
    assert box(page) == [x + step, y, width, height + step]
    assert is_own(page)
    expect(page.locator("[data-box-size]")).to_have_text(f"Box: {width} × {height + step} px")


def test_handles_are_large_enough_and_belong_to_ones_own_box_alone(page: Page) -> None:
    handles = page.locator("[data-handle]:visible")
    expect(handles).to_have_count(0)
    drag(page, (0, 0), (WIDTH, HEIGHT))
    expect(handles).to_have_count(8)
    sizes = [handle.bounding_box() for handle in handles.all()]
    assert all(size and min(size["width"], size["height"]) >= SMALLEST_TARGET_PX for size in sizes)


def test_a_finger_draws_a_box_and_the_page_stays_where_it_is(open_page: OpenPage, world: World) -> None:
    page = open_page(user=world.user, size=PHONE)
    page.goto(world.path(f"studio/products/{world.needs_box.id}/"))
    page.locator("[data-box-area]").scroll_into_view_if_needed()
    before = page.evaluate("scrollY")
    area = frame(page)
    scale = area["width"] / WIDTH
    touch = page.context.new_cdp_session(page)
    path = [(100, 60), (140, 160), (200, 300), (260, 400)]
    for number, (x, y) in enumerate(path):
        point = {"x": area["x"] + x * scale, "y": area["y"] + y * scale}
        kind = "touchStart" if number == 0 else "touchMove"
        touch.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": [point]})
    touch.send("Input.dispatchTouchEvent", {"type": "touchEnd", "touchPoints": []})
    assert box(page) == pytest.approx([100, 60, 160, 340], abs=3)
    assert page.evaluate("scrollY") == before


def test_the_box_of_the_last_request_is_ones_own(open_page: OpenPage, world: World) -> None:
    with tenant_scope(world.workspace.id):
        Product.objects.filter(pk=world.ready.pk).update(cutout_box=[40, 50, 200, 300])
    page = open_page(user=world.user)
    page.goto(world.path(f"studio/products/{world.ready.id}/"))
    page.locator("[data-box-open]").click()
    assert (box(page), is_own(page)) == ([40, 50, 200, 300], True)
    expect(page.locator("[data-handle]:visible")).to_have_count(8)


def test_the_button_that_cuts_is_on_the_screen_while_a_box_is_drawn(open_page: OpenPage, world: World) -> None:
    page = open_page(user=world.user)
    page.goto(world.path(f"studio/products/{world.ready.id}/"))
    button = page.locator("#cutout").get_by_role("button", name="Cut out the box")
    expect(button).to_be_hidden()
    page.locator("[data-box-open]").click()
    expect(button).to_be_in_viewport(ratio=1)
    page.locator("[data-box-close]").click()
    expect(button).to_be_hidden()
