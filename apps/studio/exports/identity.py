"""The certificate that this installation signs its exports with, and the ones it recognises.

Supplied with PROVENANCE_CERTIFICATE and PROVENANCE_KEY (PEM files), or made at set-up in PROVENANCE_DIR. Several
machines must share one: supply it, or share the folder. A replaced certificate goes on being recognised when its root
lies in PROVENANCE_DIR/trusted.
"""

from __future__ import annotations

import os
import tempfile
from functools import lru_cache
from pathlib import Path

from django.conf import settings

from apps.core.errors import Unavailable
from inference.errors import InputRejected
from inference.ops.certificate import Identity, checked_identity, make_identity, root_of

CHAIN, KEY, OWN, TRUSTED = "chain.pem", "key.pem", "own", "trusted"


def signing_identity() -> Identity:
    """Read once a process; made where there is none.

    Raises:
        Unavailable: ``export.no_certificate``: the files can not be read, written or used.
    """
    return _identity(settings.PROVENANCE_CERTIFICATE, settings.PROVENANCE_KEY, str(settings.PROVENANCE_DIR))


def trust_pem() -> bytes:
    """The roots whose signatures count as ours: today's, and those of ``PROVENANCE_DIR/trusted``."""
    own = root_of(signing_identity().chain_pem)
    earlier = sorted((Path(settings.PROVENANCE_DIR) / TRUSTED).glob("*.pem"))
    return b"\n".join([own, *(path.read_bytes() for path in earlier)])


@lru_cache(maxsize=4)
def _identity(certificate: str, key: str, folder: str) -> Identity:
    try:
        if certificate or key:
            return checked_identity(Path(certificate).read_bytes(), Path(key).read_bytes())
        own = Path(folder) / OWN
        if not (own / KEY).exists():
            _make(own)
        return checked_identity((own / CHAIN).read_bytes(), (own / KEY).read_bytes())
    except (OSError, InputRejected) as error:
        raise Unavailable("export.no_certificate") from error


def _make(own: Path) -> None:
    """Whole or not at all: the folder appears under its name with both files in it. Who comes second uses it."""
    own.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    identity = make_identity()
    with tempfile.TemporaryDirectory(dir=own.parent, prefix=".making-") as part:
        made = Path(part) / OWN
        made.mkdir(mode=0o700)
        for name, content in ((CHAIN, identity.chain_pem), (KEY, identity.key_pem)):
            descriptor = os.open(made / name, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
            with os.fdopen(descriptor, "wb") as file:
                file.write(content)
                file.flush()
                os.fsync(file.fileno())
        try:
            made.rename(own)
        except OSError:
            if not (own / KEY).exists():
                raise
