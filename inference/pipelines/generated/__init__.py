"""Generated shots: a product in a scene that a model draws, a product drawn anew, or a picture changed in one place."""

from inference.pipelines.generated.result import LABELS, GeneratedCandidate, GeneratedShot
from inference.pipelines.generated.spec import MODES, GeneratedInputs, GeneratedSpec, PaletteMeans

__all__ = [
    "LABELS",
    "MODES",
    "GeneratedCandidate",
    "GeneratedInputs",
    "GeneratedShot",
    "GeneratedSpec",
    "PaletteMeans",
]
