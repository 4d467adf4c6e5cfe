"""What a merchant waits for after drawing a box: the whole product runs as `make run` starts it, a browser clicks.

``cutout.browser_box_s`` is the time from the click on "Cut out the box" until the new cutout is decoded on the page,
for a photo of 1200 x 1200 px; ``cutout.browser_box_12mp_s`` the same for 3464 x 3464 px. Medians of five boxes, none
of them drawn before (an old one would only be looked up), after one that warms the page.
"""

from __future__ import annotations

import io
import os
import time
from collections.abc import Iterable
from typing import Any

from PIL import Image
from playwright.sync_api import Page, sync_playwright

from infra.local import chromium
from tests.bench.bench_batch import post
from tests.bench.bench_studio import running_product, sign_in
from tests.bench.drawn_photos import DrawnPhoto, draw

SIDES = {"cutout.browser_box_s": 1200, "cutout.browser_box_12mp_s": 3464}
TURNS = 5
LIMIT_MS = 240_000
IS_THERE = """(before) => {
  const { state, cutout } = document.getElementById("cutout").dataset;
  return state !== "pending" && cutout !== before;
}"""
IS_SHOWN = """() => document.querySelector("#cutout .compare__after image").decode()"""


def run(only: str | None) -> Iterable[dict[str, Any]]:
    """Figures: the two of ``SIDES``."""
    wanted = {name: side for name, side in SIDES.items() if name.startswith(only or "")}
    if not wanted:
        return
    with running_product() as (_process, address, login), sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=str(chromium.require()), args=["--no-sandbox"])
        # Waiting needs eval; all of the photo has to be on the screen.
        page = browser.new_page(viewport={"width": 1440, "height": 1200}, bypass_csp=True)
        page.set_default_timeout(LIMIT_MS)
        home = sign_in(page, address, login)
        for name, side_px in wanted.items():
            yield _figure(name, page, home, side_px)
        browser.close()


def _figure(name: str, page: Page, home: str, side_px: int) -> dict[str, Any]:
    photo = draw("plush", "leaves", side_px=side_px)
    page.goto(_add(page, home, photo))
    page.wait_for_selector("#cutout:not([data-state=pending])")
    spent = sorted([_cut_out(page, photo, turn) for turn in range(TURNS + 1)][1:])
    return {
        "name": name,
        "value": round(spent[len(spent) // 2], 2),
        "unit": "s",
        "min": round(spent[0], 2),
        "max": round(spent[-1], 2),
        "side_px": side_px,
        "cores": os.cpu_count(),
        "load": round(os.getloadavg()[0], 1),
    }


def _add(page: Page, home: str, photo: DrawnPhoto) -> str:
    """A product of this photo; the address of its page."""
    png = io.BytesIO()
    Image.fromarray(photo.rgb).save(png, "PNG", compress_level=1)
    file = {"name": f"plush-{photo.rgb.shape[0]}.png", "mimeType": "image/png", "buffer": png.getvalue()}
    asset = post(page, home.replace("/studio/", "/uploads/"), multipart={"file": file})["asset"]
    product = post(page, f"{home}products/", form={"asset": asset})["products"][0]
    return f"{home}products/{product['id']}/"


def _cut_out(page: Page, photo: DrawnPhoto, turn: int) -> float:
    """Draw a box around the product, or make the last one a little larger; seconds from the click to the new cutout."""
    before = page.locator("#cutout").get_attribute("data-cutout")
    if page.locator("[data-box-open]").count():
        page.click("[data-box-open]")
    if turn == 0:
        _drag(page, photo)
    else:
        page.locator("[data-box]").focus()
        page.keyboard.press("Shift+ArrowRight")
    begin = time.perf_counter()
    page.click("#cutout .cutout__cut")
    page.wait_for_function(IS_THERE, arg=before)
    page.evaluate(IS_SHOWN)
    return time.perf_counter() - begin


def _drag(page: Page, photo: DrawnPhoto) -> None:
    side_px = photo.rgb.shape[0]
    x, y, width, height = photo.box(margin_px=round(0.01 * side_px))
    picture = page.locator("[data-box-area] img")
    picture.evaluate("(image) => image.scrollIntoView({ block: 'center' })")
    frame = picture.bounding_box()
    if frame is None:
        raise RuntimeError("the photo to draw a box on is not shown")
    scale = frame["width"] / side_px
    page.mouse.move(frame["x"] + x * scale, frame["y"] + y * scale)
    page.mouse.down()
    page.mouse.move(frame["x"] + (x + width) * scale, frame["y"] + (y + height) * scale, steps=8)
    page.mouse.up()
