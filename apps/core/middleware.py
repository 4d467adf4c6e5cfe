"""What happens around every view: headers that limit a page, and errors shown as people read them."""

from __future__ import annotations

import json
from collections.abc import Callable

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render

from apps.core.errors import AppError
from apps.core.sentences import sentence

Handler = Callable[[HttpRequest], HttpResponse]
POLICY = (
    "default-src 'self'; img-src 'self' data: blob: {storage}; style-src 'self'; script-src 'self'; "
    "connect-src 'self' {storage}; font-src 'self'; object-src 'none'; base-uri 'self'; form-action 'self'; "
    "frame-ancestors 'none'"
)


class ContentSecurityPolicy:
    """Only our own scripts and styles; pictures also from the configured object storage."""

    def __init__(self, get_response: Handler) -> None:
        from django.conf import settings

        self.get_response = get_response
        # Amazon's oldest region answers without its name in the host, all others with it.
        hosts = ("s3.amazonaws.com", f"s3.{settings.S3_REGION}.amazonaws.com") if settings.S3_BUCKET else ()
        storage = settings.S3_ENDPOINT_URL or " ".join(f"https://{settings.S3_BUCKET}.{host}" for host in hosts)
        self.policy = POLICY.format(storage=storage)

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = self.get_response(request)
        response.headers.setdefault("Content-Security-Policy", self.policy)
        return response


def wants_json(request: HttpRequest) -> bool:
    return "application/json" in request.headers.get("Accept", "")


class ShownErrors:
    """Turns an ``AppError`` into a page, a toast for htmx, or JSON; never a stack trace."""

    def __init__(self, get_response: Handler) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        return self.get_response(request)

    def process_exception(self, request: HttpRequest, error: Exception) -> HttpResponse | None:
        if not isinstance(error, AppError):
            return None
        text = sentence(error.code, error.params)
        if wants_json(request):
            return JsonResponse({"error": {"code": error.code, "message": text}}, status=error.status)
        if request.headers.get("HX-Request"):
            response = HttpResponse(status=error.status)
            response["HX-Reswap"] = "none"
            response["HX-Trigger"] = json.dumps({"toast": {"message": text, "tone": "error"}})
            return response
        return render(request, "core/error.html", {"message": text, "status": error.status}, status=error.status)
