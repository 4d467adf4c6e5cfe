"""Writes of assets: keep bytes and pictures, take in uploads."""

from __future__ import annotations

from apps.assets.services.keeping import (
    ensure_rendition,
    ensure_renditions,
    find_or_keep_asset,
    forget_blob,
    keep_asset,
    keep_blob,
    keep_rendition,
    open_file,
    purge_workspace_files,
    put_bytes,
    remove_key,
    write_key,
)
from apps.assets.services.uploads import (
    Ticket,
    complete_upload,
    issue_ticket,
    keep_photo,
    purge_quarantine,
    receive_upload,
)

__all__ = [
    "Ticket",
    "complete_upload",
    "ensure_rendition",
    "ensure_renditions",
    "find_or_keep_asset",
    "forget_blob",
    "issue_ticket",
    "keep_asset",
    "keep_blob",
    "keep_photo",
    "keep_rendition",
    "open_file",
    "purge_quarantine",
    "purge_workspace_files",
    "put_bytes",
    "receive_upload",
    "remove_key",
    "write_key",
]
