"""Is this process able to serve? Asked by supervisors and load balancers.

They ask by address and without TLS, so the answer comes before anything looks at the host or redirects to HTTPS.
"""

from __future__ import annotations

from collections.abc import Callable

from django.db import connection
from django.http import HttpRequest, HttpResponse, JsonResponse

PATH = "/healthz"


class Health:
    """The first middleware: answers ``PATH`` itself."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        return healthz(request) if request.path_info == PATH else self.get_response(request)


def healthz(request: HttpRequest) -> JsonResponse:
    """200 when the database answers; an unreachable database is an OperationalError, hence 503 (``core.failures``)."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1")
    return JsonResponse({"status": "ok"})
