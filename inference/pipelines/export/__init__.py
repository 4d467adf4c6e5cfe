"""A shot, or a cutout, as the file that a marketplace wants: sized, placed, encoded, labelled and signed.

The product's pixels are resampled once, from the photo, to the size that is asked for. They are never enlarged unless
the caller says so: a photo that is too small gives a smaller file, and whoever checks the file says so.
"""

from __future__ import annotations

from inference.pipelines.export.file import write_file
from inference.pipelines.export.kept import RENEWED, from_master
from inference.pipelines.export.scene import render_scene
from inference.pipelines.export.types import ExportedFile, Rendered, Target
from inference.pipelines.export.white import render_white

__all__ = ["RENEWED", "ExportedFile", "Rendered", "Target", "from_master", "render_scene", "render_white", "write_file"]
