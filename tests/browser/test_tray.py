"""The tray of running jobs keeps a steady pace, however many jobs end a second."""

from __future__ import annotations

from playwright.sync_api import Page

from tests.browser.conftest import OpenPage
from tests.browser.site import Site
from tests.browser.world import make_world

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
    world = make_world()
    page = open_page(user=world.user)
    page.clock.install()
    page.goto(world.path("studio/"))
    page.clock.run_for(5000)
    page.evaluate(COUNT)

    page.evaluate(END)
    page.clock.run_for(450)
    assert asked(page) == 1

    for _ in range(25):  # five seconds of a batch
        page.evaluate(END)
        page.clock.run_for(200)
    assert 1 <= asked(page) <= 3
    page.clock.run_for(2500)
    assert asked(page) == 1  # the last end is not forgotten
    page.clock.run_for(5000)
    assert asked(page) == 0
