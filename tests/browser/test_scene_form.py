"""The form of a generated scene in a browser: boxes by pointer and by keys, what it comes to, and refusals."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from apps.core.tenancy import tenant_scope
from tests.browser.conftest import PHONE, OpenPage
from tests.browser.scenes import EDITOR
from tests.browser.site import Site
from tests.browser.world import World, make_world
from tests.integration.studio.pictures import bottle_png


@pytest.fixture(scope="module")
def world(site: Site) -> World:
    return make_world()


@pytest.fixture
def form(open_page: OpenPage, world: World) -> Page:
    page = open_page(user=world.user, is_heard=False)  # a refusal is an answer of 400, which the console tells
    page.goto(world.path(f"studio/products/{world.ready.id}/scene/"))
    return page


def boxes(page: Page) -> dict[str, Any]:
    sent = json.loads(page.locator("[data-boxes-field]").input_value())
    return {one["object"]: [round(value, 3) for value in one["box"]] for one in sent}


def test_a_box_is_placed_moved_sized_and_removed_with_keys(form: Page) -> None:
    add = form.locator("[data-things] button")
    add.focus()
    form.keyboard.press("Enter")
    box = form.get_by_role("group", name="Box of Product")
    expect(box).to_be_focused()
    assert boxes(form) == {"product": [0.3, 0.26, 0.4, 0.56]}
    form.keyboard.press("ArrowRight")
    form.keyboard.press("Shift+ArrowDown")
    form.keyboard.press("Alt+ArrowUp")
    assert boxes(form) == {"product": [0.31, 0.21, 0.4, 0.57]}
    form.keyboard.press("Delete")
    expect(box).to_have_count(0)
    assert boxes(form) == {}
    expect(add).to_be_focused()


def test_a_box_is_dragged_and_stays_in_the_picture(form: Page) -> None:
    form.locator("[data-things] button").click()
    place = form.locator(".place").bounding_box()
    frame = form.locator("[data-frame]").bounding_box()
    assert place is not None
    assert frame is not None
    form.mouse.move(place["x"] + place["width"] / 2, place["y"] + place["height"] / 2)
    form.mouse.down()
    form.mouse.move(frame["x"] + frame["width"] + 400, place["y"] + place["height"] / 2, steps=4)
    form.mouse.up()
    left, _, width, _ = boxes(form)["product"]
    assert left + width == pytest.approx(1, abs=0.002)


def test_a_prop_can_have_a_place_and_takes_it_along_when_it_goes(form: Page) -> None:
    form.locator("summary", has_text="Props and room for text").click()
    lemons = form.get_by_role("checkbox", name="Lemons")
    lemons.check(force=True)
    form.get_by_role("button", name="+ Lemons").click()
    assert set(boxes(form)) == {"lemons"}
    lemons.uncheck(force=True)
    assert boxes(form) == {}


def test_what_the_words_name_is_outlined_and_can_get_a_box(form: Page) -> None:
    form.locator("#scene-words").fill("a white vase behind the bottle")
    outline = form.locator(".planned", has_text="white vase")
    expect(outline).to_be_visible()
    planned = outline.bounding_box()
    form.get_by_role("button", name="+ white vase").click()
    expect(outline).to_have_count(0)
    place = form.locator(".place", has_text="white vase")
    assert set(boxes(form)) == {"white vase"}
    drawn = place.bounding_box()
    assert planned is not None
    assert drawn is not None
    assert abs(planned["x"] - drawn["x"]) < 4
    place.press("Delete")
    expect(outline).to_be_visible()


def test_the_page_says_what_it_comes_to(form: Page) -> None:
    total = form.locator("[data-sum]")
    expect(total).to_have_text(re.compile(r"^1 shot, the best of 4 · about \d+ s$"))
    best_of_four = total.inner_text()
    form.locator("#scene-candidates").select_option("8")
    expect(total).to_have_text(re.compile(r"^1 shot, the best of 8 · about \d+ s$"))
    seconds = [int(text.rpartition("about ")[2].removesuffix(" s")) for text in (best_of_four, total.inner_text())]
    assert seconds[0] < seconds[1]
    form.get_by_role("checkbox", name="Guide the drawing by it").check()
    expect(total).to_have_text(re.compile(rf"about {seconds[1]} s$"))  # there are no colours to be guided by
    form.locator("input[name=palette][value=forest]").check()
    expect(total).not_to_have_text(re.compile(rf"about {seconds[1]} s$"))
    form.get_by_role("checkbox", name="Guide the drawing by it").uncheck()
    expect(total).to_have_text(re.compile(rf"about {seconds[1]} s$"))
    form.locator("#scene-count").select_option("3")
    expect(total).to_have_text(re.compile(r"^3 shots, each the best of 8 · about"))
    expect(form.locator("[data-make]")).to_have_text("Make 3 shots")
    form.locator("#scene-candidates").select_option("1")
    expect(total).to_have_text(re.compile(r"^3 shots · about"))
    strength = form.locator("#scene-strength")
    expect(strength).to_be_hidden()
    form.get_by_role("radio", name="Re-imagined").check()
    expect(strength).to_be_visible()


def test_what_a_model_can_not_do_is_hidden_and_said(form: Page) -> None:
    model = form.locator(f"input[name=model][value={EDITOR}]")
    guide = form.locator("input[name=guide]")  # roles are not found while they are hidden
    guide.check()
    form.get_by_role("radio", name="Re-imagined").check()
    expect(form.locator("#scene-strength")).to_be_visible()
    model.check()
    for gone in (guide, form.locator("#scene-strength"), form.get_by_text("candidates are drawn small")):
        expect(gone).to_be_hidden()
    expect(guide).to_be_disabled()
    for said in ("no degrees between faithful and free", "not guided by colours", "each candidate in full"):
        expect(form.get_by_text(said)).to_be_visible()
    form.locator("input[name=model]").first.check()
    expect(guide).to_be_checked()
    expect(form.locator("#scene-strength")).to_be_visible()
    expect(form.get_by_text("not guided by colours")).to_be_hidden()


def test_a_picture_of_ones_own_can_be_added_and_followed(form: Page) -> None:
    form.locator("summary", has_text="Follow a picture").click()
    strength, note = form.locator("#scene-style-strength"), form.locator("[data-mood-note]")
    expect(strength).to_be_hidden()
    form.locator("[data-mood-picker]").set_input_files(
        {"name": "dusk.png", "mimeType": "image/png", "buffer": bottle_png(seed=31)}
    )
    added = form.get_by_role("radio", name="dusk.png")
    expect(added).to_be_checked()
    expect(note).to_have_text("")
    expect(form.get_by_role("img", name="dusk.png")).to_be_visible()
    expect(form.get_by_text("how closely it follows it can not be set")).to_be_visible()
    form.locator("input[name=model][value=sefi-1b-turbo]").check()
    expect(strength).to_be_visible()
    form.locator("input[name=model]").first.check()
    form.locator("[data-mood-picker]").set_input_files(
        {"name": "a.png", "mimeType": "image/png", "buffer": b"no picture"}
    )
    expect(note).not_to_have_text(re.compile("^$|being added"))
    expect(added).to_be_checked()


def test_a_refusal_moves_to_its_field_and_nothing_is_lost(form: Page) -> None:
    form.get_by_role("radio", name="Kitchen").check(force=True)
    words = form.locator("#scene-words")
    words.fill("a naked person beside it")
    form.locator("[data-make]").click()
    expect(form.locator('[data-problem-of="words"]')).to_contain_text("Sexual or nude scenes are not made here")
    expect(words).to_be_focused()
    expect(words).to_have_attribute("aria-invalid", "true")
    expect(words).to_have_value("a naked person beside it")
    expect(form.get_by_role("radio", name="Kitchen")).to_be_checked()
    words.fill("steam")
    expect(words).not_to_have_attribute("aria-invalid", "true")
    form.locator("[data-make]").click()
    form.wait_for_url(re.compile(r"/studio/shoots/"))
    expect(form.locator(".shot__stage")).to_have_text("Waiting")


def strokes(page: Page) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = json.loads(page.locator("[data-strokes-field]").input_value() or "[]")
    return found


def test_the_part_that_may_change_is_painted_erased_and_taken_back(open_page: OpenPage, world: World) -> None:
    page = open_page(user=world.user)
    page.goto(world.path(f"studio/shots/{world.scene.id}/change"))
    expect(page.locator("[data-mark-editor]:not([data-loading])")).to_be_visible()
    said = page.locator("[data-mark-editor] [data-status]")
    expect(said).to_have_text("Nothing is painted yet")
    room = page.locator("[data-room]").bounding_box()
    assert room is not None
    middle = (room["x"] + room["width"] / 2, room["y"] + room["height"] / 2)
    page.mouse.move(*middle)
    page.mouse.down()
    page.mouse.move(middle[0] + 60, middle[1], steps=4)
    page.mouse.up()
    expect(said).to_have_text(re.compile(r"^\d+ % of the picture may change$"))
    painted = said.inner_text()
    [stroke] = strokes(page)
    assert stroke["tool"] == "keep"
    assert stroke["points"][-1][0] > stroke["points"][0][0]

    page.keyboard.press("e")
    page.keyboard.press("]")
    page.mouse.move(*middle)
    page.mouse.down()
    page.mouse.move(middle[0] + 60, middle[1], steps=4)
    page.mouse.up()
    expect(said).to_have_text("Nothing is painted yet")
    assert [one["tool"] for one in strokes(page)] == ["keep", "remove"]
    page.keyboard.press("Control+z")
    expect(said).to_have_text(painted)
    page.locator("#change-instruction").fill("a lemon on it")
    assert page.locator("#change-instruction").input_value() == "a lemon on it"
    page.get_by_role("button", name="Change it").click()
    page.wait_for_url(re.compile(rf"/studio/shots/{world.scene.id}/$"))
    with tenant_scope(world.workspace.id):
        version = world.scene.versions.latest("number")
    assert version.spec["changed"]["strokes"] == [stroke]


def test_a_mark_is_painted_with_keys_alone(open_page: OpenPage, world: World) -> None:
    page = open_page(user=world.user)
    page.goto(world.path(f"studio/shots/{world.scene.id}/change"))
    expect(page.locator("[data-mark-editor]:not([data-loading])")).to_be_visible()
    page.locator("[data-room]").focus()
    for key in ("ArrowRight", "Enter", "Shift+ArrowRight", "Shift+ArrowDown", "Enter"):
        page.keyboard.press(key)
    [stroke] = strokes(page)
    (first_x, first_y), (last_x, last_y) = stroke["points"][0], stroke["points"][-1]
    assert (last_x > first_x, last_y > first_y) == (True, True)
    page.get_by_role("button", name="Clear all").click()
    assert strokes(page) == []


def test_fingers_paint_on_a_phone_and_nothing_sticks_out(open_page: OpenPage, world: World) -> None:
    page = open_page(user=world.user, size=PHONE)
    page.goto(world.path(f"studio/shots/{world.scene.id}/change"))
    expect(page.locator("[data-mark-editor]:not([data-loading])")).to_be_visible()
    room = page.locator("[data-room]").bounding_box()
    assert room is not None
    page.touchscreen.tap(room["x"] + room["width"] / 3, room["y"] + room["height"] / 3)
    [stroke] = strokes(page)
    side = world.scene.spec["width"]
    assert stroke["points"][0] == pytest.approx([side / 3, side / 3], abs=6)


def test_an_adapter_can_be_chosen_with_its_own_model_alone(form: Page, world: World) -> None:
    select = form.locator("#scene-adapter")
    select.select_option(str(world.adapter.id))
    form.get_by_role("radio", name="SeFi-Image 1B Turbo").check()
    expect(select).to_have_value("")
    expect(select.locator(f"option[value='{world.adapter.id}']")).to_be_disabled()
    form.get_by_role("radio", name="FLUX.2 klein 4B").check()
    select.select_option(str(world.adapter.id))
    expect(select).to_have_value(str(world.adapter.id))


def test_the_form_that_teaches_counts_the_pictures(open_page: OpenPage, world: World) -> None:
    page = open_page(user=world.user)
    page.goto(world.path(f"studio/adapters/new?product={world.ready.id}"))
    said = page.locator("[data-picked]")
    expect(said).to_have_text("1 chosen, 3 more are needed")
    boxes = page.locator("input[name=picture]:not(:checked)")
    for _ in range(3):
        boxes.first.check()
    expect(said).to_have_text("4 chosen")
    page.locator("#teach-subject").fill("a green glass bottle")
    page.get_by_role("button", name="Train", exact=True).click()
    page.wait_for_url(re.compile(r"/studio/adapters/[0-9a-f-]{36}/$"))
    expect(page.locator("#adapter-state .chip")).to_have_text("Waiting")


def test_the_part_that_may_change_is_a_box_on_the_picture(open_page: OpenPage, world: World) -> None:
    page = open_page(user=world.user)
    page.goto(world.path(f"studio/shots/{world.scene.id}/change"))
    with tenant_scope(world.workspace.id):
        before = max(1, world.scene.versions.count())  # a shot that was never changed has one, and no row for it
    page.get_by_role("radio", name="Box", exact=True).check(force=True)
    box = page.get_by_role("group", name="Box around what may change")
    box.focus()
    page.keyboard.press("Shift+ArrowRight")
    assert boxes(page) == {"product": [0.05, 0.05, 0.31, 0.3]}
    page.locator("#change-instruction").fill("a lemon")
    page.get_by_role("button", name="Change it").click()
    page.wait_for_url(re.compile(rf"/studio/shots/{world.scene.id}/$"))
    expect(page.locator("#shot-versions .version")).to_have_count(before + 1)
