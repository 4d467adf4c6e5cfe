"""Taking shots home as they are: one file, or a ZIP."""

from __future__ import annotations

import re

from django.http import HttpResponse, StreamingHttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect

from apps.assets import selectors as asset_store
from apps.core.errors import Conflict, InvalidInput
from apps.studio import selectors
from apps.studio.exports import archive
from apps.studio.exports.archive import ZipItem
from apps.studio.models import Shoot, Shot

DOWNLOADS = {"png": "original", "jpeg": "jpeg", "webp": "webp"}
WHICH = ("kept", "starred", "all")
_UNSAFE = re.compile(r"[^\w.\-]+", re.UNICODE)


def file_stem(shot: Shot) -> str:
    """``{sku or name}_{set}_{format}_{number}``, safe as a file name everywhere."""
    size = shot.spec["format"].replace(":", "x")
    parts = (shot.product.sku or shot.product.name, shot.spec["set"], size, f"{shot.position + 1:02d}")
    return "_".join(_short(_UNSAFE.sub("-", part).strip("-.")) or "product" for part in parts)


def _short(text: str) -> str:
    """At most 120 bytes: file systems count bytes, and a Chinese character has three."""
    return text.encode()[:120].decode(errors="ignore")


def download(shot: Shot, *, file_format: str) -> HttpResponseBase:
    """A redirect to a signed, expiring address of the file.

    Raises:
        Conflict: ``studio.shot_not_ready``.
        InvalidInput: ``studio.download_unknown``.
    """
    if shot.asset is None:
        raise Conflict("studio.shot_not_ready")
    if file_format not in DOWNLOADS:
        raise InvalidInput("studio.download_unknown", name=file_format[:20])
    name = f"{file_stem(shot)}.{'jpg' if file_format == 'jpeg' else file_format}"
    response: HttpResponse = redirect(
        asset_store.signed_url(shot.asset, spec=DOWNLOADS[file_format], download_name=name)
    )
    response["Cache-Control"] = "no-store"
    return response


def zip_items(shoot: Shoot, *, which: str) -> list[ZipItem]:
    """Finished shots: ``starred``, ``kept`` (all but the rejected ones) or ``all``."""
    if which not in WHICH:
        raise InvalidInput("studio.download_unknown", name=which[:20])
    chosen = [
        shot
        for shot in selectors.shots(shoot)
        if shot.asset is not None
        and (which == "all" or (shot.starred if which == "starred" else shot.rejected_at is None))
    ]
    if not chosen:
        raise Conflict("studio.nothing_to_download")
    return [ZipItem(f"{file_stem(shot)}.png", shot.asset.blob) for shot in chosen if shot.asset]


def zip_response(shoot: Shoot, *, which: str) -> StreamingHttpResponse:
    """Raises like ``zip_items``."""
    stem = _UNSAFE.sub("-", shoot.product.sku or shoot.product.name).strip("-.") or "shots"
    return archive.zip_response(zip_items(shoot, which=which), file_name=f"{stem}.zip")
