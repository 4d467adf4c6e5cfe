"""Rings the bells: hears of new work at once, publishes in fair order, sweeps every few seconds.

It also starts the daily chores.

Survives restarts of the database, outages of the broker and rows that PostgreSQL refuses by waiting, a little longer
each time.
"""

from __future__ import annotations

import logging
import time

import psycopg
from django.conf import settings
from django.db import Error, connection
from django.utils.module_loading import import_string
from kombu.exceptions import KombuError

from apps.core.listening import listen
from apps.jobs import dispatch, preparing
from apps.jobs.chores import Daily
from apps.jobs.kinds import deadline_s
from apps.jobs.stations import queue_of
from apps.jobs.tasks import TASK
from apps.jobs.transitions import BELL

logger = logging.getLogger(__name__)
POLL_S = 1.0
SWEEP_EVERY_S = 2.0
FIRST_PAUSE_S = 0.25
LONGEST_PAUSE_S = 5.0
KILL_GRACE_S = 30.0  # a child that ignores the deadline that long is killed by Celery


def publish(ring: dispatch.Ring) -> None:
    limit_s = deadline_s(ring.kind) + KILL_GRACE_S
    import_string(settings.CELERY_APP).send_task(
        TASK, args=[str(ring.job_id)], queue=queue_of(ring.lane), time_limit=limit_s, retry=False
    )


class Relay:
    def __init__(self) -> None:
        self._stopping = False
        self._swept_at = 0.0
        self._daily = Daily()

    def stop(self) -> None:
        self._stopping = True

    def run(self) -> None:
        """Until ``stop`` is called."""
        pause_s = FIRST_PAUSE_S
        while not self._stopping:
            try:
                with listen(BELL) as bell:
                    logger.info("the relay listens")
                    while not self._stopping:
                        self.turn()
                        self._daily.tick()
                        pause_s = FIRST_PAUSE_S
                        bell.wait(POLL_S)
            except (Error, psycopg.Error, KombuError, OSError) as error:
                logger.warning("the relay waits %.2f s: %s", pause_s, str(error).strip() or type(error).__name__)
                connection.close()
                time.sleep(pause_s)
                pause_s = min(pause_s * 2, LONGEST_PAUSE_S)

    def turn(self) -> None:
        """Ring what may be rung, and sweep when it is time: a sweep that fails does not keep bells from ringing."""
        dispatch.ring_next(publish)
        if time.monotonic() - self._swept_at >= SWEEP_EVERY_S:
            self._swept_at = time.monotonic()
            found = dispatch.sweep()
            if found:
                # Bells that nobody answers while no worker is there yet were not lost.
                if not preparing.is_going_on():
                    logger.info("the sweep took up %d jobs", found)
                dispatch.ring_next(publish)
