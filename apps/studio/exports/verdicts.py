"""The validator's word on one file, signed, so that a report can be passed on and still be believed."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from django.utils import timezone

from apps.studio.exports.identity import signing_identity
from inference.ops.certificate import is_signature_of, signature_of
from inference.recipe import canonical_json

if TYPE_CHECKING:
    from inference.pipelines.rules import FileReport

SIGNATURE = "signature"


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


def is_genuine(verdict: Mapping[str, Any], chain_pem: bytes) -> bool:
    """Whether the first certificate's key signed exactly this verdict."""
    said = {key: value for key, value in verdict.items() if key != SIGNATURE}
    return is_signature_of(canonical_json(said).encode(), str(verdict.get(SIGNATURE, "")), chain_pem)
