"""What a Celery worker process does before its first job and after its last."""

from __future__ import annotations

import gc
import logging
import threading
import time
from functools import partial
from types import TracebackType
from typing import Any

import cv2
from celery import signals
from django.conf import settings
from django.db import InterfaceError, OperationalError, connection

from apps.jobs import engines, preparing, stations
from apps.jobs.heart import Heart
from apps.jobs.kinds import JobKind, Laned, Preloadable, Warmable, all_kinds
from apps.jobs.lease import stop_work_at
from apps.jobs.runner import worker_name
from inference.pipelines.generate import first_line

logger = logging.getLogger(__name__)
TO_END_S = 5.0
"""From when the last job was given back until the process is gone."""
_hearts: list[Heart] = []


def preload(sender: Any = None, **kwargs: Any) -> None:
    """In the parent, before it forks: every child, also one that replaces a dead one, finds this in shared memory.

    A GPU worker never forks: its one process loads its models here, before it takes a job.
    """
    cv2.setNumThreads(1)
    started = time.monotonic()
    if settings.WORKER_CLASS == "gpu":
        _start_drawing(sender)
        return
    for kind in _own_kinds():
        if isinstance(kind, Preloadable):
            kind.preload()
    gc.collect()
    gc.freeze()  # a collection in a child would write into the shared pages, and so copy them
    logger.info("loaded after %.1f s", time.monotonic() - started)


def _start_drawing(worker: Any) -> None:
    """Load the models, and consume the lanes of those that are ready. Ends the process where there is none."""
    with _ReadyOrGone():
        offers = engines.warm()
        ready = [offer["name"] for offer in offers if offer["is_ready"]]
        if not ready:
            why = engines.obstacles(offers)
            stations.sign_off(worker_name(), fault=why, offers=offers)
            raise SystemExit(f"This worker has nothing to draw with: {why}")
        warm_up()
        _figures(offers)  # a device that can not be asked how it is can not draw either
        connection.close()
        lanes = [stations.lane_of_model(name) for name in ready]
        lanes += [stations.lane_of_training(offer["name"]) for offer in offers if offer.get("can_learn")]
        worker.app.amqp.queues.select([stations.queue_of(lane) for lane in lanes])
        look = partial(engines.watched, lambda: _figures(offers))
        _hearts.append(Heart(worker_name(), look=look, last_word=engines.last_word))


class _ReadyOrGone:
    """Around a GPU worker's preparations: whatever breaks in them ends the process, for its supervisor to start again.

    Celery logs what a receiver of its signals raises and goes on. This worker would then consume the queue of the
    others, without a model and without a sign of life.
    """

    def __enter__(self) -> None:
        """Nothing yet."""

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if not isinstance(error, Exception):
            return
        logger.error("this worker could not get ready", exc_info=error)
        what = f"{type(error).__name__}: {first_line(error)}"
        try:
            stations.sign_off(worker_name(), fault=what)
        except (OperationalError, InterfaceError) as away:
            logger.warning("that was not written down: %s", str(away).strip())
        raise SystemExit(f"This worker could not get ready and ends, to be started again: {what}") from error


def _figures(offers: list[dict[str, Any]]) -> dict[str, Any]:
    """What this worker says of itself with every sign of life. While its device stands still it takes no work."""
    return {
        "slots": 0 if engines.stands_still() else settings.GENERATOR_SLOTS,
        "offers": engines.with_adapters(offers),
        "device": engines.device(),
        "figures": engines.figures(),
        **engines.fault(),
    }


def _own_kinds() -> list[JobKind]:
    """The kinds that this class of worker does: those with a lane are for GPU workers."""
    return [kind for kind in all_kinds() if isinstance(kind, Laned) == (settings.WORKER_CLASS == "gpu")]


def warm_up(**kwargs: Any) -> None:
    """In every child, before it consumes: sessions of inference engines have threads, which do not survive a fork."""
    cv2.setNumThreads(1)
    started = time.monotonic()
    for kind in _own_kinds():
        if isinstance(kind, Warmable):
            kind.warm()
    logger.info("warm after %.1f s", time.monotonic() - started)


def show_life(**kwargs: Any) -> None:
    """The consumer listens: from now on the site may count on this worker."""
    if settings.WORKER_CLASS != "gpu":
        preparing.is_over()
    for heart in _hearts:
        heart.start()
        grace_s = settings.WORKER_STOP_GRACE_S + TO_END_S
        threading.Thread(target=engines.watch_over_device, args=[grace_s], name="watch", daemon=True).start()


def give_work_back(**kwargs: Any) -> None:
    """The worker stops: what is not done within the grace goes back to the queue at its next progress report."""
    stop_work_at(time.monotonic() + settings.WORKER_STOP_GRACE_S)
    for heart in _hearts:
        heart.stop()


signals.worker_init.connect(preload)
signals.worker_process_init.connect(warm_up)
signals.worker_ready.connect(show_life)
signals.worker_shutting_down.connect(give_work_back)
