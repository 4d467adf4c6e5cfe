"""Erasing workspaces whose time for being brought back has run out."""

from __future__ import annotations

import uuid
from collections.abc import Iterable
from graphlib import TopologicalSorter

from django.apps import apps
from django.conf import settings
from django.db import models
from django.utils import timezone
from django.utils.module_loading import import_string

from apps.accounts.models import Workspace
from apps.accounts.selectors import GRACE
from apps.core.tenancy import system_scope, tenant_scope


def purge_deleted_workspaces() -> int:
    """Erase files and rows for good; returns the number of workspaces."""
    with system_scope():
        due = list(Workspace.objects.filter(deleted_at__lte=timezone.now() - GRACE).values_list("id", flat=True))
    for workspace_id in due:
        _purge(workspace_id)
    return len(due)


def _purge(workspace_id: uuid.UUID) -> None:
    """Files first: a crash between the two leaves rows that the next run finds again, never files without rows."""
    for step in settings.WORKSPACE_PURGE_STEPS:
        import_string(step)(workspace_id)
    with tenant_scope(workspace_id):
        for model in dependents_first(tenant_models()):
            model._base_manager.filter(workspace_id=workspace_id)._raw_delete(using="default")
        Workspace.objects.filter(id=workspace_id)._raw_delete(using="default")


def tenant_models() -> list[type[models.Model]]:
    """Every model whose rows belong to a workspace."""
    return [model for model in apps.get_models() if any(field.name == "workspace" for field in model._meta.fields)]


def dependents_first(found: Iterable[type[models.Model]]) -> list[type[models.Model]]:
    """Rows that point come before rows that are pointed at, so that no foreign key is left dangling."""
    chosen = set(found)
    points_at = {
        model: {field.related_model for field in model._meta.fields if field.related_model in chosen} - {model}
        for model in chosen
    }
    order = list(TopologicalSorter(points_at).static_order())
    return [model for model in reversed(order) if isinstance(model, type)]
