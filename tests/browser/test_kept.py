"""Parts of a page are fetched again whenever something changed: what a person is doing in them is not disturbed."""

from __future__ import annotations

import re
import uuid
from collections.abc import Callable

import pytest
from playwright.sync_api import Page, Route, expect

from apps.core.tenancy import tenant_scope
from apps.studio.models import Shot
from tests.browser.conftest import DESKTOP, PHONE, OpenPage
from tests.browser.site import Site
from tests.browser.world import World, make_world
from tests.integration.studio.pictures import WIDTH

SAY = "(detail) => document.dispatchEvent(new CustomEvent('vf:job', { detail: { ...detail, state: 'succeeded' } }))"
FIELDS = ("x", "y", "width", "height")


@pytest.fixture
def world(site: Site) -> World:
    return make_world()


@pytest.fixture(params=[DESKTOP, PHONE], ids=["desktop", "phone"])
def product_page(request: pytest.FixtureRequest, open_page: OpenPage, world: World) -> Page:
    page = open_page(user=world.user, size=request.param)
    page.goto(world.path(f"studio/products/{world.ready.id}/"))
    return page


def mark(page: Page, selector: str) -> None:
    """An element that has this mark has not been replaced."""
    page.locator(selector).evaluate("(part) => part.toggleAttribute('data-old', true)")


def fetch_again(page: Page, selector: str, **detail: str) -> None:
    """Say that what the part shows has changed, as the server would, and wait until the part is another one."""
    mark(page, selector)
    page.evaluate(SAY, detail)
    expect(page.locator(f"{selector}:not([data-old], .htmx-settling, .htmx-added)")).to_have_count(1)


def product_changed(page: Page, product_id: uuid.UUID) -> None:
    fetch_again(page, "#cutout", subject=f"product:{product_id}")


def test_an_open_fold_stays_open_and_the_focus_in_it(product_page: Page, world: World) -> None:
    page = product_page
    button = page.locator(".cutout__history button", has_text="Use this one")
    page.locator(".cutout__history > summary").click()
    button.focus()
    product_changed(page, world.ready.id)
    expect(button).to_be_visible()
    expect(button).to_be_focused()
    button.click()
    page.wait_for_load_state("load")
    page.locator(".cutout__history > summary").click()
    page.locator(".cutout__history > summary").click()
    product_changed(page, world.ready.id)
    expect(page.locator(".cutout__history button")).to_be_hidden()


def test_the_focus_of_a_button_that_goes_away_is_handed_to_the_next_one(product_page: Page) -> None:
    page = product_page
    accept = page.locator("#cutout button", has_text="Accept")
    accept.focus()
    page.keyboard.press("Enter")
    expect(page.locator("#cutout[data-state=accepted]")).to_be_visible()
    expect(accept).to_have_count(0)
    expect(page.locator("#cutout a", has_text="Edit cutout")).to_be_focused()


def test_a_box_that_is_being_drawn_stays_and_can_still_be_taken_back(product_page: Page, world: World) -> None:
    page = product_page

    def box() -> list[str]:
        return [page.locator(f"[data-boxer] [name={name}]").input_value() for name in FIELDS]

    page.locator("[data-box-open]").click()
    proposal = box()
    area = page.locator("[data-box-area] img").bounding_box()
    assert area is not None
    scale = area["width"] / WIDTH
    page.mouse.move(area["x"] + 100 * scale, area["y"] + 60 * scale)
    page.mouse.down()
    page.mouse.move(area["x"] + 220 * scale, area["y"] + 260 * scale, steps=3)
    page.mouse.up()
    drawn = box()
    assert drawn != proposal

    product_changed(page, world.ready.id)
    expect(page.locator("[data-boxer][data-own]")).to_be_visible()
    expect(page.locator("[data-box]")).to_be_focused()
    assert box() == drawn
    page.keyboard.press("Escape")
    assert box() == proposal
    page.keyboard.press("Escape")
    expect(page.locator("[data-boxer]")).to_be_hidden()
    product_changed(page, world.ready.id)
    expect(page.locator("[data-boxer]")).to_be_hidden()


def test_the_comparison_stays_where_it_was_moved_to(product_page: Page, world: World) -> None:
    page = product_page
    page.locator("[data-compare] input[type=range]").fill("20")
    product_changed(page, world.ready.id)
    expect(page.locator("[data-compare] input[type=range]")).to_have_value("20")
    expect(page.locator("[data-compare]")).to_have_attribute("style", "--at: 20%;")


def test_nothing_is_replaced_under_a_pressed_pointer(open_page: OpenPage, world: World) -> None:
    page = open_page(user=world.user)
    page.goto(world.path(f"studio/products/{world.ready.id}/"))
    held: list[Callable[[], None]] = []
    page.route("**/cutout", lambda route: held.append(route.continue_) if route.request.method == "GET" else None)
    mark(page, "#cutout")
    with page.expect_request("**/cutout"):
        page.evaluate(SAY, {"subject": f"product:{world.ready.id}"})
    slider = page.locator("[data-compare] input[type=range]")
    slider.scroll_into_view_if_needed()
    place = slider.bounding_box()
    assert place is not None
    page.mouse.move(place["x"] + place["width"] * 0.5, place["y"] + place["height"] / 2)
    page.mouse.down()
    with page.expect_response("**/cutout"):
        held.pop()()
    page.mouse.move(place["x"] + place["width"] * 0.8, place["y"] + place["height"] / 2, steps=3)
    expect(page.locator("#cutout[data-old]")).to_have_count(1)
    assert 70 < int(slider.input_value()) < 90
    page.unroute("**/cutout")
    page.mouse.up()
    expect(page.locator("#cutout:not([data-old])")).to_have_count(1)
    assert 70 < int(slider.input_value()) < 90


def test_news_that_come_while_an_answer_is_under_way_are_shown_too(open_page: OpenPage, world: World) -> None:
    page = open_page(user=world.user)
    page.goto(world.path(f"studio/shoots/{world.shoot.id}/"))
    changed = {"subject": f"shot:{world.shot.id}"}
    card = f"#shot-{world.shot.id}"
    held: list[Callable[[], None]] = []

    def hold(route: Route) -> None:
        old = route.fetch()
        held.append(lambda: route.fulfill(response=old))

    page.route(f"**/shots/{world.shot.id}/card", hold, times=1)
    with page.expect_request(f"**/shots/{world.shot.id}/card"):
        page.evaluate(SAY, changed)
    while not held:
        page.evaluate("() => new Promise(requestAnimationFrame)")
    with tenant_scope(world.workspace.id):
        Shot.objects.filter(pk=world.shot.pk).update(starred=False)
    page.evaluate(SAY, changed)
    mark(page, card)
    held.pop()()
    expect(page.locator(f"{card}:not([data-old])[data-verdict='']")).to_be_visible()


def test_a_verdict_whose_card_was_replaced_before_its_answer_came_is_shown(open_page: OpenPage, world: World) -> None:
    page = open_page(user=world.user)
    page.goto(world.path(f"studio/shoots/{world.shoot.id}/"))
    card = f"#shot-{world.shot.id}"
    held: dict[str, Callable[[], None]] = {}

    def hold_the_first(route: Route) -> None:
        if route.request.method in held:
            route.continue_()
        else:
            held[route.request.method] = route.continue_

    def wait_for(method: str) -> None:
        while method not in held:
            page.evaluate("() => new Promise(requestAnimationFrame)")

    page.route(re.compile(rf"/shots/{world.shot.id}/(card|judge)"), hold_the_first)
    page.evaluate(SAY, {"subject": f"shot:{world.shot.id}"})
    wait_for("GET")
    mark(page, card)
    page.locator(f"{card} [data-key=reject]").evaluate("(button) => button.click()")
    wait_for("POST")
    held["GET"]()
    expect(page.locator(f"{card}:not([data-old])")).to_have_count(1)
    held["POST"]()
    expect(page.locator(f"{card}[data-verdict=rejected]")).to_have_count(1, timeout=20_000)


def test_an_open_menu_stays_open_while_shots_arrive(open_page: OpenPage, world: World) -> None:
    page = open_page(user=world.user)
    page.goto(world.path(f"studio/shoots/{world.shoot.id}/"))
    page.locator("#shoot-state .menu > summary").click()
    fetch_again(page, "#shoot-state", batch=str(world.shoot.batch_id))
    expect(page.locator("#shoot-state a[href$='which=all']")).to_be_visible()
    expect(page.locator("#shoot-state .menu > summary")).to_be_focused()
    page.keyboard.press("ArrowDown")
    expect(page.locator("#shoot-state .menu__list a").first).to_be_focused()


def test_a_chosen_reason_keeps_the_focus_when_its_shot_is_fetched_again(open_page: OpenPage, world: World) -> None:
    page = open_page(user=world.user)
    page.goto(world.path(f"studio/shoots/{world.shoot.id}/"))
    card = page.locator("#gallery [data-verdict=rejected]")
    name = card.get_attribute("id") or ""
    card.locator("select").focus()
    fetch_again(page, f"#{name}", subject=name.replace("-", ":", 1))
    expect(page.locator(f"#{name} select")).to_be_focused()
