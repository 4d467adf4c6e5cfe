"""Every page in every state, on a desk and on a phone, light and dark: usable by everybody, nothing sticks out."""

from __future__ import annotations

from typing import Any

import pytest
from playwright.sync_api import Page

from tests.browser.axe import serious_violations
from tests.browser.conftest import DESKTOP, PHONE, OpenPage
from tests.browser.site import Site
from tests.browser.world import World, make_world

SMALLEST_TARGET_PX = {DESKTOP: 24, PHONE: 39.5}  # 40, and what scaling rounds away
SIZES = {"desktop": DESKTOP, "phone": PHONE}

SMALL_TARGETS = """(least) => [...document.querySelectorAll("button, a.button, summary, .rail__link, .slider")]
  .filter((control) => control.checkVisibility({ visibilityProperty: true, opacityProperty: true }))
  .filter((control) => !control.matches(".skip"))
  .map((control) => [control.outerHTML.slice(0, 120), control.getBoundingClientRect()])
  .filter(([_, box]) => box.width > 1 && (box.width < least || box.height < least))
  .map(([html, box]) => `${html} is only ${Math.round(box.width)}x${Math.round(box.height)} px`)"""


@pytest.fixture(scope="module")
def world(site: Site) -> World:
    return make_world()


def signed_in_pages(world: World) -> dict[str, str]:
    return {
        "products": world.path("studio/"),
        "search without a result": world.path("studio/?q=zzz"),
        "archived products": world.path("studio/?show=archived"),
        "first visit": f"/w/{world.empty.slug}/studio/",
        "product to check": world.path(f"studio/products/{world.ready.id}/"),
        "product that needs a box": world.path(f"studio/products/{world.needs_box.id}/"),
        "product that failed": world.path(f"studio/products/{world.failed.id}/"),
        "product being cut out": world.path(f"studio/products/{world.pending.id}/"),
        "choosing many products": world.path("studio/batches/new"),
        "choosing many without a product": f"/w/{world.empty.slug}/studio/batches/new",
        "batches": world.path("studio/batches/"),
        "batches without one": f"/w/{world.empty.slug}/studio/batches/",
        "a batch": world.path(f"studio/batches/{world.batch.id}/"),
        "cutout editor": world.path(f"studio/products/{world.ready.id}/cutout/edit"),
        "cutout editor without a cutout": world.path(f"studio/products/{world.needs_box.id}/cutout/edit"),
        "product with shoots": world.path(f"studio/products/{world.shoot.product_id}/"),
        "shoot": world.path(f"studio/shoots/{world.shoot.id}/"),
        "shot": world.path(f"studio/shots/{world.shot.id}/"),
        "editing a shot": world.path(f"studio/shots/{world.shot.id}/edit"),
        "a look for many products": world.path(f"studio/shots/{world.shot.id}/look"),
        "best of several": world.path(f"studio/shots/{world.shot.id}/best"),
        "describing a scene": world.path(f"studio/products/{world.ready.id}/scene/"),
        "a similar scene": world.path(f"studio/products/{world.ready.id}/scene/?like={world.scene.id}"),
        "shoot of generated scenes": world.path(f"studio/shoots/{world.scene.shoot_id}/"),
        "generated shot": world.path(f"studio/shots/{world.scene.id}/"),
        "candidates": world.path(f"studio/shots/{world.scene.id}/candidates"),
        "changing a part": world.path(f"studio/shots/{world.scene.id}/change"),
        "adapters": world.path("studio/adapters/"),
        "adapters without one": f"/w/{world.empty.slug}/studio/adapters/",
        "an adapter": world.path(f"studio/adapters/{world.adapter.id}/"),
        "an adapter that learns": world.path(f"studio/adapters/{world.learning.id}/"),
        "teaching a model": world.path(f"studio/adapters/new?product={world.ready.id}"),
        "engines": world.path("settings/engines/"),
        "storage": world.path("settings/storage/"),
        "storage of nothing": f"/w/{world.empty.slug}/settings/storage/",
        "exports": world.path("studio/exports/"),
        "exports without one": f"/w/{world.empty.slug}/studio/exports/",
        "choosing an export": world.path(f"studio/exports/new?shot={world.shot.id}"),
        "an export": world.path(f"studio/exports/{world.export_file.export_id}/"),
        "verify": world.path("studio/verify/"),
        "library": world.path("studio/library/"),
        "asking before a deletion": world.path(f"studio/library/delete?shot={world.scene.id}&shot={world.shot.id}"),
        "deleted shots": world.path("studio/library/deleted/"),
        "deleted shots without one": f"/w/{world.empty.slug}/studio/library/deleted/",
        "library of nothing": f"/w/{world.empty.slug}/studio/library/",
        "review": world.path("studio/review/"),
        "review of everything": world.path("studio/review/?state=all"),
        "activity": world.path("activity/"),
        "activity without a job": f"/w/{world.empty.slug}/activity/",
        "settings": world.path("settings/"),
        "members": world.path("members/"),
        "profile": "/profile/",
        "workspaces": "/workspaces/",
        "new workspace": "/workspaces/new/",
        "addresses": "/accounts/email/",
        "password": "/accounts/password/change/",
        "not found": world.path("studio/products/00000000-0000-7000-8000-000000000000/"),
    }


ANONYMOUS_PAGES = {
    "welcome": "/",
    "sign in": "/accounts/login/",
    "sign up": "/accounts/signup/",
    "reset": "/accounts/password/reset/",
}


def problems(page: Page, name: str, path: str) -> list[str]:
    page.goto(path)
    page.wait_for_load_state("load")
    found = serious_violations(page)
    width: int = page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
    if width > 0:
        found.append(f"{width} px stick out to the right")
    size = page.viewport_size
    assert size is not None
    found += page.evaluate(SMALL_TARGETS, SMALLEST_TARGET_PX[size["width"], size["height"]])
    return [f"{name}: {problem}" for problem in found]


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("size", SIZES)
def test_signed_in_pages_are_usable_by_everybody(open_page: OpenPage, world: World, size: str, theme: str) -> None:
    page = open_page(user=world.user, size=SIZES[size], theme=theme)
    found = [problem for name, path in signed_in_pages(world).items() for problem in problems(page, name, path)]
    assert found == []


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("size", SIZES)
def test_pages_for_everybody_are_usable_by_everybody(open_page: OpenPage, size: str, theme: str) -> None:
    page = open_page(size=SIZES[size], theme=theme)
    found = [problem for name, path in ANONYMOUS_PAGES.items() for problem in problems(page, name, path)]
    assert found == []


@pytest.mark.parametrize("size", SIZES)
def test_pages_hold_chinese_text_too(open_page: OpenPage, world: World, size: str) -> None:
    page = open_page(user=world.user, size=SIZES[size], language="zh-hans")
    _choose_chinese(page, world)
    assert page.locator("html").get_attribute("lang") == "zh-hans"
    found = [problem for name, path in signed_in_pages(world).items() for problem in problems(page, name, path)]
    _choose_english(page, world)
    assert found == []


def _choose_chinese(page: Page, world: World) -> None:
    _choose(page, world, "zh-hans")


def _choose_english(page: Page, world: World) -> None:
    _choose(page, world, "en")


def _choose(page: Page, world: World, language: str) -> None:
    page.goto(world.path("studio/"))
    page.locator(".rail__me > summary").click()
    page.locator(f".rail__me button[value={language}]").click()
    page.wait_for_load_state("load")


@pytest.mark.parametrize("opened", ["workspaces", "me", "keys", "more"])
def test_menus_and_dialogs_are_usable_by_everybody(open_page: OpenPage, world: World, opened: str) -> None:
    page = open_page(user=world.user)
    page.goto(world.path(f"studio/products/{world.ready.id}/"))
    openers: dict[str, Any] = {
        "workspaces": lambda: page.locator(".rail__switch > summary").click(),
        "me": lambda: page.locator(".rail__me > summary").click(),
        "keys": lambda: page.keyboard.press("?"),
        "more": lambda: page.locator(".product__head .menu > summary").click(),
    }
    openers[opened]()
    shown = page.locator("dialog[open]" if opened == "keys" else "details[open] > .menu__list")
    shown.first.wait_for()
    assert serious_violations(page) == []
    page.keyboard.press("Escape")
    shown.first.wait_for(state="hidden")
