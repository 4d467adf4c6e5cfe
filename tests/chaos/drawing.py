"""A GPU worker with tiny random weights in the house, and generated scenes that it is to stop."""

from __future__ import annotations

import random
import signal
import subprocess
import time
import uuid
from itertools import pairwise
from typing import Any

from apps.accounts.models import Workspace
from apps.billing.models import LedgerEntry
from apps.core.tenancy import tenant_scope
from apps.jobs import services, stations
from apps.jobs.models import Job, JobState
from apps.studio import scenes, selectors
from apps.studio.models import Product
from apps.studio.services import request_scenes
from infra.local.programs import GPU_WORKER
from tests.chaos.house import House
from tests.chaos.records import add_workspace, all_ended, rows, wait_until
from tests.checkpoints.klein import write_tiny_klein
from tests.integration.studio.drawing_house import MODEL, ready_product

Figures = dict[str, Any]
START_S, DONE_S = 180.0, 180.0
SLOTS = 4
# Eight candidates a shot: long enough on any processor that it can be stopped in the middle of a drawing.
CANDIDATES = 8
DRAWING = "candidates"
SLACK_S = 1.5


def add_drawing_worker(house: House) -> subprocess.Popen[bytes]:
    """Returns when it says that it lives."""
    weights = house.folder / "weights"
    if not weights.is_dir():
        write_tiny_klein(weights / MODEL)
    before = {station.worker for station in stations.living()}
    own = {
        "WORKER_CLASS": "gpu",
        "WORKER_CONCURRENCY": "1",
        "WORKER_STOP_GRACE_S": "1",
        "GENERATOR_WEIGHTS_DIR": str(weights),
        "GENERATOR_MODELS": MODEL,
        "GENERATOR_SLOTS": str(SLOTS),
        "GENERATOR_DEVICE": "cpu",
        "OMP_NUM_THREADS": "1",
    }
    name = f"--hostname=drawing-{random.randrange(10**9)}@%h"
    worker = house.spawn(*GPU_WORKER[1:], f"--concurrency={SLOTS}", name, own=own)
    if not wait_until(lambda: bool({one.worker for one in stations.living()} - before), START_S):
        raise RuntimeError("the drawing worker did not start; see the log")
    return worker


def stop_scenes(house: House) -> Figures:
    """R8 for generated scenes: eight are cancelled in the middle of a step; each stops within one step, uncharged.

    Then the worker is told to end in the middle of a drawing: what it draws goes back to the queue, is drawn by the
    next worker, and is charged once.
    """
    worker = add_drawing_worker(house)
    workspace = add_workspace("drawing")
    product = _product(workspace)
    waits: list[float] = []
    steps: list[float] = []
    cancelled: list[uuid.UUID] = []
    for _ in range(4):
        ids = _ask(product, 2)
        steps.append(_step_s(ids))
        time.sleep(random.uniform(0, steps[-1]))
        asked = {job.id: (services.cancel(job), time.time())[1] for job in rows(ids)}
        wait_until(lambda ids=ids: all_ended(ids), DONE_S, every_s=0.05)
        ended = [job for job in rows(ids) if job.state == JobState.CANCELLED and job.ended_at]
        waits += [max(0.0, job.ended_at.timestamp() - asked[job.id]) for job in ended]
        cancelled += ids
    moved = _end_and_go_on(house, worker, product)
    charged = _charges(workspace, cancelled)
    is_in_time = len(waits) == len(cancelled) and max(waits) <= max(steps) + SLACK_S
    figures = {"scenes": len(cancelled), "cancelled": len(waits), "charged": charged}
    figures |= {"step_max_s": round(max(steps), 2), "stop_max_s": round(max(waits, default=0.0), 2), **moved}
    return {**figures, "passed": is_in_time and not charged and moved["moved_on"] == moved["ended_scenes"]}


def _product(workspace: Workspace) -> Product:
    product = ready_product(workspace)

    def is_cut_out() -> bool:
        with tenant_scope(workspace.id):
            product.refresh_from_db()
        return product.cutout_id is not None

    if not wait_until(is_cut_out, DONE_S):
        raise RuntimeError("the product was not cut out")
    with tenant_scope(workspace.id):
        return selectors.get_product(workspace, product.id)


def _ask(product: Product, count: int) -> list[uuid.UUID]:
    """Scenes that are being drawn now."""
    generated = {"mode": "exact", "product_label": "a glass bottle", "model": MODEL, "candidates": CANDIDATES}
    request = scenes.SceneRequest(scenes.checked_spec(generated), (), "1:1", count)
    with tenant_scope(product.workspace_id):
        shoot = request_scenes(product, request=request, by=None)
        ids = [job_id for job_id in shoot.shots.values_list("job_id", flat=True) if job_id]
    if not wait_until(lambda: all(job.stage == DRAWING for job in rows(ids)), DONE_S, every_s=0.05):
        raise RuntimeError(f"the scenes were not begun: {[(job.state, job.error_code) for job in rows(ids)]}")
    return ids


def _step_s(ids: list[uuid.UUID]) -> float:
    """How long a step takes now: the longest time between two reports of progress of the first three."""
    moments = [time.monotonic()]
    seen = _progress(ids)
    while len(moments) < 4 and time.monotonic() - moments[0] < DONE_S:
        time.sleep(0.02)
        if (now := _progress(ids)) != seen:
            seen = now
            moments.append(time.monotonic())
    return max(after - before for before, after in pairwise(moments))


def _progress(ids: list[uuid.UUID]) -> list[float]:
    return sorted(job.progress for job in rows(ids))


def _end_and_go_on(house: House, worker: subprocess.Popen[bytes], product: Product) -> Figures:
    ids = _ask(product, 2)
    began = time.monotonic()
    _end(house, worker)
    end_s = time.monotonic() - began
    queued = sum(job.state == JobState.QUEUED for job in rows(ids))
    another = add_drawing_worker(house)
    wait_until(lambda: all_ended(ids), DONE_S)
    _end(house, another)
    jobs: list[Job] = [job for job in rows(ids) if job.state == JobState.SUCCEEDED]
    once = len(jobs) == _charges(product.workspace, ids) == queued
    figures = {"ended_scenes": len(ids), "requeued": queued, "moved_on": len(jobs) if once else 0}
    return {**figures, "end_s": round(end_s, 2)}


def _end(house: House, worker: subprocess.Popen[bytes]) -> None:
    worker.send_signal(signal.SIGTERM)
    worker.wait(DONE_S)
    house.workers.remove(worker)


def _charges(workspace: Workspace, ids: list[uuid.UUID]) -> int:
    with tenant_scope(workspace.id):
        return LedgerEntry.objects.filter(workspace=workspace, job_id__in=ids).count()
