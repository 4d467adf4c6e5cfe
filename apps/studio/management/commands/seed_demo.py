"""``manage.py seed_demo``: a demo workspace with sample products, so that the first page is never empty."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand
from django.db import transaction

from apps.accounts import services as accounts
from apps.accounts.models import User, Workspace
from apps.core.tenancy import tenant_scope, user_scope
from apps.studio import samples

EMAIL = "demo@visualforge.local"
PASSWORD = "visualforge-demo"  # noqa: S105 - a public demo login on loopback; production never runs this command
WORKSPACE = "Demo studio"


class Command(BaseCommand):
    help = "Make the demo workspace with sample products. Running it again changes nothing."

    def handle(self, *args: Any, **options: Any) -> None:
        user = User.objects.filter(email=EMAIL).first() or accounts.create_person(EMAIL, PASSWORD, name="Demo")
        workspace = self._workspace(user)
        with transaction.atomic(), tenant_scope(workspace.id):
            for sample in samples.offered():
                samples.add_sample(workspace, name=sample.name, by=user)
        self.stdout.write(f"{EMAIL} {PASSWORD}")

    def _workspace(self, user: User) -> Workspace:
        with user_scope(user.id):
            membership = user.memberships.select_related("workspace").first()
            if membership is not None:
                return membership.workspace
        return accounts.create_workspace(user, name=WORKSPACE)
