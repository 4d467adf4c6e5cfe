"""Files for marketplaces: choose, watch, take home; and the page that examines a file."""

from __future__ import annotations

import uuid
from typing import Any

from django.conf import settings
from django.core.files.uploadedfile import UploadedFile
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.formats import localize
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from apps.accounts.access import WorkspaceRequest, workspace_view
from apps.accounts.models import Role
from apps.assets.responses import YEAR_S, file_response
from apps.core.answers import wants_part
from apps.core.errors import Conflict, InvalidInput
from apps.core.ids import uuid7
from apps.jobs import services as queue
from apps.studio.exports import archive, choosing, inspection, packing, report, selectors
from apps.studio.exports.profiles import get_profile
from apps.studio.history import Entry
from apps.studio.models import Export
from apps.studio.services.exports import MOST_FILES, Wishes, request_export

EXPORTS_A_PAGE = 40
FILES_A_PAGE = 60


@require_GET
@workspace_view()
def exports(request: WorkspaceRequest) -> HttpResponse:
    page = Paginator(selectors.exports(request.workspace), EXPORTS_A_PAGE).get_page(request.GET.get("page"))
    entries = [_entry(request, export) for export in page.object_list]
    return render(request, "studio/exports.html", {"entries": entries, "page": page, "mark": "file-archive"})


def _entry(request: WorkspaceRequest, export: Any) -> Entry:
    """``export`` with the counts of ``selectors.exports``."""
    counts = {"passed": localize(export.passed_count), "total": localize(export.file_count)}
    outcome = _("%(passed)s of %(total)s accepted") % counts
    url = reverse("studio:export", args=[request.workspace.slug, export.id])
    return Entry(url, export.label, export.created_at, outcome)


@require_GET
@workspace_view(role=Role.EDITOR)
def new_export(request: WorkspaceRequest) -> HttpResponse:
    """What to export is in the address; which profiles, on the page."""
    choice = choosing.read_choice(request.workspace, request.GET)
    context = {"choice": choice, "groups": choosing.offers(choice), "token": uuid7().hex, "most": MOST_FILES}
    return render(request, "studio/export_new.html", context)


@require_GET
@workspace_view(role=Role.EDITOR)
def name_example(request: WorkspaceRequest) -> HttpResponse:
    """A file name as the typed pattern makes it, or what is wrong with the pattern."""
    choice = choosing.read_choice(request.workspace, request.GET, most=1)
    key = next(iter(request.GET.getlist("profile")), "shopify")
    example = choosing.example_name(choice, request.GET.get("template", "")[:400], get_profile(key))
    return render(request, "studio/_export_name.html", {"example": example})


@require_POST
@workspace_view(role=Role.EDITOR)
def create_export(request: WorkspaceRequest) -> HttpResponse:
    choice = choosing.read_choice(request.workspace, request.POST)
    export = request_export(
        request.workspace,
        shots=choice.shots,
        products=choice.products,
        profiles=request.POST.getlist("profile"),
        wishes=Wishes(
            template=request.POST.get("template", "")[:400],
            shadow="shadow" in request.POST,
            enlarge="enlarge" in request.POST,
        ),
        by=request.user,
        token=request.POST.get("token", "")[:64],
    )
    url = reverse("studio:export", args=[request.workspace.slug, export.id])
    if wants_part(request):
        return HttpResponse(status=201, headers={"HX-Redirect": url})
    return redirect(url)


@require_GET
@workspace_view()
def export(request: WorkspaceRequest, export_id: uuid.UUID) -> HttpResponse:
    return _shown(request, selectors.get_export(request.workspace, export_id), "studio/export.html")


@require_GET
@workspace_view()
def export_state(request: WorkspaceRequest, export_id: uuid.UUID) -> HttpResponse:
    """Counts, actions and table alone; fetched again when a file of it changed."""
    return _shown(request, selectors.get_export(request.workspace, export_id), "studio/_export_state.html")


@require_POST
@workspace_view(role=Role.EDITOR)
def cancel_export(request: WorkspaceRequest, export_id: uuid.UUID) -> HttpResponse:
    found = selectors.get_export(request.workspace, export_id)
    if found.batch is not None:
        queue.cancel_batch(found.batch, by=request.user)
    return redirect("studio:export", workspace=request.workspace.slug, export_id=export_id)


@require_GET
@workspace_view()
def export_zip(request: WorkspaceRequest, export_id: uuid.UUID) -> HttpResponseBase:
    """Accepted files, the report for people and for machines; with ``?which=all`` the others in their own folder."""
    found = selectors.get_export(request.workspace, export_id)
    if not selectors.files(found).filter(blob__isnull=False).exists():
        raise Conflict("export.nothing_written")
    language = get_language()
    items = packing.archive_items(found, with_failed=request.GET.get("which") == "all", language=language)
    return archive.zip_response(items, file_name=f"export-{found.created_at:%Y-%m-%d-%H%M}.zip", language=language)


@require_GET
@workspace_view()
def export_file(request: WorkspaceRequest, export_file_id: uuid.UUID) -> HttpResponseBase:
    found = selectors.get_file(request.workspace, export_file_id)
    if found.blob is None:
        raise Conflict("export.nothing_written")
    return file_response(request, found.blob, name=found.file_name, kind="attachment", max_age_s=YEAR_S)


@require_GET
@workspace_view()
def verify(request: WorkspaceRequest) -> HttpResponse:
    return render(request, "studio/verify.html", {})


@require_POST
@workspace_view(scoped=False)
def inspect_file(request: WorkspaceRequest) -> HttpResponse:
    """What a dropped file turns out to be. It is looked at and thrown away."""
    file, sidecar = _dropped(request)
    found = inspection.inspect(request.workspace, file, file_name=file.name or "", sidecar=sidecar)
    template = "studio/_verified.html" if wants_part(request) else "studio/verify.html"
    return render(request, template, {"inspection": found})


def _dropped(request: HttpRequest) -> tuple[UploadedFile[bytes], bytes | None]:
    """The file, and its credentials where they came beside it. Both lie in quarantine."""
    files = request.FILES.getlist("file")
    if getattr(request, "upload_too_big", False):  # known once the form was read
        raise InvalidInput("assets.too_big", limit_mb=settings.UPLOAD_MAX_BYTES // 2**20)
    beside = [file for file in files if (file.name or "").lower().endswith(report.SIDECAR_SUFFIX)]
    pictures = [file for file in files if file not in beside]
    if len(pictures) != 1 or len(beside) > 1:
        raise InvalidInput("export.one_file")
    return pictures[0], beside[0].read(inspection.MAX_SIDECAR_BYTES + 1) if beside else None


def _shown(request: WorkspaceRequest, found: Export, template: str) -> HttpResponse:
    """Once nothing is open any more, what was not accepted comes first."""
    state = selectors.export_state(found)
    files = selectors.files(found) if state.open else selectors.files(found).order_by("passed", "position")
    page = Paginator(files, FILES_A_PAGE).get_page(request.GET.get("page"))
    context = {"export": found, "state": state, "page": page, "rows": report.table(page.object_list)}
    return render(request, template, context)
