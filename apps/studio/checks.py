"""What is wrong with the signing of exports, said before the first one.

visualforge.E020  the supplied certificate or key can not be used
visualforge.E021  a marketplace profile is wrong
visualforge.W020  several machines, but each would make a certificate of its own
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.apps import AppConfig
from django.conf import settings
from django.core.checks import CheckMessage, Error, Warning, register

from apps.core.errors import Unavailable
from apps.studio.exports.identity import signing_identity
from apps.studio.exports.profiles import profiles


@register
def check_certificate(app_configs: Sequence[AppConfig] | None = None, **kwargs: Any) -> list[CheckMessage]:
    """Only looks at a certificate that was supplied; one of our own is made when it is needed."""
    if not (settings.PROVENANCE_CERTIFICATE or settings.PROVENANCE_KEY):
        return []
    try:
        signing_identity()
    except Unavailable as error:
        return [
            Error(
                f"Exports can not be signed: {error.__cause__}",
                hint="PROVENANCE_CERTIFICATE and PROVENANCE_KEY name PEM files: the certificate with its chain, "
                "and its key (EC P-256 or P-384, Ed25519, or RSA).",
                id="visualforge.E020",
            )
        ]
    return []


@register
def check_profiles(app_configs: Sequence[AppConfig] | None = None, **kwargs: Any) -> list[CheckMessage]:
    try:
        profiles()
    except ValueError as error:
        return [Error(f"A marketplace profile is wrong: {error}", id="visualforge.E021")]
    return []


@register(deploy=True)
def check_shared_certificate(app_configs: Sequence[AppConfig] | None = None, **kwargs: Any) -> list[CheckMessage]:
    if not settings.S3_BUCKET or settings.PROVENANCE_CERTIFICATE:
        return []
    return [
        Warning(
            "Files lie in object storage, so several machines may sign exports, each with a certificate of its own.",
            hint="Set PROVENANCE_CERTIFICATE and PROVENANCE_KEY, or let all machines share the data folder.",
            id="visualforge.W020",
        )
    ]
