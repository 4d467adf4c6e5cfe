"""Taking shots home as they are: one file, or a ZIP."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Any

from django.http import HttpResponse, StreamingHttpResponse

from apps.assets import selectors as asset_store
from apps.assets.links import disposition
from apps.assets.models import Asset, Blob, Lineage
from apps.assets.responses import FILE_POLICY
from apps.core.errors import Conflict, InvalidInput
from apps.studio import selectors
from apps.studio.exports import archive
from apps.studio.exports.identity import signing_identity
from apps.studio.exports.names import numbered
from apps.studio.models import Shoot, Shot

DOWNLOADS = {"png": "png", "jpeg": "jpg", "webp": "webp"}
"""Formats and their suffixes."""
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


def download(shot: Shot, *, file_format: str) -> HttpResponse:
    """The shot as a file that says how it was made, and is signed.

    Raises:
        Conflict: ``studio.shot_not_ready``.
        InvalidInput: ``studio.download_unknown``.
    """
    if shot.asset is None:
        raise Conflict("studio.shot_not_ready")
    if file_format not in DOWNLOADS:
        raise InvalidInput("studio.download_unknown", name=file_format[:20])
    file = _labelled(shot, shot.asset, file_format)
    response = HttpResponse(file.read(), content_type=f"image/{file_format}")
    response["Content-Disposition"] = disposition("attachment", file.name)
    response["Content-Security-Policy"] = FILE_POLICY
    response["X-Content-Type-Options"] = "nosniff"
    response["Cache-Control"] = "no-store"
    return response


def zip_items(shoot: Shoot, *, which: str) -> list[ShotFile]:
    """Finished shots: ``starred``, ``kept`` (all but the rejected ones) or ``all``."""
    if which not in WHICH:
        raise InvalidInput("studio.download_unknown", name=which[:20])
    return _finished(
        shot
        for shot in selectors.shots(shoot).select_related("product__photo__blob")
        if which == "all" or (shot.starred if which == "starred" else shot.rejected_at is None)
    )


def _finished(shots: Iterable[Shot]) -> list[ShotFile]:
    """The files of those that have one. Raises Conflict ``studio.nothing_to_download`` where none has."""
    files = [_labelled(shot, shot.asset, "png") for shot in shots if shot.asset is not None]
    if not files:
        raise Conflict("studio.nothing_to_download")
    return files


def zip_of_shots(shots: Sequence[Shot]) -> StreamingHttpResponse:
    """Those that are finished, in this order; two shoots of a product number their shots alike, so names are numbered.

    Raises Conflict ``studio.nothing_to_download``.
    """
    files = _finished(shots)
    names = numbered(file.name for file in files)
    once = [replace(file, name=name) for file, name in zip(files, names, strict=True)]
    return archive.zip_response(once, file_name="shots.zip")


def zip_response(shoot: Shoot, *, which: str) -> StreamingHttpResponse:
    """Raises like ``zip_items``."""
    stem = _UNSAFE.sub("-", shoot.product.sku or shoot.product.name).strip("-.") or "shots"
    return archive.zip_response(zip_items(shoot, which=which), file_name=f"{stem}.zip")


@dataclass(frozen=True)
class ShotFile:
    """A shot that is labelled and signed when it is read; holds no row, so that it can be read later."""

    name: str
    master: Blob
    photo: Blob
    recipe: Mapping[str, Any]
    file_format: str
    companion: Blob | None = None

    def read(self) -> bytes:
        """Raises Unavailable: the storage does not have it, or the certificate can not be used."""
        from inference.ops.credentials import PhotoFile
        from inference.pipelines.label import label_shot

        beside = self.companion
        return label_shot(
            asset_store.read_bytes(self.master),
            self.recipe,
            file_format=self.file_format,
            name=self.name,
            identity=signing_identity(),
            photo=_photo_bytes(self.photo),
            photo_type=self.photo.content_type,
            companion=PhotoFile(_photo_bytes(beside), beside.content_type) if beside else None,
        )


def _labelled(shot: Shot, asset: Asset, file_format: str) -> ShotFile:
    name = f"{file_stem(shot)}.{DOWNLOADS[file_format]}"
    return ShotFile(name, asset.blob, shot.product.photo.blob, asset.recipe, file_format, _companion_photo(asset))


def _companion_photo(asset: Asset) -> Blob | None:
    """The photo of the second product that a shot shows; None where there is none, or it is not kept."""
    if "companion" not in asset.recipe:
        return None
    link = Lineage.objects.filter(child=asset, role="companion_photo").select_related("parent__blob").first()
    return link.parent.blob if link else None


@lru_cache(maxsize=2)
def _photo_bytes(photo: Blob) -> bytes:
    """The last two: a ZIP of shots has one photo behind all of them, and seldom a second one beside it."""
    return asset_store.read_bytes(photo)
