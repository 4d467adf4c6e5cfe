"""A session that ends while pages are open: one clear message, a way back, nothing lost."""

from __future__ import annotations

from pathlib import Path

import pytest
from django.conf import global_settings
from django.test import override_settings
from playwright.sync_api import Page, expect

from tests.browser.conftest import OpenPage
from tests.browser.site import Site
from tests.browser.world import World, make_world
from tests.factories import PASSWORD
from tests.integration.studio.pictures import bottle_png

MADE_S = 120_000


@pytest.fixture
def world(site: Site) -> World:
    made = make_world()
    # Tests hash passwords fast; the site does it as it should, and would not know the fast one.
    with override_settings(PASSWORD_HASHERS=global_settings.PASSWORD_HASHERS):
        made.user.set_password(PASSWORD)
        made.user.save()
    return made


def end_session(page: Page) -> None:
    page.context.clear_cookies(name="sessionid")


def message(page: Page) -> None:
    bar = page.locator("#signed-out")
    expect(bar).to_be_visible()
    expect(bar).to_contain_text("You are signed out. Nothing on this page is lost: sign in and go on.")
    expect(page.locator(".toast--error")).to_have_count(0)


def sign_in(page: Page, world: World) -> None:
    """Through the message, in the window that it opens and that closes by itself."""
    with page.expect_popup() as opened:
        page.locator("#signed-out [data-sign-in]").click()
    window = opened.value
    window.locator("input[name=login]").fill(world.user.email)
    window.locator("input[name=password]").fill(PASSWORD)
    with window.expect_event("close"):
        window.keyboard.press("Enter")
    expect(page.locator("#signed-out")).to_be_hidden()


def test_photos_of_a_drop_wait_for_the_sign_in_and_then_go_on(
    open_page: OpenPage, world: World, tmp_path: Path
) -> None:
    page = open_page(user=world.user, is_heard=False)
    page.goto(f"/w/{world.empty.slug}/studio/")
    files = [tmp_path / f"bottle {number}.png" for number in range(2)]
    for number, file in enumerate(files):
        file.write_bytes(bottle_png(seed=number))
    end_session(page)
    page.locator(".welcome__drop input").set_input_files(files)
    rows = page.locator(".upload[data-state=failed]")
    expect(rows).to_have_count(2)
    expect(rows.first).to_contain_text("You are signed out.")
    message(page)

    sign_in(page, world)
    expect(page.locator("#products .card")).to_have_count(2)


def test_what_was_typed_and_chosen_is_there_after_signing_in_again(open_page: OpenPage, world: World) -> None:
    page = open_page(user=world.user, is_heard=False)
    address = world.path(f"studio/products/{world.ready.id}/")
    page.goto(address)
    page.locator("input[name=palette][value=forest]").check()
    end_session(page)
    page.locator("#cutout button", has_text="Accept").click()
    message(page)
    assert page.url.endswith(address)

    sign_in(page, world)
    expect(page.locator("input[name=palette][value=forest]")).to_be_checked()
    page.locator("#cutout button", has_text="Accept").click()
    expect(page.locator("#cutout[data-state=accepted]")).to_be_visible()


def test_a_page_that_only_listens_hears_it_too(open_page: OpenPage, world: World) -> None:
    page = open_page(user=world.user, is_heard=False)
    page.route("**/events", lambda route: route.abort())  # no stream today: the page asks for changes instead
    page.goto(world.path("activity/"))
    end_session(page)
    message(page)
    sign_in(page, world)


def test_strokes_on_a_cutout_wait_for_the_sign_in(open_page: OpenPage, world: World) -> None:
    page = open_page(user=world.user, is_heard=False)
    page.goto(world.path(f"studio/products/{world.ready.id}/cutout/edit"))
    editor = page.locator("[data-cutout-editor]")
    expect(page.locator("[data-cutout-editor]:not([data-loading])")).to_be_visible()
    end_session(page)
    page.keyboard.press("e")
    page.locator("[data-room]").click()  # the middle, where the photo is
    page.keyboard.press("r")
    page.locator("[data-room]").click()
    page.keyboard.press("Control+S")
    message(page)
    expect(page.locator("[data-status]")).to_have_text("2 changes, not saved")

    sign_in(page, world)
    expect(page.locator("[data-cutout-editor]:not([data-busy])")).to_be_visible(timeout=MADE_S)
    expect(page.locator("[data-status]")).to_have_text("2 changes, not saved")
    page.keyboard.press("Control+S")
    expect(editor).to_have_count(0)
    expect(page.locator("#cutout[data-state=accepted]")).to_be_visible(timeout=MADE_S)


def test_the_other_pages_of_the_browser_show_the_message_and_lose_it_together(
    open_page: OpenPage, world: World
) -> None:
    page = open_page(user=world.user, is_heard=False)
    page.goto(world.path(f"studio/products/{world.ready.id}/"))
    other = page.context.new_page()
    other.goto(world.path("activity/"))
    end_session(page)
    page.locator("#cutout button", has_text="Accept").click()
    message(page)
    message(other)
    sign_in(page, world)
    expect(other.locator("#signed-out")).to_be_hidden()


def test_without_a_page_that_waits_the_sign_in_leads_back_to_it(open_page: OpenPage, world: World) -> None:
    page = open_page(user=world.user)
    address = world.path("activity/")
    page.goto(f"/signed-in/?next={address}")
    page.wait_for_url(f"**{address}")
    page.goto("/signed-in/?next=https://example.com/")
    page.wait_for_url("**/studio/")
