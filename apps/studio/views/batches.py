"""Many products in one go: choose them and their shots, watch, mend what failed."""

from __future__ import annotations

import csv
import uuid

from django.core.paginator import Paginator
from django.http import HttpResponse, JsonResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.formats import localize
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from apps.accounts.access import WorkspaceRequest, workspace_view
from apps.accounts.models import Role
from apps.core.answers import wants_json
from apps.core.sentences import sentence
from apps.jobs.models import Batch
from apps.studio import batches as reads
from apps.studio import choices, services
from apps.studio.history import Entry
from apps.studio.models import Product
from apps.studio.services.batches import MOST_PRODUCTS
from apps.studio.templatetags.studio_words import set_title
from apps.studio.views.shoots import read_choices

ROWS_A_PAGE = 40
BATCHES_A_PAGE = 40


@require_GET
@workspace_view()
def batches(request: WorkspaceRequest) -> HttpResponse:
    page = Paginator(reads.recent(request.workspace), BATCHES_A_PAGE).get_page(request.GET.get("page"))
    looks = reads.looks_among(page.object_list)
    entries = [_entry(request, batch, is_look=batch.pk in looks) for batch in page.object_list]
    return render(request, "studio/batches.html", {"entries": entries, "page": page, "mark": "layers"})


def _entry(request: WorkspaceRequest, batch: Batch, *, is_look: bool) -> Entry:
    if is_look:
        done, total = reads.counts_of_look(batch)
        page, label = "studio:look", _("Look of %(name)s") % {"name": batch.label}
    else:
        state = reads.state(batch)
        done, total = state.done, state.total
        page, label = "studio:batch", batch.label
    outcome = _("%(done)s of %(total)s shots") % {"done": localize(done), "total": localize(total)}
    return Entry(reverse(page, args=[request.workspace.slug, batch.id]), label, batch.created_at, outcome)


@require_GET
@workspace_view(role=Role.EDITOR)
def new_batch(request: WorkspaceRequest) -> HttpResponse:
    """Products to tick, and what is made of each. ``?product=`` ticks only those."""
    asked = services.parse_ids(request.GET.getlist("product"))
    offered = reads.products_for_batch(request.workspace, first=asked)
    products = sorted(offered[:MOST_PRODUCTS], key=lambda product: (product.name, product.id))
    wanted = {str(key) for key in asked}
    fresh = {str(product.id) for product in reads.without_shots(products)}
    ticked = wanted or fresh or {str(product.id) for product in products}
    # On the stage stands one of those that will be shot, where one of them can be shown.
    cut_out = (product for product in products if product.cutout_id)
    context = {
        "products": products,
        "all_products": offered.count(),
        "ticked": ticked,
        "shown": min(cut_out, key=lambda product: str(product.id) not in ticked, default=None),
        **choices.for_batch(request.workspace),
    }
    return render(request, "studio/batch_new.html", context)


@require_POST
@workspace_view(role=Role.EDITOR)
def create_batch(request: WorkspaceRequest) -> HttpResponse:
    ids = services.parse_ids(request.POST.getlist("product"))
    batch = services.request_batch(
        request.workspace,
        product_ids=ids,
        choices=read_choices(request),
        by=request.user,
        token=request.POST.get("token", "")[:64],
        label=_("%(count)s products") % {"count": len(set(ids))},
    )
    url = reverse("studio:batch", args=[request.workspace.slug, batch.id])
    return JsonResponse({"url": url}, status=201) if wants_json(request) else redirect(url)


@require_GET
@workspace_view()
def batch(request: WorkspaceRequest, batch_id: uuid.UUID) -> HttpResponse:
    return _shown(request, batch_id, "studio/batch.html")


@require_GET
@workspace_view()
def batch_state(request: WorkspaceRequest, batch_id: uuid.UUID) -> HttpResponse:
    """Counts, what failed and the rows; fetched again when something of it changed."""
    return _shown(request, batch_id, "studio/_batch_state.html")


def _shown(request: WorkspaceRequest, batch_id: uuid.UUID, template: str) -> HttpResponse:
    found = reads.get_batch(request.workspace, batch_id)
    page = Paginator(reads.rows(found), ROWS_A_PAGE).get_page(request.GET.get("page"))
    waiting = reads.waiting_products(found)
    context = {
        "batch": found,
        "state": reads.state(found),
        "failed": reads.failed_shots(found),
        "waiting": waiting,
        "guesses": reads.guesses(waiting),
        "page": page,
        "most_pictures": reads.SHOWN_OF_A_PRODUCT,
    }
    return render(request, template, context)


@require_GET
@workspace_view()
def failed_csv(request: WorkspaceRequest, batch_id: uuid.UUID) -> HttpResponse:
    """What failed, one line each, with the file that it came from and the reason in words."""
    found = reads.get_batch(request.workspace, batch_id)
    answer = HttpResponse(content_type="text/csv; charset=utf-8")
    answer["Content-Disposition"] = 'attachment; filename="failed.csv"'
    answer.write("\ufeff")  # spreadsheets take it for UTF-8 only with this
    lines = csv.writer(answer)
    lines.writerow([_("File"), _("Product"), _("SKU"), _("Set"), _("Reason")])
    for product in reads.waiting_products(found):
        lines.writerow(_cells(product, "", _why_not_cut(product)))
    for shot in reads.failed_shots(found):
        reason = sentence(shot.job.error_code, shot.job.error_params) if shot.job else ""
        lines.writerow(_cells(shot.product, set_title(shot.spec["set"]), reason))
    return answer


def _why_not_cut(product: Product) -> str:
    """Why a product waits: what went wrong with its cutout, or what it needs from a person."""
    job = product.cutout_job
    if job is not None and job.error_code:
        return sentence(job.error_code, job.error_params)
    return str(product.get_cutout_state_display())


def _cells(product: Product, title: str, reason: str) -> list[str]:
    """A spreadsheet takes what begins like a formula for one, whoever wrote it: then an apostrophe goes first."""
    cells = [product.photo.name, product.name, product.sku, title, reason]
    return [f"'{cell}" if cell.startswith(("=", "+", "-", "@", "\t")) else cell for cell in cells]


@require_POST
@workspace_view(role=Role.EDITOR)
def retry_batch(request: WorkspaceRequest, batch_id: uuid.UUID) -> HttpResponse:
    services.retry_batch(reads.get_batch(request.workspace, batch_id), by=request.user)
    return redirect("studio:batch", workspace=request.workspace.slug, batch_id=batch_id)


@require_POST
@workspace_view(role=Role.EDITOR)
def accept_guesses(request: WorkspaceRequest, batch_id: uuid.UUID) -> HttpResponse:
    services.accept_guesses(reads.get_batch(request.workspace, batch_id))
    return redirect("studio:batch", workspace=request.workspace.slug, batch_id=batch_id)


@require_POST
@workspace_view(role=Role.EDITOR)
def cancel_batch(request: WorkspaceRequest, batch_id: uuid.UUID) -> HttpResponse:
    services.cancel_batch(reads.get_batch(request.workspace, batch_id), by=request.user)
    return redirect("studio:batch", workspace=request.workspace.slug, batch_id=batch_id)
