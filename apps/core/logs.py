"""What must not stand in a log: addresses that are keys."""

from __future__ import annotations

import logging
import re

SECRET = re.compile(
    r"((?:/|%2F)(?:files|invitations|password/reset/key|confirm-email)(?:/|%2F))[^/\s?#&%]+", re.IGNORECASE
)


def mask(text: str) -> str:
    """``text`` without the secret parts of signed file links, invitations, and links from mail."""
    return SECRET.sub(r"\1…", text)


class MaskSecrets(logging.Filter):
    """Lets every record pass, with its addresses masked."""

    def filter(self, record: logging.LogRecord) -> bool:
        if isinstance(record.msg, str):
            record.msg = mask(record.msg)
        if isinstance(record.args, tuple):
            record.args = tuple(mask(value) if isinstance(value, str) else value for value in record.args)
        return True
