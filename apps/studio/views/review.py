"""The review queue: every shot of the workspace, judged one by one or many at once; yield and cost."""

from __future__ import annotations

from typing import Any

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
    after, tabs = request.GET.get("after", ""), _tabs(request)
    found = selectors.review(request.workspace, state=tabs["state"], after=after, **tabs["wish"])
    shots = list(found[: SHOTS_A_PAGE + 1])
    context = {
        **tabs,
        **_yields(request),
        "shots": shots[:SHOTS_A_PAGE],
        "is_first": not after,
        "last": shots[SHOTS_A_PAGE - 1] if len(shots) > SHOTS_A_PAGE else None,
        "sets": selectors.sets_in_use(request.workspace),
        "products": selectors.products_with_shots(request.workspace),
        "reasons": choices.reject_reasons(),
    }
    return render(request, "studio/review.html", context)


@require_GET
@workspace_view()
def review_tabs(request: WorkspaceRequest) -> HttpResponse:
    """The states with their counts; fetched again when somebody judged a shot, or one was finished."""
    return render(request, "studio/_review_tabs.html", _tabs(request))


@require_GET
@workspace_view()
def review_yields(request: WorkspaceRequest) -> HttpResponse:
    """Yield and cost; fetched again when somebody judged a shot."""
    return render(request, "studio/_yields.html", _yields(request))


def _tabs(request: WorkspaceRequest) -> dict[str, Any]:
    wish = {"set_name": request.GET.get("set", ""), "product": request.GET.get("product", "")}
    wish |= {"batch": request.GET.get("batch", "")}
    counts = selectors.review_counts(request.workspace, **wish)
    titles = {"open": _("To review"), "starred": _("Accepted"), "rejected": _("Rejected"), "all": _("All")}
    return {
        "state": request.GET.get("state", "open"),
        "states": [(key, title, counts[key]) for key, title in titles.items()],
        "wish": wish,
    }


def _yields(request: WorkspaceRequest) -> dict[str, Any]:
    by_set = yields.by_set(request.workspace)
    return {"by_set": by_set, "by_product": yields.by_product(request.workspace), "total": yields.total(by_set)}


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
