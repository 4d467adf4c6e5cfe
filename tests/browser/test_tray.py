"""The tray of running jobs keeps a steady pace, however many jobs end a second."""

from __future__ import annotations

from playwright.sync_api import Page

from tests.browser.conftest import OpenPage
from tests.browser.site import Site
from tests.factories import make_person, make_workspace

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
