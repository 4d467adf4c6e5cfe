from __future__ import annotations

from django.urls import include, path

from apps.jobs import views

app_name = "jobs"

jobs_urls = [
    path("changes", views.changes, name="changes"),
    path("tray", views.tray, name="tray"),
    path("cancel", views.cancel_all, name="cancel_all"),
    path("<uuid:job_id>/card", views.card, name="card"),
    path("<uuid:job_id>/row", views.row, name="row"),
    path("<uuid:job_id>/cancel", views.cancel, name="cancel"),
    path("<uuid:job_id>/retry", views.retry, name="retry"),
    path("batches/<uuid:batch_id>/row", views.batch_row, name="batch_row"),
    path("batches/<uuid:batch_id>/jobs", views.batch_jobs, name="batch_jobs"),
    path("batches/<uuid:batch_id>/cancel", views.cancel_batch, name="cancel_batch"),
    path("batches/<uuid:batch_id>/retry", views.retry_batch, name="retry_batch"),
]
urlpatterns = [
    path("w/<slug:workspace>/events", views.events, name="events"),
    path("w/<slug:workspace>/activity/", views.activity, name="activity"),
    path("w/<slug:workspace>/jobs/", include(jobs_urls)),
]
