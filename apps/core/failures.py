"""The pages for when something is wrong: no such page, a stale form, a broken server, a database that is away.

``config.urls`` and the settings name these functions. Pages from status 500 on, and 400, are rendered without the
request: no session, no person, no context processor, nothing that could ask the database.
"""

from __future__ import annotations

import errno
import sys

from django.conf import settings
from django.db import InterfaceError, OperationalError
from django.http import HttpRequest, HttpResponse, HttpResponseNotAllowed
from django.shortcuts import render
from django.template.loader import render_to_string
from django.utils import translation

from apps.core.answers import refuse, wants_json, wants_part
from apps.core.sentences import sentence

RETRY_AFTER_S = 5
SAFE_METHODS = {"GET", "HEAD"}


def not_found(request: HttpRequest, exception: Exception) -> HttpResponse:
    return _in_frame(request, "page_not_found", 404)


def forbidden(request: HttpRequest, exception: Exception) -> HttpResponse:
    return _in_frame(request, "not_allowed", 403)


def csrf_failure(request: HttpRequest, reason: str = "") -> HttpResponse:
    """Most often somebody signed in or out in another tab after this page was opened.

    Scripts of a page whose session is over hear that, as from the door: 401.
    """
    is_known = getattr(request, "user", None) is not None and request.user.is_authenticated
    if not is_known and (wants_json(request) or wants_part(request)):
        return _in_frame(request, "signed_out", 401)
    return _in_frame(request, "session_changed", 403)


def wrong_method(request: HttpRequest, refusal: HttpResponseNotAllowed) -> HttpResponse:
    """A page instead of the empty answer of Django's decorators."""
    response = _in_frame(request, "wrong_method", 405)
    response["Allow"] = refusal["Allow"]
    return response


def bad_request(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    return _alone(request, "bad_request", 400)


def server_error(request: HttpRequest) -> HttpResponse:
    """500, or 503 for what passes: no database, no cache, no space; called while the exception is being handled."""
    error = sys.exc_info()[1]
    passes = {"database_away": is_database_away, "cache_away": is_cache_away, "disk_full": is_disk_full}
    code = next((code for code, is_it in passes.items() if is_it(error)), None)
    if code is None:
        return _alone(request, "internal", 500)
    response = _alone(request, code, 503)
    response["Retry-After"] = str(RETRY_AFTER_S)
    return response


def is_database_away(error: BaseException | None) -> bool:
    """Whether ``error``, or what caused it, is the database not answering."""
    while error is not None:
        if isinstance(error, OperationalError | InterfaceError):
            return True
        error = error.__cause__
    return False


def is_cache_away(error: BaseException | None) -> bool:
    """Whether ``error`` is the Redis of CACHE_URL not answering: attempts to sign in can not be counted without it."""
    redis = sys.modules.get("redis.exceptions")  # loaded only where it is used
    return redis is not None and isinstance(error, redis.ConnectionError | redis.TimeoutError)


def is_disk_full(error: BaseException | None) -> bool:
    """Whether a file could not be written for want of space: attempts to sign in are counted in files."""
    return isinstance(error, OSError) and error.errno in (errno.ENOSPC, errno.EDQUOT)


def _in_frame(request: HttpRequest, code: str, status: int) -> HttpResponse:
    message = sentence(code)

    def page() -> HttpResponse:
        return render(request, "core/plain_error.html", {"message": message, "status": status}, status=status)

    return refuse(request, code=code, message=message, status=status, page=page)


def _alone(request: HttpRequest, code: str, status: int) -> HttpResponse:
    language = getattr(request, "LANGUAGE_CODE", None) or translation.get_language_from_request(request)
    with translation.override(language):
        message = sentence(code)
        context = {
            "message": message,
            "status": status,
            "language": language,
            "static_url": settings.STATIC_URL,
            "is_away": status == 503,
            "retry_after_s": RETRY_AFTER_S if status == 503 and request.method in SAFE_METHODS else None,
        }

        def page() -> HttpResponse:
            return HttpResponse(render_to_string("core/alone.html", context), status=status)

        return refuse(request, code=code, message=message, status=status, page=page)
