"""How bytes leave this site: as the type that we wrote, never as a page, kept only by this browser."""

from __future__ import annotations

from http import HTTPStatus

from django.http import HttpRequest, HttpResponse
from django.utils.cache import patch_vary_headers
from django.utils.http import parse_etags, quote_etag

from apps.assets.models import Upload, UploadState
from apps.assets.storage import blob_store
from apps.core.sentences import sentence

FILE_POLICY = "default-src 'none'; sandbox; frame-ancestors 'none'"
YEAR_S = 31_536_000


def file_response(
    request: HttpRequest, key: str, *, content_type: str, disposition: str, max_age_s: int
) -> HttpResponse:
    """The bytes under ``key``, or 304 where the browser has them: a key is decided by content, so it is the ETag."""
    etag = quote_etag(key.rpartition("/")[2].partition(".")[0])
    if etag in parse_etags(request.headers.get("If-None-Match", "")):
        response = HttpResponse(status=HTTPStatus.NOT_MODIFIED)
    else:
        response = HttpResponse(blob_store().get(key), content_type=content_type)
        response["Content-Disposition"] = disposition
    response["ETag"] = etag
    response["Cache-Control"] = f"private, max-age={max_age_s}" + (", immutable" if max_age_s == YEAR_S else "")
    response["X-Content-Type-Options"] = "nosniff"
    response["Content-Security-Policy"] = FILE_POLICY
    response["Cross-Origin-Resource-Policy"] = "same-origin"
    patch_vary_headers(response, ["Cookie"])
    return response


def upload_answer(upload: Upload) -> tuple[dict[str, object], int]:
    """What the upload script gets: the asset, or why there is none (422)."""
    if upload.state == UploadState.REJECTED:
        message = sentence(upload.error_code, upload.error_params)
        error = {"code": upload.error_code, "message": message}
        return {"upload": str(upload.id), "error": error}, HTTPStatus.UNPROCESSABLE_ENTITY
    return {
        "upload": str(upload.id),
        "asset": str(upload.asset_id),
        "name": upload.asset.name if upload.asset else "",
        "duplicate": upload.is_duplicate,
    }, HTTPStatus.CREATED
