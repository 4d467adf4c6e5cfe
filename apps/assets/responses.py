"""How bytes leave this site: as the type that we wrote, never as a page, kept only by this browser."""

from __future__ import annotations

from http import HTTPStatus

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.utils.cache import patch_vary_headers
from django.utils.http import parse_etags, quote_etag

from apps.assets import links
from apps.assets.models import Blob, Upload, UploadState
from apps.assets.naming import download_name
from apps.assets.selectors import read_bytes
from apps.assets.storage import presigning_store
from apps.core.sentences import sentence

FILE_POLICY = "default-src 'none'; sandbox; frame-ancestors 'none'"
YEAR_S = 31_536_000


def file_response(request: HttpRequest, blob: Blob, *, name: str, kind: str, max_age_s: int) -> HttpResponse:
    """The bytes, 304 where the browser has them, or the way to the object storage where browsers reach it.

    Args:
        kind: ``inline`` or ``attachment``.
    """
    disposition = links.disposition(kind, download_name(name, blob.content_type))
    store = presigning_store()
    if store is not None:
        url = store.link(blob.storage_key, content_type=blob.content_type, disposition=disposition)
        response: HttpResponse = HttpResponseRedirect(url)
        response["Cache-Control"] = f"private, max-age={min(max_age_s, links.LIFETIME_S - 60)}"
        return response
    etag = quote_etag(blob.sha256)
    if etag in parse_etags(request.headers.get("If-None-Match", "")):
        response = HttpResponse(status=HTTPStatus.NOT_MODIFIED)
    else:
        response = HttpResponse(read_bytes(blob), content_type=blob.content_type)
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
