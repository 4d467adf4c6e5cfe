"""Is a file ours, and as we made it? The bytes are examined in a process of their own; the rest is a look-up."""

from __future__ import annotations

import base64
import hashlib
import io
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Any

from django.utils.translation import gettext_lazy as _

from apps.accounts.models import Workspace
from apps.assets import decoding
from apps.assets import selectors as asset_store
from apps.core.errors import InvalidInput
from apps.core.tenancy import tenant_scope
from apps.studio.exports import selectors
from apps.studio.exports.identity import trust_pem
from apps.studio.models import ExportFile

SCRIPT = Path(__file__).parent / "isolated" / "examine.py"
MAX_SIDECAR_BYTES = 64 * 1024  # it travels as an argument of a process
_HASHED_AT_ONCE = 1 << 20

WORDS = {
    "ours": (
        "ok",
        _("This file was made here and has not been changed since"),
        _("Its signature holds: the picture and everything that the file says about it are as they were."),
    ),
    "altered": (
        "error",
        _("This file was made here, but somebody changed it"),
        _("It carries our signature, and the signature no longer fits the content. Use the file from the export."),
    ),
    "stripped_known": (
        "warn",
        _("The picture is ours, but its credentials were removed"),
        _("Pixel for pixel it is a file of this workspace; a website or program threw its signature away."),
    ),
    "stripped": (
        "warn",
        _("A label says that this was made here, but nothing proves it"),
        _("The signature is gone, and the picture is none of this workspace's files as they left us."),
    ),
    "foreign": (
        "warn",
        _("This file was signed by somebody else"),
        _("It has content credentials, but not of this VisualForge."),
    ),
    "unknown": (
        "neutral",
        _("This file says nothing about its origin"),
        _(
            "It has no credentials and is not known here: it was made elsewhere, or was re-saved, cropped or "
            "screenshotted, which removes everything that could be checked."
        ),
    ),
    "unreadable": (
        "error",
        _("This is no picture that can be examined"),
        _("It is damaged, breaks off, or is something else. Drop a whole JPEG, PNG, WebP, TIFF, AVIF or PSD file."),
    ),
}


@dataclass(frozen=True)
class Inspection:
    """What came out. ``known`` is the exported file of this workspace that has these bytes or pixels."""

    verdict: str
    file_name: str
    examined: Mapping[str, Any] = field(default_factory=dict)
    known: ExportFile | None = None

    @property
    def tone(self) -> str:
        return WORDS[self.verdict][0]

    @property
    def title(self) -> str:
        return str(WORDS[self.verdict][1])

    @property
    def text(self) -> str:
        return str(WORDS[self.verdict][2])

    @property
    def recipe(self) -> Mapping[str, Any]:
        """The signed recipe; of a file whose signature does not hold, none."""
        is_vouched_for = self.verdict == "ours"
        return self.examined.get("recipe", {}).get("recipe", {}) if is_vouched_for else {}


def inspect(workspace: Workspace, file: IO[bytes], *, file_name: str, sidecar: bytes | None = None) -> Inspection:
    """Examine a file that a person dropped. It is not kept.

    Args:
        sidecar: the credentials of a format that can not hold them (``.psd.c2pa``); those of our own files are found.

    Raises:
        Unavailable: every examiner is busy.
    """
    with tenant_scope(workspace.id):
        same = selectors.files_with_sha256(workspace, _sha256(file)).first()
        stored = same.sidecar if same else None
    if sidecar is None and stored is not None:
        sidecar = asset_store.read_bytes(stored)
    if sidecar is not None and len(sidecar) > MAX_SIDECAR_BYTES:
        sidecar = None
    job = {"trust": trust_pem().decode(), "sidecar": base64.b64encode(sidecar or b"").decode()}
    try:
        examined = decoding.report_on(file, script=SCRIPT, job=job)
    except InvalidInput:  # it broke the examiner, or took more than it is allowed
        return Inspection("unreadable", file_name)
    with tenant_scope(workspace.id):
        known = same or _same_pixels(workspace, str(examined["pixels_sha256"]))
    verdict = str(examined["verdict"])
    if verdict in ("unknown", "stripped") and known is not None:
        verdict = "stripped_known"
    return Inspection(verdict, file_name, examined, known)


def _same_pixels(workspace: Workspace, pixels_sha256: str) -> ExportFile | None:
    return selectors.files_with_pixels(workspace, pixels_sha256).first() if pixels_sha256 else None


def _sha256(file: IO[bytes]) -> str:
    digest = hashlib.sha256()
    file.seek(0, io.SEEK_SET)
    while chunk := file.read(_HASHED_AT_ONCE):
        digest.update(chunk)
    return digest.hexdigest()
