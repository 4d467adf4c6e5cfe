"""Processors of pictures and words for models that could also watch videos.

Those of transformers insist on a reader of videos, and that on torchvision. Editors are shown pictures alone.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

_OF_VIDEOS = ("Qwen2VLProcessor", "Qwen2_5_VLProcessor", "Qwen3VLProcessor")


def picture_processors(folder: Path) -> dict[str, Any]:
    """The components of a pipeline in ``folder`` that would need torchvision, by name, without what needs it."""
    index = json.loads((folder / "model_index.json").read_text(encoding="utf-8"))
    found = {name: entry[1] for name, entry in index.items() if isinstance(entry, list) and len(entry) == 2}
    return {name: _without_videos(kind, folder / name) for name, kind in found.items() if kind in _OF_VIDEOS}


def _without_videos(kind: str, folder: Path) -> Any:
    import transformers

    base: Any = getattr(transformers, kind)

    class PictureProcessor(base):
        """Its parts are the processor of images and the tokenizer; the rest is as in transformers."""

        @classmethod
        def get_attributes(cls) -> list[str]:
            return ["image_processor", "tokenizer"]

    return PictureProcessor.from_pretrained(folder, local_files_only=True)
