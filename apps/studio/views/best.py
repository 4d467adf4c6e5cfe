"""The best of several variations: compare them by figures, take another one with one click."""

from __future__ import annotations

import json
import uuid
from typing import Any

from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from apps.accounts.access import WorkspaceRequest, workspace_view
from apps.accounts.models import Role
from apps.jobs.models import Job, JobState
from apps.studio import scenes, selectors, services, specs
from apps.studio.models import Shot

COUNTS = (4, 8, 12)


@require_GET
@workspace_view(role=Role.EDITOR)
def best(request: WorkspaceRequest, shot_id: uuid.UUID) -> HttpResponse:
    """The last comparison; asked again by htmx when its job changed."""
    shot = selectors.get_shot(request.workspace, shot_id)
    scenes.require_set(shot)
    job = selectors.latest_best(shot)
    context = {
        "shot": shot,
        "product": shot.product,
        "job": job,
        "counts": COUNTS,
        "candidates": _candidates(request, shot, job) if job and job.state == JobState.SUCCEEDED else [],
    }
    template = "studio/_best.html" if request.headers.get("HX-Request") else "studio/best.html"
    return render(request, template, context)


@require_POST
@workspace_view(role=Role.EDITOR)
def find_best(request: WorkspaceRequest, shot_id: uuid.UUID) -> HttpResponse:
    shot = selectors.get_shot(request.workspace, shot_id)
    count = request.POST.get("count", "")
    services.request_best(shot, count=int(count) if count in {str(n) for n in COUNTS} else 0, by=request.user)
    return redirect("studio:best", workspace=request.workspace.slug, shot_id=shot_id)


def _candidates(request: WorkspaceRequest, shot: Shot, job: Job) -> list[dict[str, Any]]:
    """Each with its picture's address, its reasons in words, and the wish that makes it at full size."""
    words = {
        "separation": (_("Stands out from the background"), "ΔE {:.1f}"),
        "grounding": (_("Stands firmly on its ground"), "{:.0%}"),
        "fill": (_("Fills the frame"), "{:.0%}"),
        "edge": (_("Clean edge"), "ΔE {:.2f}"),
        "palette": (_("True to the palette"), "ΔE {:.2f}"),
    }
    base = {"workspace": request.workspace.slug, "asset": job.params["cutout"]}
    found = []
    for candidate in (job.result or {}).get("candidates", []):
        spec = {**job.params["spec"], "seed": candidate["seed"]}
        reasons = [
            {"words": title, "figure": form.format(candidate["figures"][name]), "mark": candidate["marks"][name]}
            for name, (title, form) in words.items()
            if name in candidate["marks"]
        ]
        found.append(
            {
                "url": reverse("assets:rendition", kwargs={**base, "spec": candidate["picture"]}),
                "score": round(100 * candidate["score"]),
                "reasons": reasons,
                "is_used": spec == shot.spec,
                "wish": json.dumps(specs.as_wish(spec)),
            }
        )
    return found
