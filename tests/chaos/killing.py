"""Killing workers at random moments, sparing jobs that would end by design."""

from __future__ import annotations

import random
import time
from collections.abc import Callable

from apps.core.tenancy import system_scope
from apps.jobs.models import Job, JobState
from tests.chaos.house import House


def kill_while(
    house: House, goes_on: Callable[[], bool], *, most: int, pause_s: tuple[float, float], whole_every: int = 10
) -> dict[str, int]:
    """kill -9, at random moments, children and every tenth time (``whole_every``) a whole worker with its children.

    A job that already lost two workers is spared: a third loss ends it by design (that is R7). Returns ``kills``,
    and how many of them were ``children`` and ``workers``.
    """
    kills = {"children": 0, "workers": 0}
    while sum(kills.values()) < most and goes_on():
        time.sleep(random.uniform(*pause_s))
        house.tend()
        if sum(kills.values()) % whole_every == whole_every - 1:
            worker = random.choice(house.workers)
            if not _on_last_attempt(set(house.children())):
                house.kill_worker(worker)
                house.add_worker()
                kills["workers"] += 1
        elif (victims := _choose_child(house)) and not _on_last_attempt(victims):
            house.kill_child(*victims)
            kills["children"] += 1
    house.tend()
    return {"kills": sum(kills.values()), **kills}


def _choose_child(house: House) -> set[int]:
    """Four times of five one that holds a job, since an idle one has nothing to lose; empty when there is none now."""
    children = set(house.children())
    wanted = children & _holders() if random.random() < 0.8 else children
    return {random.choice(sorted(wanted))} if wanted else set()


def _holders() -> set[int]:
    """The processes that hold a job."""
    with system_scope():
        names = Job.objects.filter(state=JobState.RUNNING).values_list("worker", flat=True)
        return {int(name.rpartition("/")[2]) for name in names}


def _on_last_attempt(pids: set[int]) -> bool:
    with system_scope():
        running = Job.objects.filter(state=JobState.RUNNING).values_list("worker", "attempts", "max_attempts")
        return any(int(worker.rpartition("/")[2]) in pids and had >= most for worker, had, most in running)
