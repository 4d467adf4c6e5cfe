"""A GPU worker's sign of life: a thread that says every few seconds what is loaded here and how the device is."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable
from typing import Any

from django.db import InterfaceError, OperationalError, connection

from apps.jobs import stations

logger = logging.getLogger(__name__)


class Heart:
    """Beats from ``start`` to ``stop``.

    Args:
        look: returns what is to be said now (fields of ``Station``). What it raises is the end of the heart.
        last_word: what the worker ends by; empty where it was told to end.
    """

    def __init__(
        self, worker: str, *, look: Callable[[], dict[str, Any]], last_word: Callable[[], str] = lambda: ""
    ) -> None:
        self._worker, self._look, self._last_word = worker, look, last_word
        self._stopped = threading.Event()
        self._thread = threading.Thread(target=self._run, name="heart", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        """The last word: nothing is to be expected of this worker any more."""
        self._stopped.set()
        if self._thread.is_alive():
            self._thread.join(stations.BEAT_S)

    def beat(self) -> None:
        """An absent database is no reason to stop drawing; the next beat tries again."""
        try:
            stations.beat(self._worker, **self._look())
        except (OperationalError, InterfaceError) as error:
            logger.warning("the sign of life was not written: %s", str(error).strip())
            connection.close()

    def _run(self) -> None:
        try:
            self._live()
        finally:
            self._sign_off()
            connection.close()

    def _live(self) -> None:
        self.beat()
        while not self._stopped.wait(stations.BEAT_S):
            self.beat()

    def _sign_off(self) -> None:
        try:
            stations.sign_off(self._worker, fault=self._last_word())
        except (OperationalError, InterfaceError) as error:
            logger.warning("the sign-off was not written: %s", str(error).strip())
