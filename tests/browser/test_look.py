"""Applying a look to many products: what is chosen survives a search, a reload and a server that says no."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import OpenPage
from tests.browser.world import World, make_world


@pytest.fixture
def world(site: object) -> World:
    return make_world()


def test_choices_survive_a_search_a_reload_and_a_busy_server(open_page: OpenPage, world: World) -> None:
    page = open_page(user=world.user, is_heard=False)
    page.goto(world.path(f"studio/shots/{world.shot.id}/look"))
    green = page.locator(".look__product", has_text="Green bottle")
    second = page.locator(".look__product", has_text="Second of many")
    page.locator("[data-none]").click()
    green.locator("input[name=product]").check()
    green.locator("input[type=number]").fill("1.3")

    search = page.locator("[data-look-search]")
    search.fill("second")
    expect(green).to_be_hidden()
    page.locator("[data-all]").click()  # those that are found
    search.press("Enter")
    search.fill("no such thing")
    expect(page.locator("[data-look-none]")).to_be_visible()
    page.reload()

    expect(green.locator("input[type=number]")).to_have_value("1.3")
    expect(second.locator("input[name=product]")).to_be_checked()
    expect(page.locator("input[name=product]:checked")).to_have_count(2)
    expect(page.locator("[data-apply]")).to_have_text("Make 2 shots")

    page.route("**/look/apply", lambda route: route.fulfill(status=503, body="busy"))
    page.locator("[data-apply]").click()
    expect(page.locator(".toast--error")).to_be_visible()
    expect(page.locator("input[name=product]:checked")).to_have_count(2)
    page.unroute("**/look/apply")
    with page.expect_request("**/look/apply") as asked:
        page.locator("[data-apply]").click()
    sent = asked.value.post_data or ""
    assert sent.count('name="product"') == 2
    assert re.findall(r'name="scale-[^"]+"\s+([\d.]+)', sent) == ["1.3"]
    page.wait_for_url(re.compile(r"/studio/looks/[0-9a-f-]+/$"))
    page.goto(world.path(f"studio/shots/{world.shot.id}/look"))
    expect(green.locator("input[type=number]")).to_have_value("1.3")  # as last time
    assert page.evaluate("Object.keys(sessionStorage).filter((key) => key.startsWith('vf-look')).length") == 0
