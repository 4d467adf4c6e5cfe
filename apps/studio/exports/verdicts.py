"""The validator's word on one file, signed, so that a report can be passed on and still be believed."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.utils import timezone

from apps.studio.exports.identity import signing_identity
from inference.ops.certificate import signature_of
from inference.pipelines.provenance import SIGNATURE
from inference.recipe import canonical_json

if TYPE_CHECKING:
    from inference.pipelines.rules import FileReport


def signed_verdict(report: FileReport, *, name: str, profile: str, quality: int | None) -> dict[str, Any]:
    """The report as JSON, with the signature of its canonical text and the fingerprint of the certificate."""
    identity = signing_identity()
    verdict = {
        **report.as_dict(),
        "file": name,
        "profile": profile,
        "quality": quality,
        "checked_at": timezone.now().isoformat(timespec="seconds"),
        "certificate_sha256": identity.fingerprint,
        "algorithm": identity.algorithm,
    }
    return {**verdict, SIGNATURE: signature_of(canonical_json(verdict).encode(), identity)}
