"""A site with three bad doors, to see that the stranger walk notices. Never served."""

from __future__ import annotations

import uuid

from django.http import HttpRequest, HttpResponse
from django.urls import include, path

from apps.accounts.access import workspace_view
from apps.accounts.models import Role
from apps.core.tenancy import system_scope, tenant_scope
from apps.jobs.models import Job
from apps.studio.models import Product


def shows_to_anybody(request: HttpRequest, workspace: str, job: uuid.UUID) -> HttpResponse:
    """The system's scope used for a page, and nobody asked who is there."""
    with system_scope():
        return HttpResponse(Job.objects.get(id=job).label, status=404)


shows_to_anybody.required_role = Role.VIEWER  # type: ignore[attr-defined]


@workspace_view(role=Role.VIEWER)
def lets_viewers_in(request: HttpRequest, product: uuid.UUID) -> HttpResponse:
    return HttpResponse("fine")


lets_viewers_in.required_role = Role.EDITOR  # type: ignore[attr-defined]


def changes_for_anybody(request: HttpRequest, workspace: str, product: uuid.UUID) -> HttpResponse:
    """The right answer, but too late."""
    with system_scope():
        home = Job.objects.first()
    assert home is not None
    with tenant_scope(home.workspace_id):
        Product.objects.filter(id=product).update(name="taken over")
    return HttpResponse(status=404)


changes_for_anybody.required_role = Role.VIEWER  # type: ignore[attr-defined]


urlpatterns = [
    path("", include("apps.config.urls")),
    path("w/<slug:workspace>/leak/<uuid:job>/", shows_to_anybody, name="shows"),
    path("w/<slug:workspace>/open/<uuid:product>/", lets_viewers_in, name="open"),
    path("w/<slug:workspace>/change/<uuid:product>/", changes_for_anybody, name="changes"),
]
