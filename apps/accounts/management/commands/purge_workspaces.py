"""Erase workspaces for good, 30 days after their deletion. Run it daily."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand

from apps.accounts.services import purge_deleted_workspaces


class Command(BaseCommand):
    help = "Erases the files and rows of workspaces that were deleted more than 30 days ago."

    def handle(self, *args: Any, **options: Any) -> None:
        count = purge_deleted_workspaces()
        self.stdout.write(f"{count} workspaces erased")
