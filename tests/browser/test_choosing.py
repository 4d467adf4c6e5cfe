"""Choosing on a product's page: pictures are asked for once, own colours are shown, and nothing chosen is ever lost."""

from __future__ import annotations

import json
import re
from collections import Counter

import pytest
from django.templatetags.static import static
from playwright.sync_api import Page, Route, expect

from apps.core.tenancy import tenant_scope
from apps.jobs.models import Job, JobState
from apps.studio import previews
from apps.studio.models import Product
from tests.browser.conftest import OpenPage
from tests.browser.site import Site
from tests.browser.world import World, make_world
from tests.factories import make_job
from tests.waiting import wait_until

SAY_ENDED = """
addEventListener("load", () => document.dispatchEvent(
  new CustomEvent("vf:job", { detail: { job: "j1", kind: "studio.preview", state: "succeeded" } })));
"""

CROSS = """last => {
  const sets = [...document.querySelectorAll("[data-set]")];
  for (const set of sets.slice(1, last)) {
    set.dispatchEvent(new PointerEvent("pointerenter"));
    set.dispatchEvent(new PointerEvent("pointerleave"));
  }
  sets[last].dispatchEvent(new PointerEvent("pointerenter"));
}"""

IS_ON_TOP = """element => {
  const { x, y, width, height } = element.getBoundingClientRect();
  return element.contains(document.elementFromPoint(x + width / 2, y + height / 2));
}"""


@pytest.fixture
def world(site: Site) -> World:
    return make_world()


def open_product(page: Page, world: World) -> None:
    page.goto(world.path(f"studio/products/{world.ready.id}/"))


def serve_previews(page: Page, picture: str) -> Counter[str]:
    """Each preview is in the making when it is first asked for. Returns how often each one was."""
    asked: Counter[str] = Counter()

    def answer(route: Route) -> None:
        asked[route.request.url] += 1
        is_made = asked[route.request.url] > 1
        body = {"url": picture} if is_made else {"job": "j1"}
        route.fulfill(status=200 if is_made else 202, content_type="application/json", body=json.dumps(body))

    page.route(re.compile(r"/preview\?"), answer)
    return asked


def test_stage_and_strip_ask_for_a_preview_once_and_again_when_its_job_has_ended(
    open_page: OpenPage, world: World
) -> None:
    page = open_page(user=world.user)
    page.add_init_script(SAY_ENDED)
    asked = serve_previews(page, static("img/mark.svg"))
    open_product(page, world)
    expect(page.locator("[data-stage-image]")).to_be_visible()
    first = page.locator("[data-set]").first
    expect(page.locator("[data-stage-title]")).to_have_text(first.inner_text().strip())
    expect(first.locator("img")).to_be_visible()
    name = first.get_attribute("data-set")
    [of_first] = [url for url in asked if f"set={name}&" in url]
    assert asked[of_first] == 2, "the stage and the strip share one request, and one more when the job has ended"


def test_a_set_far_down_the_page_is_asked_for_when_one_comes_to_it(open_page: OpenPage, world: World) -> None:
    page = open_page(user=world.user)
    page.set_viewport_size({"width": 390, "height": 700})
    page.add_init_script(SAY_ENDED)
    asked = serve_previews(page, static("img/mark.svg"))
    open_product(page, world)
    page.locator("[data-set]").first.scroll_into_view_if_needed()
    sets = page.locator("[data-set]")
    expect(sets.first.locator("img")).to_be_visible()
    last = sets.last.get_attribute("data-set")
    assert not [url for url in asked if f"set={last}&" in url]
    sets.last.scroll_into_view_if_needed()
    expect(sets.last.locator("img")).to_be_visible()
    assert [url for url in asked if f"set={last}&" in url]


def test_sets_that_the_pointer_only_crosses_are_not_asked_for(open_page: OpenPage, world: World) -> None:
    page = open_page(user=world.user)
    page.add_init_script(SAY_ENDED)
    asked = serve_previews(page, static("img/mark.svg"))
    open_product(page, world)
    page.locator("input[name=format][value='4:5']").check()
    page.locator("input[name=format][value='1:1']").uncheck()
    expect(page.locator("[data-stage-image]")).to_be_visible()
    sets = page.locator("[data-set]")
    crossed, wanted = [sets.nth(at).get_attribute("data-set") for at in range(1, 4)], sets.nth(4)
    with page.expect_request(re.compile(rf"/preview\?.*set={wanted.get_attribute('data-set')}&.*format=4")):
        page.evaluate(CROSS, 4)
    expect(page.locator("[data-stage-title]")).to_have_text(wanted.inner_text().strip())
    assert [url for url in asked if "format=4" in url and any(f"set={name}&" in url for name in crossed)] == []


def test_a_page_that_is_left_takes_the_pictures_off_the_queue_that_it_waited_for(
    open_page: OpenPage, world: World
) -> None:
    job = make_job(world.workspace, kind=previews.KIND, subject=f"preview:{world.ready.id}")
    page = open_page(user=world.user)
    page.route(re.compile(r"/preview\?"), lambda route: route.fulfill(status=202, json={"job": str(job.id)}))
    with page.expect_response(re.compile(r"/preview\?")) as asked:
        open_product(page, world)
    asked.value.finished()
    page.goto(world.path("studio/"))

    def is_dropped() -> bool:
        with tenant_scope(world.workspace.id):
            return Job.objects.get(pk=job.pk).state == JobState.CANCELLED

    wait_until(is_dropped, "nobody draws the picture any more")


def test_own_colours_are_shown_once_they_are_typed_and_unreadable_ones_are_said(
    open_page: OpenPage, world: World
) -> None:
    page = open_page(user=world.user)
    open_product(page, world)
    field = page.locator("#own-palette")
    field.fill("banana")
    field.press("Enter")
    expect(page.locator("#own-error")).to_contain_text("Colours are written like #1b4d3e.")
    with page.expect_request(re.compile(r"/preview\?.*palette=%23ff0000")):
        field.fill("#ff0000")
    expect(page.locator("#own-error")).to_be_empty()
    field.press("Enter")
    expect(page.locator("input[name=palette][value='#ff0000']")).to_be_checked()


def test_a_lost_connection_keeps_what_was_chosen_and_offers_another_try(open_page: OpenPage, world: World) -> None:
    page = open_page(user=world.user, is_heard=False)
    open_product(page, world)
    page.locator("input[name=palette][value=forest]").check()
    page.route("**/shoots/", lambda route: route.abort("internetdisconnected"))
    page.locator("[data-make]").click()
    toast = page.locator(".toast--error")
    expect(toast).to_contain_text("Check the connection")
    expect(page.locator("input[name=palette][value=forest]")).to_be_checked()

    page.unroute("**/shoots/")
    toast.get_by_role("button", name="Try again").click()
    page.wait_for_url(re.compile(r"/studio/shoots/[0-9a-f-]+/$"))
    expect(page.locator("[data-shot]")).to_have_count(2)


def test_the_last_rows_of_the_choices_are_never_behind_the_button(open_page: OpenPage, world: World) -> None:
    page = open_page(user=world.user)
    open_product(page, world)
    wide = page.locator("input[name=format][value='16:9']")
    wide.focus()
    assert wide.evaluate(IS_ON_TOP)


def test_products_from_above_are_named_before_a_batch_of_upright_sets(open_page: OpenPage, world: World) -> None:
    with tenant_scope(world.workspace.id):
        Product.objects.filter(pk=world.ready.pk).update(viewpoint="above")
    page = open_page(user=world.user)
    page.goto(world.path("studio/batches/new"))
    tick = page.locator(f'input[name="product"][value="{world.ready.id}"]')
    upright = page.locator('input[name="set"][value="white-sweep"]')
    flat_lay = page.locator('input[name="set"][value="flatlay-wood"]')
    named = page.locator('[data-misfit="above"]')
    tick.set_checked(True, force=True)
    upright.set_checked(True, force=True)
    expect(named).to_contain_text("1 of the chosen products was photographed from above")

    upright.set_checked(False, force=True)
    flat_lay.set_checked(True, force=True)
    expect(named).to_be_hidden()

    upright.set_checked(True, force=True)
    named.get_by_role("button", name="Untick").click()
    expect(named).to_be_hidden()
    expect(tick).not_to_be_checked()
