from __future__ import annotations

from django.urls import path

from apps.assets import views

app_name = "assets"
urlpatterns = [
    path("files/<str:token>", views.file, name="file"),
    path("w/<slug:workspace>/uploads/", views.upload, name="upload"),
    path("w/<slug:workspace>/uploads/ticket", views.ticket, name="ticket"),
    path("w/<slug:workspace>/uploads/<uuid:upload>/complete", views.complete_upload, name="complete_upload"),
    path("w/<slug:workspace>/settings/storage/", views.storage, name="storage"),
    path("w/<slug:workspace>/assets/<uuid:asset>/<slug:spec>", views.rendition, name="rendition"),
]
