"""A batch as a merchant runs it: many products x four sets in one go, through the real product.

``studio.batch_per_min`` is shots at 1200 px per minute from the request until the last one is ready: queue, workers,
storage, database and the page that is watched meanwhile. 24 products show the pace; the size that the figure
is meant for is ``VISUALFORGE_BENCH_PRODUCTS=500``. ``cpu_s`` is the processor time of all processes a shot.
"""

from __future__ import annotations

import io
import os
import re
import time
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from PIL import Image
from playwright.sync_api import APIRequestContext, Page, sync_playwright

from infra.local import chromium
from tests.bench.bench_shot import rendered_product
from tests.bench.bench_studio import running_product, sign_in

NAME = "studio.batch_per_min"
PRODUCTS = int(os.environ.get("VISUALFORGE_BENCH_PRODUCTS", "24"))
SETS = ("white-sweep", "plinth", "window-table", "oak-desk")
LIMIT_S = 3600
POLL_S = 2.0
READY = re.compile(r"<strong[^>]*>(\d+) of (\d+)</strong>")


def run(only: str | None) -> Iterable[dict[str, Any]]:
    """Figure: ``studio.batch_per_min``, after a batch of one product that loads the sets."""
    if not NAME.startswith(only or ""):
        return
    with running_product() as (process, address, login), sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=str(chromium.require()), args=["--no-sandbox"])
        page = browser.new_page()
        home = sign_in(page, address, login)
        products = [_add(page, home, number) for number in range(PRODUCTS + 1)]
        _wait_for_cutouts(page, home, len(products))
        _batch(page, home, products[:1])
        before, begin = cpu_s(process.pid), time.perf_counter()
        shots = _batch(page, home, products[1:])
        took, spent = time.perf_counter() - begin, cpu_s(process.pid) - before
        browser.close()
    yield {
        "name": NAME,
        "value": round(60 * shots / took, 1),
        "unit": "shots/min",
        "products": PRODUCTS,
        "shots": shots,
        "took_s": round(took, 1),
        "cpu_s": round(spent / shots, 3),
        "cores": os.cpu_count(),
        "load": round(os.getloadavg()[0], 1),
    }


def _photo(number: int) -> bytes:
    """A cut out product of its own colour: what is measured is the batch, not the cutout."""
    photo, cutout = rendered_product()
    hsv = cv2.cvtColor(photo, cv2.COLOR_RGB2HSV)
    hsv[..., 0] = (hsv[..., 0].astype(int) + number * 7) % 180
    hsv[0, 0] = (number % 180, number // 180, 128)  # no two photos are the same
    rgba = np.dstack([cv2.cvtColor(hsv, cv2.COLOR_HSV2RGB), cutout.alpha])
    out = io.BytesIO()
    Image.fromarray(rgba).save(out, "PNG", compress_level=1)
    return out.getvalue()


def _headers(page: Page) -> dict[str, str]:
    token = next(cookie["value"] for cookie in page.context.cookies() if "csrf" in str(cookie["name"]))
    return {"Accept": "application/json", "X-CSRFToken": token, "Referer": page.url}


def post(page: Page, url: str, **what: Any) -> dict[str, Any]:
    request: APIRequestContext = page.request
    answer = request.post(url, headers=_headers(page), timeout=120_000, **what)
    if not answer.ok:
        raise RuntimeError(f"{url} answered {answer.status}: {answer.text()[:300]}")
    found: dict[str, Any] = answer.json()
    return found


def _add(page: Page, home: str, number: int) -> str:
    """One product; its id."""
    file = {"name": f"bottle-{number:03d}.png", "mimeType": "image/png", "buffer": _photo(number)}
    asset = post(page, home.replace("/studio/", "/uploads/"), multipart={"file": file})["asset"]
    return str(post(page, f"{home}products/", form={"asset": asset})["products"][0]["id"])


def _wait_for_cutouts(page: Page, home: str, count: int) -> None:
    deadline = time.monotonic() + LIMIT_S
    while time.monotonic() < deadline:
        if page.request.get(f"{home}?q=bottle", max_retries=3).text().count("chip--busy") == 0:
            return
        time.sleep(POLL_S)
    raise RuntimeError(f"{count} cutouts were not done in {LIMIT_S} s")


def _batch(page: Page, home: str, products: list[str]) -> int:
    """Ask for the batch and wait for its last shot; returns how many shots it made."""
    token = f"bench-{time.monotonic_ns()}"
    pairs = [("token", token), ("palette", "own"), ("format", "1:1"), ("variations", "1")]
    pairs += [("set", name) for name in SETS] + [("product", product) for product in products]
    body = "&".join(f"{name}={value}" for name, value in pairs)
    headers = {"Content-Type": "application/x-www-form-urlencoded"}
    answer = page.request.post(f"{home}batches/create", data=body, headers=_headers(page) | headers, timeout=120_000)
    state = f"{page.url.split('/w/')[0]}{answer.json()['url']}state"
    deadline = time.monotonic() + LIMIT_S
    while time.monotonic() < deadline:
        text = page.request.get(state, headers={"HX-Request": "true"}, timeout=120_000, max_retries=3).text()
        ready = READY.search(text)
        if ready and ready[1] == ready[2]:
            return int(ready[2])
        if "chip--error" in text:
            raise RuntimeError("a shot of the batch failed")
        time.sleep(POLL_S)
    raise RuntimeError(f"the batch was not done in {LIMIT_S} s")


def cpu_s(root: int) -> float:
    """Seconds of processor time of a process and everything below it, ended children included."""
    parents: dict[int, int] = {}
    spent: dict[int, float] = {}
    tick = os.sysconf("SC_CLK_TCK")
    for entry in Path("/proc").glob("[0-9]*"):
        try:
            fields = (entry / "stat").read_text().rsplit(")", 1)[1].split()
        except OSError:
            continue  # it ended meanwhile
        parents[int(entry.name)] = int(fields[1])
        spent[int(entry.name)] = sum(int(value) for value in fields[11:15]) / tick
    family = {root}
    for _ in range(8):  # generations
        family |= {child for child, parent in parents.items() if parent in family}
    return sum(spent[pid] for pid in family if pid in spent)
