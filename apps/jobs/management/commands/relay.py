"""``manage.py relay``: rings waiting jobs and finds lost ones. One is enough; several may run."""

from __future__ import annotations

import signal
from typing import Any

from django.core.management.base import BaseCommand

from apps.jobs.relay import Relay


class Command(BaseCommand):
    help = "Publish waiting jobs to the broker in fair order, and take up what was lost."

    def handle(self, *args: Any, **options: Any) -> None:
        relay = Relay()
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, lambda *_: relay.stop())
        relay.run()
