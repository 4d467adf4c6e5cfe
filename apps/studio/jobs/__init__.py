"""What Studio teaches the queue: cut out, make a shot of a set or of a generated scene, compare, export, learn.

Each kind is three steps. ``load`` reads rows (in the tenant's scope), ``work`` computes (no database; imports the
imaging library only here, so that the web process stays small), ``finish`` writes the outcome in the transaction that
ends the job. All of them may run twice: outputs are keyed by content, so the second time changes nothing.
"""

from __future__ import annotations

from apps.studio.jobs.adapters import AdapterKind
from apps.studio.jobs.best import BestKind
from apps.studio.jobs.cutout_edits import CutoutEditKind, CutoutRefineKind
from apps.studio.jobs.cutouts import CutoutKind
from apps.studio.jobs.exports import ExportKind
from apps.studio.jobs.scenes import SceneKind
from apps.studio.jobs.shots import PreviewKind, ShotKind
from apps.studio.jobs.start import StartKind

__all__ = [
    "AdapterKind",
    "BestKind",
    "CutoutEditKind",
    "CutoutKind",
    "CutoutRefineKind",
    "ExportKind",
    "PreviewKind",
    "SceneKind",
    "ShotKind",
    "StartKind",
]
