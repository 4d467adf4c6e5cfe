"""Single parts of pages: appearance, keys, gallery, large view, forms without script."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import OpenPage
from tests.browser.site import Site
from tests.browser.world import World, make_world


@pytest.fixture
def world(site: Site) -> World:
    return make_world()


def background(page: Page) -> str:
    colour: str = page.evaluate("getComputedStyle(document.body).backgroundColor")
    return colour


def test_a_chosen_appearance_stays_and_is_there_before_the_first_paint(open_page: OpenPage, world: World) -> None:
    page = open_page(user=world.user, theme="light")
    page.goto(world.path("studio/"))
    light = background(page)
    page.locator(".rail__me > summary").click()
    page.locator(".rail__me [data-theme-value=dark]").click()
    dark = background(page)
    assert dark != light

    page.goto(world.path("activity/"), wait_until="commit")
    page.wait_for_function("document.body !== null")
    assert page.locator("html").get_attribute("data-theme") == "dark"
    assert background(page) == dark

    page.locator(".rail__me > summary").click()
    page.locator(".rail__me [data-theme-value=system]").click()
    assert background(page) == light


def test_the_slash_searches_and_typing_into_the_field_is_left_alone(open_page: OpenPage, world: World) -> None:
    page = open_page(user=world.user)
    page.goto(world.path("studio/"))
    page.keyboard.press("/")
    page.keyboard.type("tall?")
    expect(page.locator("[data-search]")).to_have_value("tall?")
    expect(page.locator("#keys-dialog")).to_be_hidden()
    page.keyboard.press("Backspace")
    expect(page.locator("#products .card")).to_have_count(1)
    expect(page.locator("#products")).to_contain_text("Tall bottle")
    expect(page).to_have_url(re.compile(r"\?q=tall$"))


def test_the_skip_link_is_the_first_stop_and_leads_to_the_content(open_page: OpenPage, world: World) -> None:
    page = open_page(user=world.user)
    page.goto(world.path("studio/"))
    page.keyboard.press("Tab")
    expect(page.locator(".skip")).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.locator("#content")).to_be_focused()


def test_the_count_follows_the_choices(open_page: OpenPage, world: World) -> None:
    page = open_page(user=world.user)
    page.goto(world.path(f"studio/products/{world.ready.id}/"))
    button = page.locator("[data-make]")
    expect(button).to_have_text("Make 1 shot")
    for value in ("sand", "forest"):
        page.locator(f"input[name=palette][value={value}]").check()
    for value in ("4:5", "16:9"):
        page.locator(f"input[name=format][value='{value}']").check()
    expect(button).to_have_text("Make 9 shots")
    page.locator("[data-own-text]").fill("#1B4D3E, #f4e9d8")
    expect(button).to_have_text("Make 12 shots")
    page.locator("[data-own-text]").press("Enter")
    expect(page.locator("input[name=palette][value='#1b4d3e,#f4e9d8']")).to_be_checked()
    expect(button).to_have_text("Make 12 shots")
    for value in ("1:1", "4:5", "16:9"):
        page.locator(f"input[name=format][value='{value}']").uncheck()
    expect(button).to_have_attribute("aria-disabled", "true")
    expect(page.locator("[data-sum]")).to_have_text("Choose at least one set, palette and format.")


def test_before_and_after_are_compared_with_arrow_keys(open_page: OpenPage, world: World) -> None:
    page = open_page(user=world.user)
    page.goto(world.path(f"studio/products/{world.ready.id}/"))
    slider = page.locator("[data-compare] input[type=range]")
    slider.focus()
    before = page.locator("[data-compare]").evaluate("(element) => element.style.getPropertyValue('--at')")
    page.keyboard.press("ArrowRight")
    after = page.locator("[data-compare]").evaluate("(element) => element.style.getPropertyValue('--at')")
    assert (before, after) == ("50%", "51%")
    expect(slider).to_have_attribute("aria-valuetext", "51% photo")


def test_the_gallery_is_one_stop_for_tab_and_arrows_walk_it(open_page: OpenPage, world: World) -> None:
    page = open_page(user=world.user)
    page.goto(world.path(f"studio/shoots/{world.shoot.id}/"))
    links = page.locator("[data-shot-link]")
    expect(links).to_have_count(6)
    assert [link.get_attribute("tabindex") for link in links.all()] == ["0"] + ["-1"] * 5
    page.keyboard.press("ArrowRight")
    expect(links.nth(0)).to_be_focused()
    for _ in range(9):
        page.keyboard.press("ArrowRight")
    expect(links.nth(5)).to_be_focused()
    page.keyboard.press("ArrowLeft")
    expect(links.nth(4)).to_be_focused()


def test_a_verdict_keeps_the_focus_and_can_be_taken_back(open_page: OpenPage, world: World) -> None:
    page = open_page(user=world.user)
    page.goto(world.path(f"studio/shoots/{world.shoot.id}/"))
    page.keyboard.press("ArrowRight")
    page.keyboard.press("x")
    expect(page.locator("#gallery [data-verdict=rejected]")).to_have_count(2)
    expect(page.locator("#shoot-state")).to_contain_text("2 rejected")
    expect(page.locator("[data-shot-link]").first).to_be_focused()
    page.keyboard.press("x")
    expect(page.locator("#gallery [data-verdict=rejected]")).to_have_count(1)
    expect(page.locator("#shoot-state")).to_contain_text("1 rejected")


def test_the_filter_shows_only_what_was_asked_for(open_page: OpenPage, world: World) -> None:
    page = open_page(user=world.user)
    page.goto(world.path(f"studio/shoots/{world.shoot.id}/"))
    page.locator("[data-show=starred]").click()
    expect(page.locator("#gallery > .shot:visible")).to_have_count(1)
    page.locator("[data-show=all]").click()
    expect(page.locator("#gallery > .shot:visible")).to_have_count(6)


def test_the_large_view_zooms_to_400_percent_with_a_pixel_grid(open_page: OpenPage, world: World) -> None:
    page = open_page(user=world.user)
    page.goto(world.path(f"studio/shots/{world.shot.id}/"))
    shown = page.locator("[data-zoom-text]")
    for _ in range(12):
        page.keyboard.press("+")
    expect(shown).to_have_text("400%")
    expect(page.locator("[data-pixel-grid]")).to_be_visible()
    picture = page.locator("[data-picture] img")
    assert picture.evaluate("(image) => getComputedStyle(image).imageRendering") == "pixelated"
    assert picture.evaluate("(image) => image.getBoundingClientRect().width") == 4 * 1200
    page.keyboard.press("1")
    expect(shown).to_have_text("100%")
    expect(page.locator("[data-pixel-grid]")).to_be_hidden()
    page.keyboard.press("0")
    assert picture.evaluate("(image) => image.getBoundingClientRect().height") <= 900


def test_the_photo_lies_under_the_shot_where_the_product_is(open_page: OpenPage, world: World) -> None:
    page = open_page(user=world.user)
    page.goto(world.path(f"studio/shots/{world.shot.id}/"))
    page.keyboard.press("c")
    photo = page.locator("[data-before] image:not([data-other-version])")
    expect(photo).to_have_attribute("href", re.compile(r"/original$"))
    placed = [float(photo.get_attribute(name) or "nan") for name in ("x", "y", "width", "height")]
    # Scale 3; the window begins at (122, 72) of a photo of 360 x 420; the shot shows it from (426, 36) on.
    assert placed == [426 - 122 * 3, 36 - 72 * 3, 360 * 3, 420 * 3]
    expect(page.locator("[data-compare-range]")).to_be_focused()
    page.keyboard.press("c")
    expect(page.locator("[data-before]")).to_be_hidden()


def test_arrows_and_escape_lead_from_shot_to_shot_and_back(open_page: OpenPage, world: World) -> None:
    page = open_page(user=world.user)
    page.goto(world.path(f"studio/shots/{world.shot.id}/"))
    page.keyboard.press("ArrowRight")
    page.wait_for_url(lambda url: "/studio/shots/" in url and str(world.shot.id) not in url)
    page.keyboard.press("ArrowLeft")
    page.wait_for_url(re.compile(str(world.shot.id)))
    page.keyboard.press("Escape")
    page.wait_for_url(re.compile(f"/studio/shoots/{world.shoot.id}/"))


def test_names_verdicts_and_boxes_work_without_script(open_page: OpenPage, world: World) -> None:
    page = open_page(user=world.user, scripts=False)
    page.goto(world.path(f"studio/products/{world.ready.id}/"))
    page.locator("#product-name input[name=name]").fill("Bottle, green")
    page.locator("#product-name input[name=name]").press("Enter")
    page.wait_for_load_state("load")
    expect(page.locator("#product-name input[name=name]")).to_have_value("Bottle, green")

    page.locator("#cutout button", has_text="Accept").click()
    expect(page.locator("#cutout[data-state=accepted]")).to_be_visible()

    page.goto(world.path(f"studio/products/{world.needs_box.id}/"))
    page.locator("#cutout button", has_text="Cut out the box").click()
    expect(page.locator("#cutout[data-state=pending], #cutout[data-state=ready]")).to_be_visible()

    page.goto(world.path(f"studio/shots/{world.shot.id}/"))
    page.locator(".verdict button", has_text="Reject").click()
    expect(page.locator(".verdict button", has_text="Rejected")).to_be_visible()
