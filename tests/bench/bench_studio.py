"""What a merchant waits for: the whole product is started as `make run` starts it, and a real browser clicks.

``studio.first_visible_s`` is the time from the click on "Make 12 shots" until the first picture is decoded on the page,
``studio.browser_batch12_s`` until all twelve are. Web, worker, relay and database are the real ones.
"""

from __future__ import annotations

import colorsys
import os
import re
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from playwright.sync_api import Page, sync_playwright

from infra.local import chromium
from infra.local.postgres import destroy
from tests.programs import free_port

ROOT = Path(__file__).resolve().parents[2]
FIRST, ALL = "studio.first_visible_s", "studio.browser_batch12_s"
SHOTS = 12
SETS = 3
SHOOTS = 5
DECODED = "[...document.querySelectorAll('.shot__place img')].filter(i => i.complete && i.naturalWidth).length >= {n}"
# Sets further away than half a window are not asked for.
STRIP_IS_SHOWN = """() => [...document.querySelectorAll(".set__picture.skeleton:has(img[hidden])")].every((place) => {
  const { top, bottom } = place.getBoundingClientRect();
  return top > 1.5 * innerHeight || bottom < -0.5 * innerHeight;
})"""
LIMIT_S = 240


def run(only: str | None) -> Iterable[dict[str, Any]]:
    """Figures: medians over five shoots of different palettes, after one shoot that warms nothing but the page."""
    if not any(name.startswith(only or "") for name in (FIRST, ALL)):
        return
    with running_product() as (_process, address, login), sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=str(chromium.require()), args=["--no-sandbox"])
        page = browser.new_page(viewport={"width": 1440, "height": 900}, bypass_csp=True)  # waiting needs eval
        product = _open_ready_product(page, address, login)
        times = [_shoot(page, product, turn) for turn in range(SHOOTS + 1)][1:]
        browser.close()
    for at, name in enumerate((FIRST, ALL)):
        values = sorted(time[at] for time in times)
        yield {
            "name": name,
            "value": round(values[len(values) // 2], 2),
            "unit": "s",
            "min": round(values[0], 2),
            "max": round(values[-1], 2),
            "shots": SHOTS,
            "cores": os.cpu_count(),
        }


@contextmanager
def running_product() -> Iterator[tuple[subprocess.Popen[bytes], str, tuple[str, str]]]:
    """All that `make run` starts, in a fresh data directory: its process, the address without a slash, the login."""
    port = free_port()
    with tempfile.TemporaryDirectory(prefix="visualforge-bench-") as folder:
        data_dir = Path(folder) / "data"
        environment = {key: value for key, value in os.environ.items() if key != "DATABASE_URL"}
        environment |= {
            "PORT": str(port),
            "VISUALFORGE_DATA_DIR": str(data_dir),
            "PYTHONUNBUFFERED": "1",
            "CUTOUT_DOWNLOAD": "false",
        }
        with (Path(folder) / "log").open("w+") as log:
            process = subprocess.Popen(
                [sys.executable, "-m", "infra.local.up"], cwd=ROOT, env=environment, stdout=log, stderr=log
            )
            try:
                yield process, f"http://127.0.0.1:{port}", _login_when_ready(process, Path(log.name))
            finally:
                process.send_signal(signal.SIGINT)
                process.wait(timeout=60)
                destroy(data_dir)


def _login_when_ready(process: subprocess.Popen[bytes], log: Path) -> tuple[str, str]:
    deadline = time.monotonic() + LIMIT_S
    while (login := re.search(r"Demo login: (\S+) (\S+)", log.read_text())) is None:
        if process.poll() is not None or time.monotonic() > deadline:
            raise RuntimeError(f"VisualForge did not start: {log.read_text()[-2000:]}")
        time.sleep(0.1)
    return login[1], login[2]


def sign_in(page: Page, address: str, login: tuple[str, str]) -> str:
    """The address of Studio's home."""
    page.goto(f"{address}/accounts/login/")
    page.fill("input[name=login]", login[0])
    page.fill("input[name=password]", login[1])
    page.press("input[name=password]", "Enter")
    page.wait_for_url(re.compile("/studio/$"))
    return page.url


def _open_ready_product(page: Page, address: str, login: tuple[str, str]) -> str:
    """Sign in, open the first sample and wait until it can be shot; returns its address."""
    sign_in(page, address, login)
    page.locator("a.card__name").first.click()
    page.wait_for_selector("[data-make]:not([aria-disabled=true])", timeout=LIMIT_S * 1000)
    return page.url


def _shoot(page: Page, product: str, turn: int) -> tuple[float, float]:
    """Twelve new pictures: the first sets in as many palettes as give twelve; seconds to the first and to the last."""
    page.goto(product)
    for index, box in enumerate(page.locator("input[name=set]").all()):
        box.set_checked(index < SETS)
    for box in page.locator("input[type=checkbox][name=palette]").all():
        box.set_checked(False)
    for step in range(SHOTS // SETS):
        page.fill("[data-own-text]", _new_palette(turn * SHOTS + step))
        page.press("[data-own-text]", "Enter")
    page.wait_for_function(STRIP_IS_SHOWN, timeout=LIMIT_S * 1000)
    begin = time.perf_counter()
    page.click("[data-make]")
    page.wait_for_function(DECODED.format(n=1), timeout=LIMIT_S * 1000)
    first = time.perf_counter() - begin
    page.wait_for_function(DECODED.format(n=SHOTS), timeout=LIMIT_S * 1000)
    return first, time.perf_counter() - begin


def _new_palette(number: int) -> str:
    """Two colours that no shoot before had: what was made before would only be looked up."""
    hues = (number * 0.618 % 1, (number * 0.618 + 0.5) % 1)
    colours = (colorsys.hls_to_rgb(hue, 0.6, 0.4) for hue in hues)
    return ",".join("#" + "".join(f"{round(255 * part):02x}" for part in colour) for colour in colours)
