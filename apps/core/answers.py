"""One refusal in the form that its reader understands: JSON for scripts, a toast for htmx, a page for people."""

from __future__ import annotations

import json
from collections.abc import Callable

from django.http import HttpRequest, HttpResponse, JsonResponse


def wants_json(request: HttpRequest) -> bool:
    return "application/json" in request.headers.get("Accept", "")


def wants_part(request: HttpRequest) -> bool:
    """htmx asks for a part of a page that is open already."""
    return "HX-Request" in request.headers


def refuse(
    request: HttpRequest, *, code: str, message: str, status: int, page: Callable[[], HttpResponse]
) -> HttpResponse:
    """``page`` is rendered only for people who opened an address."""
    if wants_json(request):
        return JsonResponse({"error": {"code": code, "message": message}}, status=status)
    if wants_part(request):
        response = HttpResponse(status=status)
        response["HX-Reswap"] = "none"
        response["HX-Trigger"] = json.dumps({"toast": {"message": message, "tone": "error"}})
        return response
    return page()
