"""What may go wrong, done on purpose. Each scenario returns its figures with ``passed``."""

from __future__ import annotations

import random
import statistics
import time
import uuid
from collections.abc import Callable
from typing import Any

from apps.accounts.models import Workspace
from apps.core.tenancy import system_scope
from apps.jobs import services
from apps.jobs.models import Job, JobState
from tests.chaos.drawing import stop_scenes
from tests.chaos.house import House
from tests.chaos.killing import kill_while
from tests.chaos.product import shoot_under_kills
from tests.chaos.records import add_workspace, all_ended, rows, submit, verdict, wait_until

Figures = dict[str, Any]
Scenario = Callable[[House], Figures]


def percentile_95(values: list[float]) -> float:
    return round(sorted(values)[max(0, -(-95 * len(values) // 100) - 1)], 2)


def submit_to_three(count: int, *, seconds: float) -> tuple[list[uuid.UUID], list[Workspace]]:
    workspaces = [add_workspace(f"house{number}") for number in range(3)]
    ids = [id_ for workspace in workspaces for id_ in submit(workspace, count // 3, seconds=seconds)]
    return ids, workspaces


def kill_at_random(house: House) -> Figures:
    """R1: 50 times kill -9, children and now and then a whole worker, while 300 jobs run."""
    ids, workspaces = submit_to_three(300, seconds=0.4)
    figures: Figures = kill_while(house, lambda: not all_ended(ids), most=50, pause_s=(0.05, 0.5))
    wait_until(lambda: all_ended(ids), 120)
    figures |= verdict(ids, workspaces)
    return {**figures, "passed": figures["kills"] == 50 and not figures["lost"] and not figures["doubled"]}


def lose_whole_workers(house: House) -> Figures:
    """R2: every worker dies at once; how long until each of its jobs runs again."""
    waits: list[float] = []
    ids: list[uuid.UUID] = []
    workspace = add_workspace("house")
    for _ in range(2):
        batch = submit(workspace, house.slots * len(house.workers), seconds=3.0, steps=10)
        ids += batch
        wait_until(lambda batch=batch: sum(job.state == JobState.RUNNING for job in rows(batch)) == len(batch), 30)
        running = [job.id for job in rows(batch) if job.state == JobState.RUNNING]
        count = len(house.workers)
        for worker in list(house.workers):
            house.kill_worker(worker)
        killed_at = time.time()
        for _ in range(count):
            house.add_worker()
        wait_until(lambda batch=batch: all_ended(batch), 60)
        again = [job for job in rows(running) if job.attempts == 2 and job.started_at]
        waits += [job.started_at.timestamp() - killed_at for job in again]
    figures = verdict(ids, [workspace])
    figures |= {"kills": len(waits), "recovery_p95_s": percentile_95(waits), "recovery_max_s": round(max(waits), 2)}
    passed = len(waits) >= len(ids) // 2 and figures["recovery_p95_s"] <= 30
    return {**figures, "passed": passed and not figures["lost"] and not figures["doubled"]}


def wipe_broker(house: House) -> Figures:
    """R3: the broker loses every message it holds, ten times; Redis and RabbitMQ by kill -9, which takes some time."""
    ids, workspaces = submit_to_three(120, seconds=0.25)
    wiped = 0
    for _ in range(house.broker.wipes):
        time.sleep(0.5)
        wiped += house.broker.wipe()
    wait_until(lambda: all_ended(ids), 120)
    figures = {"wipes": house.broker.wipes, "messages_lost": wiped, **verdict(ids, workspaces)}
    return {**figures, "passed": wiped > 0 and not figures["lost"] and not figures["doubled"]}


def restart_database(house: House) -> Figures:
    """R4: PostgreSQL is restarted three times while jobs run, once by kill -9."""
    ids, workspaces = submit_to_three(120, seconds=0.3)
    for number in range(3):
        time.sleep(2)
        house.restart_database(brutally=number == 1)
    wait_until(lambda: all_ended(ids), 120)
    crashed = house.dead()
    figures = {"restarts": 3, "crashed": len(crashed), **verdict(ids, workspaces), "corrupt": _corrupt(ids)}
    passed = not (figures["lost"] or figures["doubled"] or figures["corrupt"] or crashed)
    return {**figures, "passed": passed}


def _corrupt(ids: list[uuid.UUID]) -> int:
    """Rows that contradict themselves or the outbox: bells exist for queued jobs and for no others."""
    jobs = rows(ids)
    with system_scope():
        ringing = set(Job.objects.filter(id__in=ids, outbox__isnull=False).values_list("id", flat=True))
    return sum((job.id in ringing) != (job.state == JobState.QUEUED) or job.attempts < 1 for job in jobs)


def deliver_thrice(house: House) -> Figures:
    """R9: every message arrives three times."""
    house.stop(house.relays)
    house.add_relay(thrice=True)
    ids, workspaces = submit_to_three(300, seconds=0.05)
    wait_until(lambda: all_ended(ids), 120)
    house.stop(house.relays)
    house.add_relay()
    figures = {"deliveries": 3, **verdict(ids, workspaces)}
    return {**figures, "passed": not figures["lost"] and not figures["doubled"]}


def poison(house: House) -> Figures:
    """R7: jobs that kill their process end failed after three attempts, uncharged, and the worker lives on."""
    workspace = add_workspace("house")
    bad = submit(workspace, 3, kind="chaos.poison", seconds=0)
    good = submit(workspace, 9, seconds=0.05)
    wait_until(lambda: all_ended(bad + good), 90)
    ended = [(job.state, job.attempts, job.error_code) for job in rows(bad)]
    charged = 3 - verdict(bad, [workspace])["lost"]
    as_designed = sum(end == (JobState.FAILED, 3, "worker_lost") for end in ended)
    others = verdict(good, [workspace])
    figures = {"jobs": len(bad), "failed_after_three": as_designed, "charged": charged, "others_lost": others["lost"]}
    return {**figures, "passed": as_designed == 3 and not charged and not others["lost"] and not others["doubled"]}


def poison_the_end(house: House) -> Figures:
    """R7: jobs whose hook kills the process that ends them end failed all the same, and the worker lives on."""
    workspace = add_workspace("house")
    bad = submit(workspace, 2, kind="chaos.poisoned_end", seconds=0)
    good = submit(workspace, 6, seconds=0.05)
    wait_until(lambda: all_ended(bad + good), 240)
    ended = [(job.state, job.attempts, job.error_code) for job in rows(bad)]
    as_designed = sum(end == (JobState.FAILED, 3, "internal") for end in ended)
    others = verdict(good, [workspace])
    figures = {"jobs": len(bad), "failed_as_broken": as_designed, "others_lost": others["lost"]}
    return {**figures, "passed": as_designed == 2 and not others["lost"] and not others["doubled"]}


def cancel_running(house: House) -> Figures:
    """R8: twenty running jobs are cancelled; each stops within one step and a second, uncharged."""
    step_s, waits, ids = 0.5, [], []
    workspace = add_workspace("house")
    while len(ids) < 20:
        batch = submit(workspace, 4, seconds=20.0, steps=40)
        ids += batch
        wait_until(lambda batch=batch: all(job.state == JobState.RUNNING for job in rows(batch)), 30, every_s=0.05)
        time.sleep(random.uniform(0, step_s))
        asked = {job.id: (services.cancel(job), time.time())[1] for job in rows(batch)}
        wait_until(lambda batch=batch: all_ended(batch), 30, every_s=0.05)
        ended = [job for job in rows(batch) if job.state == JobState.CANCELLED and job.ended_at]
        waits += [job.ended_at.timestamp() - asked[job.id] for job in ended]
    charged = len(ids) - verdict(ids, [workspace])["lost"]
    figures = {"jobs": len(ids), "cancelled": len(waits), "charged": charged, "stop_max_s": round(max(waits), 2)}
    return {**figures, "passed": len(waits) == len(ids) and not charged and max(waits) <= step_s + 1}


def share_fairly(house: House) -> Figures:
    """L3 in small: ten workspaces with 5 jobs each, alone and behind one with 1,000."""
    alone = _quiet_waits(house, loud=0)
    crowded = _quiet_waits(house, loud=1000)
    ratio = round(percentile_95(crowded) / percentile_95(alone), 2)
    figures = {"jobs": 1050, "wait_p95_alone_s": percentile_95(alone), "wait_p95_s": percentile_95(crowded)}
    figures |= {"wait_median_s": round(statistics.median(crowded), 2), "ratio": ratio}
    return {**figures, "passed": len(alone) == len(crowded) == 50 and ratio <= 2.0}


def _quiet_waits(house: House, *, loud: int) -> list[float]:
    noisy = add_workspace("loud")
    noise = submit(noisy, loud, seconds=0.1, steps=1)
    if loud:
        wait_until(lambda: any(job.state == JobState.SUCCEEDED for job in rows(noise[:50])), 30)
    ids = [id_ for number in range(10) for id_ in submit(add_workspace(f"q{number}"), 5, seconds=0.1, steps=1)]
    wait_until(lambda: all_ended(ids), 60)
    waits = [(job.started_at - job.created_at).total_seconds() for job in rows(ids) if job.started_at]
    for job in rows(noise):
        services.cancel(job)
    return waits


SCENARIOS: dict[str, Scenario] = {
    "chaos.R1": kill_at_random,
    "chaos.R2": lose_whole_workers,
    "chaos.R3": wipe_broker,
    "chaos.R4": restart_database,
    "chaos.R7": poison,
    "chaos.R7-end": poison_the_end,
    "chaos.R8": cancel_running,
    "chaos.R8-scenes": stop_scenes,
    "chaos.R9": deliver_thrice,
    "chaos.L3": share_fairly,
    "chaos.product": shoot_under_kills,
}
