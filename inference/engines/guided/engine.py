"""Two who see different things: a network that has learnt what products look like, and models of this photo's colours.

The network is asked about the whole photo, which names one more place to try, and about the surroundings of the box;
its log odds join those of colour and texture in every turn of the cut (see ``classical.in_box``), within a limit. So
a product is found where colours alone mistake the place or the ground, and outlines are as sharp as colours make them;
docs/cutout-benchmark.md says for which products that helps.
"""

from __future__ import annotations

from functools import cached_property
from pathlib import Path

from inference.engines.classical.engine import ClassicalEngine
from inference.engines.cutout_net.model import CARD, WEIGHTS, Model, files_status, revision_of, sure
from inference.ops.confidence import with_confidence
from inference.ports import CutoutOptions, EngineStatus
from inference.types import U8, Box, Cutout, Progress, no_progress

# What its confidence is made of; the weights are fitted by ``training.cutout_net.calibrate``.
WITHOUT_BOX = ("quality", "consent", "agreement", "stability")
WITH_BOX = ("quality", "consent", "contrast", "separation")


class GuidedEngine(ClassicalEngine):
    """Runs wherever the network's weight file is intact; needs nothing else."""

    name = "guided"

    def __init__(self, options: CutoutOptions, *, weights: Path = WEIGHTS, card: Path = CARD) -> None:
        super().__init__(options)
        self._weights, self._card = weights, card

    @cached_property
    def revision(self) -> str:
        """See ``ports.CutoutEngine``."""
        return revision_of(self._card)

    @cached_property
    def adviser(self) -> Model:
        """The network. Raises EngineUnavailable, see ``cutout_net.model.verified``."""
        return Model(self._weights, self._card)

    def status(self) -> EngineStatus:
        """Looks for the files only; the checksum is verified when they are loaded."""
        return files_status(self._weights, self._card)

    def cut(self, rgb: U8, *, box: Box | None, on_progress: Progress = no_progress) -> Cutout:
        """See ``ports.CutoutEngine``."""
        made = super().cut(rgb, box=box, on_progress=on_progress)
        mode, names = ("guided_auto", WITHOUT_BOX) if box is None else ("guided_box", WITH_BOX)
        said = sure(self.adviser.confidence[mode], [made.measures[name] for name in names])
        return with_confidence(made, said)
