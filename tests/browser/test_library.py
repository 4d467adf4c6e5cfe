"""The library: what is selected with the keys is what the ZIP is asked for."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Page, Route, expect

from tests.browser.conftest import OpenPage
from tests.browser.site import Site
from tests.browser.world import World, make_world


@pytest.fixture
def world(site: Site) -> World:
    return make_world()


def asked_for(page: Page) -> list[str]:
    """The shots that the next ZIP is asked for; nothing is sent."""
    forms: list[str] = []

    def refuse(route: Route) -> None:
        forms.append(route.request.post_data or "")
        route.fulfill(status=204)

    page.route(re.compile(r"/library/zip$"), refuse)
    with page.expect_response(re.compile(r"/library/zip$")):
        page.locator("[data-zip] button").click()
    return re.findall(r"(?:^|&)shot=([0-9a-f-]{36})", forms[0])


def test_a_selection_made_with_the_keys_goes_into_one_zip(open_page: OpenPage, world: World) -> None:
    page = open_page(user=world.user)
    page.goto(world.path("studio/library/"))
    cards = page.locator("[data-shot]")
    shown = [card.get_attribute("id") for card in cards.all()]
    expect(page.locator("[data-verdict-bar]")).to_be_hidden()
    page.keyboard.press("ArrowRight")
    page.keyboard.press("Shift+ArrowRight")
    expect(page.locator("[data-selected-words]")).to_have_text("2 selected")
    assert [f"shot-{shot}" for shot in asked_for(page)] == shown[:2]

    page.keyboard.press("Escape")
    expect(page.locator("[data-verdict-bar]")).to_be_hidden()
    cards.nth(2).locator("a").focus()
    page.keyboard.press("Control+a")
    expect(page.locator("[data-selected-words]")).to_have_text(f"{len(shown)} selected")


def test_a_shot_that_was_opened_from_review_leads_back_there_after_some_steps(
    open_page: OpenPage, world: World
) -> None:
    page = open_page(user=world.user)
    queue = f"studio/review/?state=all&product={world.shot.product_id}"
    page.goto(world.path(queue))
    page.locator("[data-shot-link]").first.click()
    page.wait_for_url(re.compile(r"/studio/shots/[0-9a-f-]+/$"))
    first = page.url
    page.keyboard.press("ArrowRight")
    page.wait_for_url(lambda url: url != first and "/studio/shots/" in url)
    expect(page.get_by_role("link", name="Back to the list")).to_be_visible()
    page.keyboard.press("Escape")
    page.wait_for_url(re.compile(rf"/studio/review/\?state=all&product={world.shot.product_id}$"))

    page.goto(world.path(f"studio/shoots/{world.shoot.id}/"))
    page.locator("[data-shot-link]").first.click()
    page.wait_for_url(re.compile(r"/studio/shots/[0-9a-f-]+/$"))
    expect(page.get_by_role("link", name="Back to the shoot")).to_be_visible()


def test_the_delete_key_asks_once_and_what_was_deleted_comes_back(open_page: OpenPage, world: World) -> None:
    page = open_page(user=world.user)
    page.goto(world.path("studio/library/"))
    cards = page.locator("[data-shot]")
    count = cards.count()
    page.locator(f"#shot-{world.scene.id} [data-shot-link]").focus()
    page.keyboard.press("Delete")
    expect(page.get_by_role("heading", name="Delete 1 shot?")).to_be_visible()
    expect(page.get_by_role("button", name="Delete 1 shot")).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name="Deleted shots")).to_be_visible()
    expect(page.locator(".deleted__row")).to_have_count(1)
    page.get_by_role("button", name="Restore: ").click()
    expect(page.get_by_role("heading", name="Nothing is deleted")).to_be_visible()
    page.goto(world.path("studio/library/"))
    expect(cards).to_have_count(count)
