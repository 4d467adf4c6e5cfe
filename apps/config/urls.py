"""Every address of the site. A workspace's pages live below ``/w/<slug>/``."""

from __future__ import annotations

from django.urls import include, path

from apps.accounts.views.people import home
from apps.core.health import healthz

urlpatterns = [
    path("", home, name="home"),
    path("healthz", healthz, name="healthz"),
    path("accounts/", include("allauth.urls")),
    path("", include("apps.accounts.urls")),
    path("", include("apps.assets.urls")),
    path("", include("apps.jobs.urls")),
    path("", include("apps.studio.urls")),
]
