"""Every shot of the workspace: the library, and the queue in which they are judged, with yield and cost."""

from __future__ import annotations

from typing import Any

from django.http import HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import render
from django.utils.http import urlencode
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from apps.accounts.access import WorkspaceRequest, workspace_view
from apps.accounts.models import Role
from apps.studio import choices, exports, finished, selectors, services, yields

SHOTS_A_PAGE = 96
MOST_TYPED = 120
FIRST_STATE = {"review": "open", "library": "all"}
"""What each page shows where its address names no state."""

DAYS = ("1", "7", "30")
"""How far back one may look, beside all times."""


@require_GET
@workspace_view()
def review(request: WorkspaceRequest) -> HttpResponse:
    return render(request, "studio/review.html", _found(request, "review") | _yields(request))


@require_GET
@workspace_view()
def library(request: WorkspaceRequest) -> HttpResponse:
    context = {"has_deleted": selectors.deleted_shots(request.workspace).exists()}
    return render(request, "studio/library.html", _found(request, "library") | context)


@require_GET
@workspace_view()
def review_tabs(request: WorkspaceRequest) -> HttpResponse:
    """The states with their counts; fetched again when somebody judged a shot, or one was finished."""
    page = request.GET.get("page", "review")
    return render(request, "studio/_review_tabs.html", _tabs(request, page if page in FIRST_STATE else "review"))


@require_GET
@workspace_view()
def review_yields(request: WorkspaceRequest) -> HttpResponse:
    """Yield and cost; fetched again when somebody judged a shot."""
    return render(request, "studio/_yields.html", _yields(request))


def _found(request: WorkspaceRequest, page: str) -> dict[str, Any]:
    """The shots that the address asks for, and what they can be narrowed by."""
    after, tabs = request.GET.get("after", ""), _tabs(request, page)
    found = finished.review(request.workspace, state=tabs["state"], wish=tabs["wish"], after=after)
    shots = list(found[: SHOTS_A_PAGE + 1])
    is_queue = page == "review" and tabs["state"] == "open"
    return {
        **tabs,
        "title": _("Review") if page == "review" else _("Library"),
        "nothing": _("Nothing waits for a verdict.") if is_queue else _("None of the shots here yet."),
        "shots": shots[:SHOTS_A_PAGE],
        "is_first": not after,
        "last": shots[SHOTS_A_PAGE - 1] if len(shots) > SHOTS_A_PAGE else None,
        "spans": {0: _("Any time"), 1: _("Last 24 hours"), 7: _("Last 7 days"), 30: _("Last 30 days")},
        "sets": finished.sets_in_use(request.workspace),
        "products": finished.products_with_shots(request.workspace),
        "scores": choices.scores(),
        "reasons": choices.reject_reasons(),
    }


def _tabs(request: WorkspaceRequest, page: str) -> dict[str, Any]:
    """States with their counts; ``wish`` is what the shots are narrowed by, ``narrowed`` the same for addresses."""
    names = ("set", "product", "batch", "days", "q", "score", "reason")
    asked = {name: request.GET.get(name, "").strip()[:MOST_TYPED] for name in names}
    asked["days"] = asked["days"] if asked["days"] in DAYS else ""
    wish = finished.Wish(
        set_name=asked["set"],
        product=asked["product"],
        batch=asked["batch"],
        days=int(asked["days"] or 0),
        query=asked["q"],
        score=asked["score"],
        reason=asked["reason"],
    )
    counts = finished.review_counts(request.workspace, wish)
    titles = {"open": _("To review"), "starred": _("Accepted"), "rejected": _("Rejected"), "all": _("All")}
    return {
        "page": page,
        "state": request.GET.get("state", FIRST_STATE[page]),
        "states": [(key, title, counts[key]) for key, title in titles.items()],
        "wish": wish,
        "narrowed": urlencode({name: value for name, value in asked.items() if value}),
        "of_batch": finished.batch_of(request.workspace, wish),
        "of_all": urlencode({name: value for name, value in asked.items() if value and name != "batch"}),
    }


def _yields(request: WorkspaceRequest) -> dict[str, Any]:
    asked = request.GET.get("products", "")
    found = yields.yields(request.workspace, page=int(asked) if asked.isdecimal() and len(asked) < 6 else 1)
    return {"yields": found}


@require_POST
@workspace_view()
def shots_zip(request: WorkspaceRequest) -> HttpResponseBase:
    """The selected shots as one ZIP; posted, because an address holds only so many."""
    chosen = services.parse_ids(request.POST.getlist("shot"))
    return exports.zip_of_shots(selectors.shots_by_id(request.workspace, chosen))


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
