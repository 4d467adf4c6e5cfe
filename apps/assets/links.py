"""Signed, expiring addresses of files on this machine.

A token carries everything that the answer will say (key, content type, disposition) and when it ends, signed with the
site's secret. Expiries are rounded up to whole windows, so that a page shown twice has the same addresses and the
browser's cache works.
"""

from __future__ import annotations

import time
from dataclasses import dataclass
from urllib.parse import quote

from django.core import signing

from apps.core.errors import NotAllowed, NotFound

LIFETIME_S = 300
_signer = signing.Signer(salt="apps.assets.links")


@dataclass(frozen=True)
class Link:
    key: str
    content_type: str
    disposition: str
    expires_at: int


def sign(key: str, *, content_type: str, disposition: str) -> str:
    """A token that is good for at least ``LIFETIME_S`` and less than twice that."""
    expires_at = (int(time.time()) // LIFETIME_S + 2) * LIFETIME_S
    return _signer.sign_object([key, content_type, disposition, expires_at])


def read(token: str) -> Link:
    """Raises NotFound for a token that we did not sign, NotAllowed ``assets.link_expired`` for an old one."""
    try:
        key, content_type, disposition, expires_at = _signer.unsign_object(token)
    except (signing.BadSignature, ValueError) as error:
        raise NotFound("not_found") from error
    if expires_at <= time.time():
        raise NotAllowed("assets.link_expired")
    return Link(key, content_type, disposition, expires_at)


def disposition(kind: str, file_name: str) -> str:
    """A Content-Disposition that every browser reads: plain ASCII, then the real name (RFC 6266)."""
    plain = "".join(c if c.isascii() and (c.isalnum() or c in " -_.()") else "_" for c in file_name)
    return f"{kind}; filename=\"{plain}\"; filename*=UTF-8''{quote(file_name, safe='')}"
