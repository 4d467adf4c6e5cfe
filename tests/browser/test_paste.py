"""A photo from the clipboard becomes a product."""

from __future__ import annotations

import base64

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import OpenPage
from tests.browser.site import Site
from tests.browser.world import World, make_world
from tests.integration.studio.pictures import bottle_png

COPY = """async (encoded) => {
  const bytes = Uint8Array.from(atob(encoded), (letter) => letter.charCodeAt(0));
  await navigator.clipboard.write([new ClipboardItem({ "image/png": new Blob([bytes], { type: "image/png" }) })]);
}"""


@pytest.fixture
def world(site: Site) -> World:
    return make_world()


def copy_photo(page: Page) -> None:
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    page.evaluate(COPY, base64.b64encode(bottle_png(seed=77)).decode())


def test_a_pasted_photo_becomes_a_product(open_page: OpenPage, world: World) -> None:
    page = open_page(user=world.user)
    page.goto(f"/w/{world.empty.slug}/studio/")
    copy_photo(page)
    page.keyboard.press("Control+V")
    expect(page.locator("#products .card")).to_have_count(1)
    expect(page.locator("#products .card__name")).to_have_text("Pasted photo")
    expect(page.locator(".page__title")).to_have_text("Products 1")


def test_a_photo_pasted_on_a_products_page_is_sent_too(open_page: OpenPage, world: World) -> None:
    page = open_page(user=world.user)
    page.goto(world.path(f"studio/products/{world.ready.id}/"))
    copy_photo(page)
    page.keyboard.press("Control+V")
    expect(page.locator(".upload[data-state=done]")).to_have_count(1)
    page.locator(".upload [data-open]").click()
    expect(page.locator("#product-name input[name=name]")).to_have_value("Pasted photo")


def test_pasted_text_is_left_to_the_field_it_is_pasted_into(open_page: OpenPage, world: World) -> None:
    page = open_page(user=world.user)
    page.goto(world.path("studio/"))
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    page.evaluate("navigator.clipboard.writeText('Tall')")
    page.keyboard.press("/")
    page.keyboard.press("Control+V")
    expect(page.locator("[data-search]")).to_have_value("Tall")
    expect(page.locator(".upload")).to_have_count(0)
