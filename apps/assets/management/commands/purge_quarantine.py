"""Forget files that were sent and never became pictures."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from django.core.management.base import BaseCommand, CommandParser

from apps.assets.services import purge_quarantine


class Command(BaseCommand):
    help = "Forget uploads that were never completed and files that a killed process left in quarantine."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--hours", type=int, default=24, help="how old they must be (default: 24)")

    def handle(self, *args: Any, **options: Any) -> None:
        uploads, files = purge_quarantine(older_than=timedelta(hours=options["hours"]))
        self.stdout.write(f"{uploads} uploads and {files} files forgotten")
