"""Every address of the site. A workspace's pages live below ``/w/<slug>/``."""

from __future__ import annotations

from django.urls import include, path

from apps.accounts.views.people import home

handler400 = "apps.core.failures.bad_request"
handler403 = "apps.core.failures.forbidden"
handler404 = "apps.core.failures.not_found"
handler500 = "apps.core.failures.server_error"

urlpatterns = [
    path("", home, name="home"),
    path("accounts/", include("allauth.urls")),
    path("", include("apps.accounts.urls")),
    path("", include("apps.assets.urls")),
    path("", include("apps.jobs.urls")),
    path("", include("apps.studio.urls")),
]
