"""Have the certificate that signs exports ready: ``manage.py make_certificate``."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand, CommandError

from apps.core.errors import Unavailable
from apps.core.sentences import sentence
from apps.studio.exports.identity import signing_identity


class Command(BaseCommand):
    help = "Makes the certificate for exports, or checks the one that was supplied; prints its SHA-256."

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            self.stdout.write(signing_identity().fingerprint)
        except Unavailable as error:
            raise CommandError(f"{sentence(error.code, error.params)} ({error.__cause__})") from error
