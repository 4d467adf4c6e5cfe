"""Pages and parts about jobs. The stream says "look again"; each part that is asked for is checked like any request."""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable
from datetime import datetime
from typing import Any
from uuid import UUID

from asgiref.sync import sync_to_async
from django.contrib.auth import HASH_SESSION_KEY
from django.contrib.sessions.backends.base import SessionBase
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse, JsonResponse, StreamingHttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, render
from django.utils.crypto import constant_time_compare
from django.utils.dateparse import parse_datetime
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_POST

from apps.accounts.access import WorkspaceRequest, workspace_view
from apps.accounts.models import Role, User
from apps.accounts.selectors import find_membership
from apps.core.errors import InvalidInput, NotFound
from apps.core.tenancy import let_go_of_connection
from apps.jobs import selectors, services
from apps.jobs.kinds import title
from apps.jobs.models import Batch, Job
from apps.jobs.stream import event_stream

PAGE_SIZE = 30
BATCH_JOBS_SHOWN = 200


@require_GET
@workspace_view(scoped=False)
def events(request: WorkspaceRequest) -> HttpResponseBase:
    response = StreamingHttpResponse(
        event_stream(request.workspace.id, request.user.id, _welcome(request)), content_type="text/event-stream"
    )
    response["Cache-Control"] = "no-store"
    response["X-Accel-Buffering"] = "no"
    let_go_of_connection()
    return response


def _welcome(request: WorkspaceRequest) -> Callable[[], Awaitable[bool]]:
    """Whether the session that opened the stream may still look into the workspace."""
    session, user_id, slug = type(request.session), request.user.id, request.workspace.slug
    key = request.session.session_key

    def still_welcome() -> bool:
        try:
            user = User.objects.filter(id=user_id, is_active=True).first()
            # Read anew: an expired session is empty, and after a change of password its hash is another one.
            if user is None or not _is_signed_in(user, session(key)):
                return False
            find_membership(user, slug)
        except NotFound:
            return False
        finally:
            let_go_of_connection()
        return True

    return sync_to_async(still_welcome)


def _is_signed_in(user: User, session: SessionBase) -> bool:
    known = session.get(HASH_SESSION_KEY, "")
    hashes = [user.get_session_auth_hash(), *user.get_session_auth_fallback_hash()]
    return any(constant_time_compare(known, hash_) for hash_ in hashes)


@require_GET
@never_cache
@workspace_view()
def changes(request: WorkspaceRequest) -> HttpResponse:
    """For browsers without the stream: ``?since=<cursor>`` answers what the stream would have said since then.

    Where that is too much for one answer, ``?since=<rest>`` answers what is missing.
    """
    found = selectors.changes(request.workspace, since=_moment(request.GET.get("since", "")))
    rest = found.rest.isoformat() if found.rest else None
    return JsonResponse(
        {"cursor": found.cursor.isoformat(), "changes": [job.event() for job in found.jobs], "rest": rest}
    )


def _moment(text: str) -> datetime | None:
    if not text:
        return None
    try:
        moment = parse_datetime(text)
    except ValueError:
        moment = None
    if moment is None or moment.tzinfo is None:
        raise InvalidInput("cursor_unreadable")
    return moment


@require_GET
@never_cache
@workspace_view()
def tray(request: WorkspaceRequest) -> HttpResponse:
    found = selectors.tray(request.workspace)
    context = {"entries": found.entries, "total": found.total, "more": found.total - len(found.entries)}
    return _render(request, "jobs/_tray.html", context)


@require_GET
@workspace_view()
def activity(request: WorkspaceRequest) -> HttpResponse:
    show, kind = request.GET.get("show", ""), request.GET.get("kind", "")
    if show not in selectors.FILTERS:
        show = ""
    ids = selectors.entry_ids(request.workspace, show=show, kind=kind)
    page = Paginator(ids, PAGE_SIZE).get_page(request.GET.get("page"))
    context = {
        "page": page,
        "runs": selectors.runs(selectors.entries(request.workspace, [id_ for id_, _ in page])),
        "show": show,
        "kind": kind,
        "kinds": [(name, title(name)) for name in selectors.kinds_in_use(request.workspace)],
        "open_count": selectors.open_count(request.workspace),
    }
    return _render(request, "jobs/activity.html", context)


@require_GET
@never_cache
@workspace_view()
def card(request: WorkspaceRequest, job_id: UUID) -> HttpResponse:
    return _entry(request, "jobs/_card.html", selectors.find_job(request.workspace, job_id))


@require_GET
@never_cache
@workspace_view()
def row(request: WorkspaceRequest, job_id: UUID) -> HttpResponse:
    """One row of the Activity page, or of a batch that is opened there."""
    found = selectors.find_job(request.workspace, job_id)
    return _entry(request, "jobs/_entry.html" if found.batch_id is None else "jobs/_batch_job.html", found)


@require_GET
@never_cache
@workspace_view()
def batch_row(request: WorkspaceRequest, batch_id: UUID) -> HttpResponse:
    return _entry(request, "jobs/_entry.html", selectors.find_batch(request.workspace, batch_id))


@require_GET
@never_cache
@workspace_view()
def batch_jobs(request: WorkspaceRequest, batch_id: UUID) -> HttpResponse:
    jobs = selectors.batch_jobs(selectors.find_batch(request.workspace, batch_id))
    shown = selectors.entries(request.workspace, list(jobs.values_list("id", flat=True)[:BATCH_JOBS_SHOWN]))
    return _render(request, "jobs/_batch_jobs.html", {"entries": shown, "hidden": jobs.count() - len(shown)})


@require_POST
@workspace_view(role=Role.EDITOR)
def cancel(request: WorkspaceRequest, job_id: UUID) -> HttpResponse:
    return _told(request, services.cancel(selectors.find_job(request.workspace, job_id), by=request.user).event())


@require_POST
@workspace_view(role=Role.EDITOR)
def cancel_all(request: WorkspaceRequest) -> HttpResponse:
    services.cancel_all(request.workspace, by=request.user)
    return redirect("jobs:activity", request.workspace.slug)


@require_POST
@workspace_view(role=Role.EDITOR)
def retry(request: WorkspaceRequest, job_id: UUID) -> HttpResponse:
    return _told(request, services.retry(selectors.find_job(request.workspace, job_id)).event())


@require_POST
@workspace_view(role=Role.EDITOR)
def cancel_batch(request: WorkspaceRequest, batch_id: UUID) -> HttpResponse:
    services.cancel_batch(selectors.find_batch(request.workspace, batch_id), by=request.user)
    return _told(request, {"batch": str(batch_id)})


@require_POST
@workspace_view(role=Role.EDITOR)
def retry_batch(request: WorkspaceRequest, batch_id: UUID) -> HttpResponse:
    services.retry_batch(selectors.find_batch(request.workspace, batch_id))
    return _told(request, {"batch": str(batch_id)})


def _entry(request: WorkspaceRequest, template: str, subject: Job | Batch) -> HttpResponse:
    (entry,) = selectors.entries(request.workspace, [subject.id])
    return _render(request, template, {"entry": entry})


def _render(request: WorkspaceRequest, template: str, context: dict[str, Any]) -> HttpResponse:
    return render(request, template, {**context, "can_edit": request.membership.may(Role.EDITOR)})


def _told(request: HttpRequest, event: dict[str, Any]) -> HttpResponse:
    """The page looks again by itself; without script it goes back to the Activity page."""
    if not request.headers.get("HX-Request"):
        return redirect("jobs:activity", request.resolver_match.kwargs["workspace"])  # type: ignore[union-attr]
    return HttpResponse(status=204, headers={"HX-Trigger": json.dumps({"vf:job": event})})
