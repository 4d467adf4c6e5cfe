"""``manage.py seed_demo``: a demo workspace with sample products and a shoot, so that the first page is never empty.

The cutouts and the shoot are only queued: the workers make them while the first page is being looked at.
"""

from __future__ import annotations

import secrets
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand
from django.db import transaction

from apps.accounts import services as accounts
from apps.accounts.models import User, Workspace
from apps.core.tenancy import tenant_scope, user_scope
from apps.studio import catalogue, samples

EMAIL = "demo@visualforge.local"
WORKSPACE = "Demo studio"
NOTE = "demo_password"
SHOWN = "cologne"  # the sample that comes with a shoot


def _shoot() -> dict[str, Any]:
    """One shot of each of three sets in two palettes."""
    return {"sets": list(catalogue.offered()[:3]), "palettes": ["own", "sage"], "formats": ["1:1"]}


class Command(BaseCommand):
    help = "Make the demo workspace with sample products. Running it again changes nothing."

    def handle(self, *args: Any, **options: Any) -> None:
        user, password = User.objects.filter(email=EMAIL).first(), self._password()
        if user is None and password is not None:
            self.stderr.write("The demo account was deleted here and stays deleted.")
            return
        if user is None:
            password = self._new_password()
            user = accounts.create_person(EMAIL, password, name="Demo")
        workspace = self._workspace(user)
        with transaction.atomic(), tenant_scope(workspace.id):
            for sample in samples.offered():
                shoot = _shoot() if sample.name == SHOWN else {}
                samples.add_sample(workspace, name=sample.name, by=user, then=shoot)
        if password is None:
            self.stderr.write("The demo account has the password that its first data folder gave it.")
        else:
            self.stdout.write(f"{EMAIL} {password}")

    def _password(self) -> str | None:
        """This installation's own demo password; None before the account was made."""
        note = settings.DATA_DIR / NOTE
        return note.read_text().strip() if note.exists() else None

    def _new_password(self) -> str:
        """A guessable one would be a door for everybody as soon as the site is reachable from outside."""
        password = "-".join(secrets.token_hex(2) for _ in range(3))
        note = settings.DATA_DIR / NOTE
        note.parent.mkdir(parents=True, exist_ok=True)
        note.touch(mode=0o600)
        note.write_text(password)
        return password

    def _workspace(self, user: User) -> Workspace:
        with user_scope(user.id):
            membership = user.memberships.select_related("workspace").first()
            if membership is not None:
                return membership.workspace
        return accounts.create_workspace(user, name=WORKSPACE)
