"""What happens around every view: headers that limit a page, and errors shown as people read them."""

from __future__ import annotations

from collections.abc import Callable

from django.http import HttpRequest, HttpResponse, HttpResponseNotAllowed
from django.shortcuts import render

from apps.core.answers import refuse
from apps.core.errors import AppError
from apps.core.failures import bad_request, wrong_method
from apps.core.sentences import sentence

Handler = Callable[[HttpRequest], HttpResponse]
POLICY = (
    "default-src 'self'; img-src 'self' data: blob: {storage}; style-src 'self'; script-src 'self'; "
    "connect-src 'self' {storage}; font-src 'self'; object-src 'none'; base-uri 'self'; form-action 'self'; "
    "frame-ancestors 'none'"
)
UNUSED_POWERS = "camera=(), microphone=(), geolocation=(), payment=(), usb=(), display-capture=(), browsing-topics=()"


class ContentSecurityPolicy:
    """Only our own scripts and styles; pictures also from the configured object storage. No page is kept by proxies."""

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
        response.headers.setdefault("Permissions-Policy", UNUSED_POWERS)
        response.headers.setdefault("Cache-Control", "private, no-cache")
        return response


class NoNulBytes:
    """A NUL character fits into no text of the database, and no browser sends one: 400 instead of an error later on.

    Looks at the address and at plain forms. Uploads may carry any byte; their text fields are checked by their forms.
    """

    def __init__(self, get_response: Handler) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        is_form = request.content_type == "application/x-www-form-urlencoded"
        if (
            "\0" in request.path
            or _has_nul(request.META.get("QUERY_STRING", ""))
            or (is_form and _has_nul(request.body))
        ):
            return bad_request(request)
        return self.get_response(request)


def _has_nul(encoded: str | bytes) -> bool:
    """Whether URL-encoded text holds a NUL, spelt out or escaped."""
    if isinstance(encoded, bytes):
        return b"\0" in encoded or b"%00" in encoded
    return "\0" in encoded or "%00" in encoded


class ShownErrors:
    """Turns an ``AppError`` into a page, a toast for htmx, or JSON; never a stack trace, never an empty page."""

    def __init__(self, get_response: Handler) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = self.get_response(request)
        return wrong_method(request, response) if isinstance(response, HttpResponseNotAllowed) else response

    def process_exception(self, request: HttpRequest, error: Exception) -> HttpResponse | None:
        if not isinstance(error, AppError):
            return None
        message = sentence(error.code, error.params)

        def page() -> HttpResponse:
            context = {"message": message, "status": error.status}
            return render(request, "core/error.html", context, status=error.status)

        return refuse(request, code=error.code, message=message, status=error.status, page=page)
