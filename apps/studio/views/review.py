"""The review queue: every shot of the workspace, judged one by one or many at once; yield and cost."""

from __future__ import annotations

from django.core.paginator import Paginator
from django.http import HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from apps.accounts.access import WorkspaceRequest, workspace_view
from apps.accounts.models import Role
from apps.studio import choices, selectors, services, yields

SHOTS_A_PAGE = 96


@require_GET
@workspace_view()
def review(request: WorkspaceRequest) -> HttpResponse:
    state = request.GET.get("state", "open")
    chosen_set, chosen_product = request.GET.get("set", ""), request.GET.get("product", "")
    batch = request.GET.get("batch", "")
    found = selectors.review(request.workspace, state=state, set_name=chosen_set, product=chosen_product, batch=batch)
    page = Paginator(found, SHOTS_A_PAGE).get_page(request.GET.get("page"))
    by_set = yields.by_set(request.workspace)
    context = {
        "page": page,
        "shots": page.object_list,
        "state": state,
        "states": [
            ("open", _("To review")),
            ("starred", _("Accepted")),
            ("rejected", _("Rejected")),
            ("all", _("All")),
        ],
        "chosen_set": chosen_set,
        "chosen_product": chosen_product,
        "chosen_batch": batch,
        "sets": selectors.sets_in_use(request.workspace),
        "products": selectors.products_with_shots(request.workspace),
        "by_set": by_set,
        "by_product": yields.by_product(request.workspace),
        "total": yields.total(by_set),
        "reasons": choices.reject_reasons(),
    }
    return render(request, "studio/review.html", context)


@require_POST
@workspace_view(role=Role.REVIEWER)
def judge_shots(request: WorkspaceRequest) -> HttpResponse:
    """One verdict for many shots; answers with their cards, which htmx puts in place."""
    shots = services.set_verdicts(
        request.workspace,
        shot_ids=services.parse_ids(request.POST.getlist("shot")),
        verdict=request.POST.get("verdict", ""),
        reason=request.POST.get("reason", ""),
    )
    context = {"shots": shots, "reasons": choices.reject_reasons(), "with_product": "product" in request.GET}
    return render(request, "studio/_judged_cards.html", context)
