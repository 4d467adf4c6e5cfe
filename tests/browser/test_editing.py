"""Editing a shot in the browser: keys and pointer change the draft, undo and save, versions compared and taken back."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Page, expect

from apps.core.tenancy import tenant_scope
from apps.studio import services
from apps.studio.models import ShotVersion
from tests.browser.conftest import PHONE, OpenPage
from tests.browser.world import World, make_world

DRAWN_MS = 120_000


@pytest.fixture
def world(site: object) -> World:
    return make_world()


@pytest.fixture
def editor(open_page: OpenPage, world: World) -> Page:
    """The edit page with its first draft on show."""
    page = open_page(user=world.user)
    page.goto(world.path(f"studio/shots/{world.shot.id}/edit"))
    expect(page.locator("[data-box]")).to_be_visible(timeout=DRAWN_MS)
    return page


def left_of_box(page: Page) -> float:
    box = page.locator("[data-box]").bounding_box()
    assert box is not None
    return box["x"]


def wish(page: Page) -> dict[str, object]:
    kept: dict[str, object] = page.evaluate(
        "JSON.parse(Object.entries(sessionStorage).find(([key]) => key.startsWith('vf-edit'))?.[1] ?? '{}').wish ?? {}"
    )
    return kept


@pytest.mark.slow
def test_arrows_move_the_product_and_undo_brings_it_back(editor: Page) -> None:
    save = editor.locator("[data-save]")
    expect(save).to_be_disabled()
    editor.locator("[data-easel]").focus()
    before = left_of_box(editor)
    for _ in range(3):
        editor.keyboard.press("Shift+ArrowRight")
    expect(save).to_be_enabled()
    assert left_of_box(editor) > before + 10
    expect(editor.locator("[data-undo]")).to_be_enabled()
    editor.keyboard.press("z")
    expect(save).to_be_disabled()
    assert abs(left_of_box(editor) - before) < 2
    editor.keyboard.press("Shift+Z")
    expect(save).to_be_enabled()
    assert wish(editor)["offset"] == [0.075, 0]


@pytest.mark.slow
def test_dragging_moves_and_a_corner_scales(editor: Page) -> None:
    box = editor.locator("[data-box]").bounding_box()
    assert box is not None
    editor.mouse.move(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
    editor.mouse.down()
    editor.mouse.move(box["x"] + box["width"] / 2 + 40, box["y"] + box["height"] / 2, steps=4)
    editor.mouse.up()
    assert wish(editor)["offset"][0] > 0.02  # type: ignore[index]

    corner = editor.locator(".easel__handle--ne").bounding_box()
    assert corner is not None
    x, y = corner["x"] + corner["width"] / 2, corner["y"] + corner["height"] / 2
    editor.mouse.move(x, y)
    editor.mouse.down()
    editor.mouse.move(x + 20, y - 40, steps=4)
    editor.mouse.up()
    assert wish(editor)["edits"]["scale"] > 1.05  # type: ignore[index]


@pytest.mark.slow
def test_unsaved_edits_and_their_history_survive_a_reload(editor: Page) -> None:
    flip, undo = editor.locator("[data-switch=flip]"), editor.locator("[data-undo]")
    flip.click()
    editor.locator("[data-switch=light_mirror]").click()
    undo.click()
    editor.reload()
    expect(flip).to_have_attribute("aria-pressed", "true")
    editor.locator("[data-redo]").click()
    expect(editor.locator("[data-switch=light_mirror]")).to_have_attribute("aria-pressed", "true")
    undo.click()
    undo.click()
    expect(flip).to_have_attribute("aria-pressed", "false")
    expect(undo).to_be_disabled()
    editor.locator("[data-redo]").click()
    editor.locator("[data-reset]").click()
    expect(editor.locator("[data-save]")).to_be_disabled()
    editor.reload()
    expect(flip).to_have_attribute("aria-pressed", "false")
    undo.click()
    expect(flip).to_have_attribute("aria-pressed", "true")


@pytest.mark.slow
def test_an_edit_that_the_server_did_not_take_is_still_there(open_page: OpenPage, world: World) -> None:
    editor = open_page(user=world.user, is_heard=False)
    editor.goto(world.path(f"studio/shots/{world.shot.id}/edit"))
    expect(editor.locator("[data-box]")).to_be_visible(timeout=DRAWN_MS)
    editor.locator("[data-switch=flip]").click()
    save, flip = editor.locator("[data-save]"), editor.locator("[data-switch=flip]")
    editor.route("**/save", lambda route: route.fulfill(status=503, body="busy"))
    save.click()
    expect(editor.locator(".toast--error")).to_be_visible()
    expect(save).to_be_enabled()
    expect(flip).to_have_attribute("aria-pressed", "true")
    editor.unroute("**/save")

    address, cookies = editor.url, editor.context.cookies()
    editor.context.clear_cookies(name="sessionid")
    save.click()
    expect(editor.locator("#signed-out")).to_be_visible()
    assert editor.url == address
    editor.reload()  # leads to the sign-in page
    editor.wait_for_url(re.compile("/accounts/login/"))
    editor.context.add_cookies(cookies)  # type: ignore[arg-type]
    editor.goto(address)
    expect(flip).to_have_attribute("aria-pressed", "true")
    save.click()
    editor.wait_for_url(re.compile(r"/studio/shots/[0-9a-f-]+/$"))


@pytest.mark.slow
def test_enter_takes_a_ratio_of_ones_own_and_every_set_gets_its_thumbnail(editor: Page) -> None:
    editor.locator("details:has([data-free-ratio]) > summary").click()
    editor.locator("[data-free-ratio]").fill("2:3")
    editor.keyboard.press("Enter")
    expect(editor.locator("[data-save]")).to_be_enabled()
    assert wish(editor)["format"] == "2:3"
    assert editor.url.endswith("/edit")
    editor.locator("details[data-companion] > summary").click()
    expect(editor.locator("[data-preview-of]").first).to_have_attribute("src", re.compile("."), timeout=DRAWN_MS)


@pytest.mark.slow
def test_another_format_keeps_the_camera_of_a_look_and_another_camera_lets_it_go(
    open_page: OpenPage, world: World
) -> None:
    lock = {"window": [400, 300, 1200, 1200], "base": [0.5, 0.75], "mirrored": False}
    with tenant_scope(world.workspace.id):
        world.shot.spec |= {"lock": lock}
        world.shot.save(update_fields=["spec"])
    page = open_page(user=world.user)
    page.goto(world.path(f"studio/shots/{world.shot.id}/edit"))
    expect(page.locator("[data-box]")).to_be_visible(timeout=DRAWN_MS)
    page.locator("details:has([data-formats]) > summary").click()
    expect(page.locator("[data-held]")).to_be_visible()
    page.locator("[name=format][value='4:5']").check(force=True)
    expect(page.locator("[data-save]")).to_be_enabled()
    assert (wish(page)["format"], wish(page)["lock"]) == ("4:5", lock)
    page.locator("[data-free-ratio]").fill("2:3")
    page.keyboard.press("Enter")
    assert (wish(page)["format"], wish(page)["lock"]) == ("2:3", lock)
    page.locator("#knob-frame_zoom").fill("20")
    expect(page.locator("[data-held]")).to_be_hidden()
    assert "lock" not in wish(page)


@pytest.mark.slow
def test_a_second_product_grows_no_larger_than_can_be_drawn(editor: Page) -> None:
    editor.locator("details[data-companion] > summary").click()
    other = editor.locator("[data-other]:not([value=''])").first
    other.check(force=True)
    other.evaluate("other => { other.dataset.scale = '2.08'; }")  # a large kind, enlarged
    editor.locator("#beside-size").fill("2")
    assert wish(editor)["companion"]["scale"] == 4.0  # type: ignore[index]
    expect(editor.locator("#beside-size")).to_have_value("1.92")
    expect(editor.locator("[data-note]")).to_be_empty()


COVERED = """
() => {
  const focused = document.activeElement;
  if (focused === document.body) return ""; // past the last stop
  const { left, top, width, height } = focused.getBoundingClientRect();
  const x = Math.min(Math.max(left + width / 2, 1), innerWidth - 1);
  const seen = document.elementFromPoint(x, top + height / 2);
  const label = focused.closest("label");
  const isSeen = seen && (focused.contains(seen) || seen.contains(focused) || label?.contains(seen));
  return isSeen ? "" : focused.id || focused.textContent.trim();
}
"""


@pytest.mark.slow
def test_on_a_phone_nothing_that_has_the_focus_is_covered(open_page: OpenPage, world: World) -> None:
    page = open_page(user=world.user, size=PHONE)
    page.goto(world.path(f"studio/shots/{world.shot.id}/edit"))
    expect(page.locator("[data-box]")).to_be_visible(timeout=DRAWN_MS)
    covered = []
    for _ in range(40):
        page.keyboard.press("Tab")
        covered.append(page.evaluate(COVERED))
    assert set(covered) == {""}


@pytest.mark.slow
def test_a_version_that_could_not_be_made_is_changed_and_tried_again(editor: Page, world: World) -> None:
    editor.locator("[data-switch=flip]").click()
    with tenant_scope(world.workspace.id):
        spec = world.shot.spec | {"edits": {"scale": 0.5}}
        ShotVersion.objects.create(workspace=world.workspace, shot=world.shot, number=2, spec=spec)
    editor.goto(world.path(f"studio/shots/{world.shot.id}/edit?from=2"))
    assert wish(editor)["edits"] == {"scale": 0.5}
    expect(editor.locator("[data-save]")).to_be_enabled()
    editor.locator("[data-undo]").click()
    assert wish(editor)["edits"] == {"flip": True}
    editor.reload()
    assert wish(editor)["edits"] == {"flip": True}


@pytest.mark.slow
def test_a_colour_change_above_the_cap_is_shown_and_can_not_be_saved(editor: Page) -> None:
    editor.locator("details:has(#knob-exposure_ev) > summary").click()
    slider = editor.locator("#knob-exposure_ev")
    slider.fill("100")
    meter = editor.locator("[data-delta-e]")
    expect(meter).to_have_attribute("data-over", "", timeout=DRAWN_MS)
    expect(editor.locator("[data-save]")).to_be_disabled()
    expect(editor.locator("[data-note]")).to_contain_text("another colour")
    editor.locator("[data-knob=exposure_ev] [data-knob-reset]").click()
    expect(editor.locator("[data-note]")).to_be_empty(timeout=DRAWN_MS)


@pytest.mark.slow
def test_saving_makes_a_version_that_can_be_compared_and_taken_back(editor: Page) -> None:
    editor.locator("#knob-scale").fill("-30")
    expect(editor.locator("[data-save]")).to_be_enabled()
    editor.locator("[data-save]").click()
    editor.wait_for_url(re.compile(r"/studio/shots/[0-9a-f-]+/$"))
    # The page loads again once the version is made; the one before would lose what is clicked on it.
    expect(editor.locator("[data-viewer][data-version='2']")).to_be_visible(timeout=DRAWN_MS)
    expect(editor.locator(".version[aria-current]")).to_contain_text("2")

    editor.locator("[data-compare-with]").click()
    expect(editor.locator(".compare__label--before")).to_have_text("Version 1")
    expect(editor.locator("[data-compare-range]")).to_be_focused()
    editor.locator(".version button[name=number]:not([disabled])").click()
    expect(editor.locator(".version[aria-current]")).to_contain_text("1")


@pytest.mark.slow
def test_a_range_of_shots_is_judged_at_once_and_a_number_says_why(open_page: OpenPage, world: World) -> None:
    page = open_page(user=world.user)
    page.goto(world.path(f"studio/review/?state=all&product={world.shot.product_id}"))
    expect(page.locator("[data-shot]")).to_have_count(2)
    page.keyboard.press("ArrowRight")
    page.keyboard.press("Shift+ArrowRight")
    expect(page.locator("[data-selected]")).to_have_count(2)
    page.keyboard.press("x")
    expect(page.locator("[data-why-part]")).to_be_visible()
    page.keyboard.press("3")
    expect(page.locator("[data-why-part]")).to_be_hidden()
    reasons = page.locator("[data-shot] select[name=reason]")
    expect(reasons).to_have_count(2)
    for number in range(2):
        expect(reasons.nth(number)).to_have_value("scene")
    expect(page.locator("[data-shot][data-verdict=rejected]")).to_have_count(2)


def test_counts_and_yield_follow_the_verdicts_of_everybody(open_page: OpenPage, world: World) -> None:
    page = open_page(user=world.user)
    page.goto(world.path(f"studio/review/?state=all&product={world.shot.product_id}"))
    accepted, rejected = page.locator("[data-count=starred]"), page.locator("[data-count=rejected]")
    expect(page.locator("[data-shot]")).to_have_count(2)
    page.keyboard.press("Control+A")
    page.keyboard.press("x")
    expect(rejected).to_have_text("2")
    expect(accepted).to_have_text("0")
    expect(page.locator("[data-shot][data-selected][data-verdict=rejected]")).to_have_count(2)
    page.keyboard.press("x")  # the same key again takes all of it back
    expect(rejected).to_have_text("0")
    page.keyboard.press("x")
    expect(rejected).to_have_text("2")
    row = page.locator(".yield tbody tr", has_text="Tall bottle")
    expect(row).to_contain_text("0%")

    with tenant_scope(world.workspace.id):  # somebody else, elsewhere
        services.set_verdict(world.shot, verdict="star")
    expect(rejected).to_have_text("1")
    expect(accepted).to_have_text("1")
    expect(row).to_contain_text("50%")
