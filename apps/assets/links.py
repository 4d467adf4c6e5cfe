"""Signed, expiring addresses of pictures for readers without a session.

A token carries everything that decides the answer: the workspace, the asset, the spec (hence the type), the name
to save it under, and when it ends. It is signed with the site's secret, so nothing of it can be changed, and the asset
is looked up when the link is opened, so a deleted picture is gone at once. Expiries are rounded up to whole windows: a
page shown twice has the same addresses, and the browser's cache works.
"""

from __future__ import annotations

import time
import uuid
from dataclasses import dataclass
from urllib.parse import quote

from django.core import signing

from apps.core.errors import NotAllowed, NotFound

LIFETIME_S = 300
_signer = signing.Signer(salt="apps.assets.links")


@dataclass(frozen=True)
class Link:
    """``download_name`` is empty for a picture that is shown, not saved. ``expires_at`` is in seconds of the epoch."""

    workspace_id: uuid.UUID
    asset_id: uuid.UUID
    spec: str
    download_name: str
    expires_at: int


def sign(workspace_id: uuid.UUID, asset_id: uuid.UUID, *, spec: str, download_name: str = "") -> str:
    """A token that is good for at least ``LIFETIME_S`` and at most twice that."""
    expires_at = (int(time.time()) // LIFETIME_S + 2) * LIFETIME_S
    return _signer.sign_object([workspace_id.hex, asset_id.hex, spec, download_name, expires_at])


def read(token: str) -> Link:
    """Raises NotFound for a token that we did not sign, NotAllowed ``assets.link_expired`` for an old one."""
    try:
        workspace, asset, spec, download_name, expires_at = _signer.unsign_object(token)
    except (signing.BadSignature, ValueError) as error:
        raise NotFound("not_found") from error
    if expires_at <= time.time():
        raise NotAllowed("assets.link_expired")
    return Link(uuid.UUID(workspace), uuid.UUID(asset), spec, download_name, expires_at)


def disposition(kind: str, file_name: str) -> str:
    """A Content-Disposition that every browser reads: plain ASCII, then the real name (RFC 6266)."""
    plain = "".join(c if c.isascii() and (c.isalnum() or c in " -_.()") else "_" for c in file_name)
    return f"{kind}; filename=\"{plain}\"; filename*=UTF-8''{quote(file_name, safe='')}"
