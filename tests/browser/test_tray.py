"""The tray of running jobs keeps a steady pace, however many jobs end a second, and stands on nothing one needs."""

from __future__ import annotations

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import DESKTOP, PHONE, OpenPage
from tests.browser.site import Site
from tests.browser.world import make_world
from tests.factories import make_job, make_person, make_workspace

END = "document.dispatchEvent(new CustomEvent('vf:job', {detail: {job: 'a', kind: 'studio.shot', state: 'succeeded'}}))"

COUNT = """() => {
  window.asked = 0;
  document.getElementById("tray").addEventListener("refresh", () => { window.asked += 1; });
}"""


def asked(page: Page) -> int:
    """How often the tray was told to ask since this was looked at last."""
    count: int = page.evaluate("() => { const count = window.asked; window.asked = 0; return count; }")
    return count


def test_the_first_end_is_shown_at_once_and_a_batch_at_a_steady_pace(open_page: OpenPage, site: Site) -> None:
    user = make_person(name="Mei Lin")
    workspace = make_workspace(user, name="Empty room")  # without jobs of its own: all news are the test's
    page = open_page(user=user)
    page.clock.install(time=0)
    page.goto(f"/w/{workspace.slug}/studio/")
    page.clock.pause_at(600_000)  # from here on time passes only as the test says, however slow the machine is
    page.evaluate(COUNT)

    page.evaluate(END)
    page.clock.run_for(450)
    assert asked(page) == 1

    for _ in range(20):  # four seconds of a batch
        page.evaluate(END)
        page.clock.run_for(200)
    assert asked(page) == 1
    page.clock.run_for(2500)
    assert asked(page) == 1  # the last end is not forgotten
    page.clock.run_for(5000)
    assert asked(page) == 0


IS_FREE = """() => {
  scrollTo(0, document.documentElement.scrollHeight);
  const boxOf = (name) => [...document.querySelectorAll(name)].at(-1).getBoundingClientRect();
  const [last, tray] = [boxOf("#yields tfoot"), boxOf("#tray")];
  return tray.height > 200 && last.bottom > 0 && last.bottom <= tray.top;
}"""


@pytest.mark.parametrize("size", [DESKTOP, PHONE], ids=["desktop", "phone"])
def test_where_shots_are_judged_it_is_folded_and_opened_it_leaves_the_last_row_free(
    open_page: OpenPage, site: Site, size: tuple[int, int]
) -> None:
    world = make_world()
    for _ in range(9):
        make_job(world.workspace)
    page = open_page(user=world.user, size=size)
    page.goto(world.path("studio/review/?state=all"))
    head = page.locator("[data-tray] > summary")
    expect(head).to_be_visible()
    expect(page.locator("[data-tray]")).not_to_have_attribute("open", "")
    head.click()
    expect(page.locator(".tray__list")).to_be_visible()
    page.wait_for_function(IS_FREE)
