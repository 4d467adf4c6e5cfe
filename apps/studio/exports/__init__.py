"""Pictures leave Studio: a shot as it is, a ZIP of shots, or files made for marketplaces, checked and signed."""

from __future__ import annotations

from apps.studio.exports.shots import download, file_stem, zip_items, zip_of_shots, zip_response

__all__ = ["download", "file_stem", "zip_items", "zip_of_shots", "zip_response"]
