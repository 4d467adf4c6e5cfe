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
    """Beats from ``start`` to ``stop``. ``look`` returns what is to be said now (fields of ``Station``)."""

    def __init__(self, worker: str, *, look: Callable[[], dict[str, Any]]) -> None:
        self._worker, self._look = worker, look
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
            self.beat()
            while not self._stopped.wait(stations.BEAT_S):
                self.beat()
            self._sign_off()
        finally:
            connection.close()

    def _sign_off(self) -> None:
        try:
            stations.sign_off(self._worker)
        except (OperationalError, InterfaceError) as error:
            logger.warning("the sign-off was not written: %s", str(error).strip())
