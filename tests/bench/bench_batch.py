"""A batch as a merchant runs it: many products x four sets in one go, through the real product.

``studio.batch_per_min`` is shots at 1200 px per minute from the request until the last one is ready: queue, workers,
storage, database and the page that is watched meanwhile. 24 products show the pace. ``cpu_s`` is the processor time of
all processes a shot.

``studio.batch500`` is the whole size, 500 products (or ``VISUALFORGE_BENCH_PRODUCTS``), and runs only when it is asked
for by its full name: preparing 500 cutouts and making 2,000 shots takes half an hour on two cores. When half of the
shots are there one worker process is killed; the batch has to end with every shot all the same. It says besides how
many shots failed, how long nothing was made after the kill, and how much memory all processes took at most, shared
pages counted once.
"""

from __future__ import annotations

import io
import os
import re
import signal
import time
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from PIL import Image
from playwright.sync_api import APIRequestContext, Page, sync_playwright

from infra.local import chromium
from tests.bench.bench_shot import rendered_product
from tests.bench.bench_studio import running_product, sign_in

NAME, WHOLE = "studio.batch_per_min", "studio.batch500"
FEW, MANY = 24, 500
SETS = ("white-sweep", "plinth", "window-table", "oak-desk")
LIMIT_S = 3600
POLL_S = 2.0
READY = re.compile(r"<strong[^>]*>([\d,]+) of ([\d,]+)</strong>")
FAILED = re.compile(r"([\d,]+) failed</span>")


def run(only: str | None) -> Iterable[dict[str, Any]]:
    """``studio.batch_per_min`` or, by its full name alone, ``studio.batch500``; one product loads the sets before."""
    if only == WHOLE:
        yield from _measured(WHOLE, _products(MANY), is_disturbed=True)
    elif NAME.startswith(only or ""):
        yield from _measured(NAME, _products(FEW), is_disturbed=False)


def _products(usual: int) -> int:
    return int(os.environ.get("VISUALFORGE_BENCH_PRODUCTS", usual))


def _measured(name: str, count: int, *, is_disturbed: bool) -> Iterable[dict[str, Any]]:
    with running_product() as (process, address, login), sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=str(chromium.require()), args=["--no-sandbox"])
        page = browser.new_page()
        home = sign_in(page, address, login)
        products = [_add(page, home, number) for number in range(count + 1)]
        _wait_for_cutouts(page, home, len(products))
        _Batch(page, home, products[:1]).wait()
        before, begin = cpu_s(process.pid), time.perf_counter()
        batch = _Batch(page, home, products[1:])
        disturbance = Disturbance(process.pid) if is_disturbed else None
        progress = batch.wait(disturbance)
        took, spent = time.perf_counter() - begin, cpu_s(process.pid) - before
        browser.close()
    yield {
        "name": name,
        "value": round(60 * progress.done / took, 1),
        "unit": "shots/min",
        "products": count,
        "shots": progress.done,
        "failed": progress.failed,
        "took_s": round(took, 1),
        "cpu_s": round(spent / max(1, progress.done), 3),
        "cores": os.cpu_count(),
        "load": round(os.getloadavg()[0], 1),
        **(disturbance.as_dict() if disturbance else {}),
    }


@dataclass(frozen=True)
class Progress:
    """What the page of a batch says."""

    done: int
    total: int
    failed: int


class Disturbance:
    """Kills a worker process in the middle of a batch, and watches memory and progress all along."""

    def __init__(self, root: int) -> None:
        self._root = root
        self._killed_at = 0.0
        self._done_at_kill = 0
        self._pause_s: float | None = None
        self._most_bytes = 0

    def watch(self, progress: Progress) -> None:
        """Called with every look at the page."""
        self._most_bytes = max(self._most_bytes, memory_bytes(self._root))
        if not self._killed_at and progress.done * 2 >= progress.total:
            os.kill(_busiest_child(self._root), signal.SIGKILL)
            self._killed_at, self._done_at_kill = time.perf_counter(), progress.done
        elif self._killed_at and self._pause_s is None and progress.done > self._done_at_kill:
            self._pause_s = round(time.perf_counter() - self._killed_at, 1)

    def as_dict(self) -> dict[str, Any]:
        """Figures: when the kill came, how long nothing more was made, and the memory at its highest."""
        return {
            "killed_after": self._done_at_kill,
            "pause_s": self._pause_s,
            "memory_mb": round(self._most_bytes / 1e6),
        }


def _photo(number: int) -> bytes:
    """A cut out product of its own colour: what is measured is the batch, not the cutout."""
    photo, cutout = rendered_product()
    hsv = cv2.cvtColor(photo, cv2.COLOR_RGB2HSV)
    hsv[..., 0] = (hsv[..., 0].astype(int) + number * 7) % 180
    hsv[..., 2] = hsv[..., 2] * (1 - 0.06 * (number // 180))
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


class _Batch:
    """A batch that was asked for, watched through its page."""

    def __init__(self, page: Page, home: str, products: list[str]) -> None:
        token = f"bench-{time.monotonic_ns()}"
        pairs = [("token", token), ("palette", "own"), ("format", "1:1"), ("variations", "1")]
        pairs += [("set", name) for name in SETS] + [("product", product) for product in products]
        body = "&".join(f"{name}={value}" for name, value in pairs)
        headers = _headers(page) | {"Content-Type": "application/x-www-form-urlencoded"}
        answer = page.request.post(f"{home}batches/create", data=body, headers=headers, timeout=120_000)
        self._request = page.request
        self._state = f"{page.url.split('/w/')[0]}{answer.json()['url']}state"

    def wait(self, disturbance: Disturbance | None = None) -> Progress:
        """Until every shot is there or has failed. Raises RuntimeError: it did not end, or, undisturbed, one failed."""
        deadline = time.monotonic() + LIMIT_S
        while time.monotonic() < deadline:
            progress = self._progress()
            if disturbance:
                disturbance.watch(progress)
            elif progress.failed:
                raise RuntimeError("a shot of the batch failed")
            if progress.total and progress.done + progress.failed == progress.total:
                return progress
            time.sleep(POLL_S)
        raise RuntimeError(f"the batch was not done in {LIMIT_S} s")

    def _progress(self) -> Progress:
        text = self._request.get(self._state, headers={"HX-Request": "true"}, timeout=120_000, max_retries=3).text()
        ready, failed = READY.search(text), FAILED.search(text)
        done, total = (_number(ready[1]), _number(ready[2])) if ready else (0, 0)
        return Progress(done, total, _number(failed[1]) if failed else 0)


def _number(text: str) -> int:
    """A number as pages write it."""
    return int(re.sub(r"\D", "", text))


@dataclass(frozen=True)
class _Process:
    parent: int
    command: str
    spent_s: float


def _family(root: int) -> dict[int, _Process]:
    """A process and everything below it, by id."""
    tick, found = os.sysconf("SC_CLK_TCK"), dict[int, _Process]()
    for entry in Path("/proc").glob("[0-9]*"):
        try:
            fields = (entry / "stat").read_text().rsplit(")", 1)[1].split()
            command = (entry / "cmdline").read_text().replace("\0", " ")
        except OSError:
            continue  # it ended meanwhile
        spent = sum(int(value) for value in fields[11:15]) / tick  # ended children included
        found[int(entry.name)] = _Process(int(fields[1]), command, spent)
    family = {root}
    for _ in range(8):  # generations
        family |= {pid for pid, process in found.items() if process.parent in family}
    return {pid: found[pid] for pid in family if pid in found}


def cpu_s(root: int) -> float:
    """Seconds of processor time of a process and everything below it, ended children included."""
    return sum(process.spent_s for process in _family(root).values())


def memory_bytes(root: int) -> int:
    """Memory of a process and everything below it, a page that several share counted once."""
    total = 0
    for pid in _family(root):
        try:
            shares = re.search(r"^Pss:\s+(\d+) kB", Path(f"/proc/{pid}/smaps_rollup").read_text(), re.MULTILINE)
        except OSError:
            continue  # it ended meanwhile
        total += 1024 * int(shares[1]) if shares else 0
    return total


def _busiest_child(root: int) -> int:
    """The worker process that has made most so far: a child of one that is a worker itself."""
    family = _family(root)
    workers = {pid for pid, process in family.items() if " worker " in process.command}
    children = [pid for pid in workers if family[pid].parent in workers]
    if not children:
        raise RuntimeError("no worker process was found to kill")
    return max(children, key=lambda pid: family[pid].spent_s)
