"""GPU workers as the rest of the site sees them: who lives, what they have loaded, and which lanes they serve.

A worker says every ``BEAT_S`` that it lives. Who was silent for ``ALIVE_S`` counts as gone: its lanes close, what was
queued for them waits, and pages stop offering what only it can make.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from django.db.models import QuerySet
from django.db.models.functions import Now
from django.utils import timezone

from apps.jobs.models import CPU_LANE, FAULT_CHARACTERS, Station
from apps.jobs.pace import UNKNOWN, Pace

BEAT_S = 3.0
ALIVE_S = 15.0
FORGET_AFTER = timedelta(days=1)
GPU_LANE = "gpu-"
TRAINING_LANE = "train-"
CPU_QUEUE = "jobs"


@dataclass(frozen=True)
class Offer:
    """A model that can be asked for now.

    ``slots``: jobs at the same time, over all workers that have loaded it; ``adapters``: those that all of them have;
    ``revision``: of the weights, empty where nobody noted it or workers differ; ``can_learn``: somebody can train
    adapters for it; ``pace``: what shots took lately by their effort; unknown while workers have made none.
    """

    name: str
    title: str
    licence: str
    is_commercial: bool
    slots: int
    adapters: tuple[str, ...] = ()
    revision: str = ""
    can_learn: bool = False
    pace: Pace = UNKNOWN


def lane_of_model(model: str) -> str:
    """The lane of the workers that have loaded ``model``."""
    return f"{GPU_LANE}{model}"


def lane_of_training(model: str) -> str:
    """The lane of the workers that can train adapters for ``model``: one training at a time each, beside drawing."""
    return f"{TRAINING_LANE}{model}"


def queue_of(lane: str) -> str:
    """The broker's queue of a lane."""
    return CPU_QUEUE if lane == CPU_LANE else lane


def beat(worker: str, *, fault: str = "", **fields: Any) -> None:
    """Say that ``worker`` lives, and what it has now (fields of ``Station``); ``fault`` is cut to one short line."""
    fields["fault"] = " ".join(fault.split())[:FAULT_CHARACTERS]
    changed = Station.objects.filter(worker=worker).update(seen_at=Now(), **fields)
    if not changed:
        Station.objects.create(worker=worker, **fields)


def sign_off(worker: str, *, fault: str = "", **fields: Any) -> None:
    """The worker ends. Where a ``fault`` ends it, its row stays and says so, with ``fields`` of ``Station``.

    Rows of its machine that fell silent before go then: one that ends again and again leaves few.
    """
    if not fault:
        Station.objects.filter(worker=worker).delete()
        return
    machine = worker.rpartition("/")[0]
    silent = Station.objects.filter(seen_at__lt=Now() - timedelta(seconds=ALIVE_S))
    silent.filter(worker__startswith=f"{machine}/").delete()
    beat(worker, slots=0, fault=fault, fault_at=timezone.now(), **fields)


def forget_silent() -> int:
    """Remove workers that nobody heard of for long; returns how many."""
    return Station.objects.filter(seen_at__lt=Now() - FORGET_AFTER).delete()[0]


def living() -> QuerySet[Station]:
    return Station.objects.filter(seen_at__gte=Now() - timedelta(seconds=ALIVE_S)).order_by("started_at", "worker")


def serving() -> QuerySet[Station]:
    """Those of the living that take work."""
    return living().filter(slots__gt=0)


def standstill_s(station: Station) -> float:
    """For how long a living worker that takes no work has waited for its device to move; 0.0 where that is not why."""
    return 0.0 if station.slots else float(station.figures.get("silent_s", 0.0))


def last_seen() -> Station | None:
    """The worker that was heard of last, living or not."""
    return Station.objects.order_by("-seen_at").first()


def slots() -> dict[str, int]:
    """How many jobs can run at the same time, by lane of a loaded model."""
    found = Counter[str]()
    for station in serving():
        for offer in station.offers:
            if offer["is_ready"]:
                found[lane_of_model(offer["name"])] += station.slots
                found[lane_of_training(offer["name"])] += bool(offer.get("can_learn"))
    return {lane: count for lane, count in found.items() if count}


def offers() -> list[Offer]:
    """Models that somebody has loaded, in the order in which workers name them."""
    counted = slots()
    known: dict[str, Offer] = {}
    for station in serving():
        for offer in station.offers:
            if offer["is_ready"]:
                name, adapters, revision = offer["name"], offer.get("adapters", []), offer.get("revision", "")
                other = known.get(name)
                seen = other.adapters if other else adapters
                known[name] = Offer(
                    name=name,
                    title=offer["title"],
                    licence=offer["licence"],
                    is_commercial=offer["is_commercial"],
                    slots=counted[lane_of_model(name)],
                    adapters=tuple(one for one in adapters if one in seen),
                    revision=revision if other is None or other.revision == revision else "",
                    can_learn=bool(offer.get("can_learn")) or bool(other and other.can_learn),
                    # The slowest one: who asks may meet it.
                    pace=max(other.pace if other else UNKNOWN, Pace(*station.figures.get("pace", {}).get(name, ()))),
                )
    return list(known.values())
