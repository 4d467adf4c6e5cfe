"""What a Celery worker process does before its first job and after its last."""

from __future__ import annotations

import gc
import logging
import time
from typing import Any

import cv2
from celery import signals
from django.conf import settings

from apps.jobs.kinds import Preloadable, Warmable, all_kinds
from apps.jobs.lease import stop_work_at

logger = logging.getLogger(__name__)


def preload(**kwargs: Any) -> None:
    """In the parent, before it forks: every child, also one that replaces a dead one, finds this in shared memory."""
    cv2.setNumThreads(1)
    started = time.monotonic()
    for kind in all_kinds():
        if isinstance(kind, Preloadable):
            kind.preload()
    gc.collect()
    gc.freeze()  # a collection in a child would write into the shared pages, and so copy them
    logger.info("loaded after %.1f s", time.monotonic() - started)


def warm_up(**kwargs: Any) -> None:
    """In every child, before it consumes: sessions of inference engines have threads, which do not survive a fork."""
    cv2.setNumThreads(1)
    started = time.monotonic()
    for kind in all_kinds():
        if isinstance(kind, Warmable):
            kind.warm()
    logger.info("warm after %.1f s", time.monotonic() - started)


def give_work_back(**kwargs: Any) -> None:
    """The worker stops: what is not done within the grace goes back to the queue at its next progress report."""
    stop_work_at(time.monotonic() + settings.WORKER_STOP_GRACE_S)


signals.worker_init.connect(preload)
signals.worker_process_init.connect(warm_up)
signals.worker_shutting_down.connect(give_work_back)
