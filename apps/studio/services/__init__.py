"""Everything that changes in Studio. Subjects come first, ``by`` is the person who asked."""

from __future__ import annotations

from apps.studio.services.adapters import (
    delete_adapter,
    purge_trainings,
    rename_adapter,
    request_adapter,
    restore_adapter,
    retire_adapter,
)
from apps.studio.services.batches import (
    accept_guesses,
    cancel_batch,
    forget_waiting,
    request_batch,
    retry_batch,
    start_shoots,
)
from apps.studio.services.best import request_best
from apps.studio.services.cutouts import (
    accept_cutout,
    free_stranded_products,
    leave_pending,
    request_cutout,
    start_waiting_shoots,
)
from apps.studio.services.deletion import deletable, delete_shots, purge_deleted_shots, restore_shots
from apps.studio.services.edits import edit_shot, put_on_show, renew_shots, show_version, with_earlier_cutout
from apps.studio.services.looks import apply_look, cancel_look, forget_not_begun, retry_look, start_look
from apps.studio.services.products import (
    archive_product,
    create_products,
    describe_product,
    parse_ids,
    rename_product,
    restore_product,
)
from apps.studio.services.scenes import change_part, request_scenes, take_candidate
from apps.studio.services.shoots import (
    MOST_JUDGED,
    REJECT_REASONS,
    cancel_shoot,
    plan_shots,
    request_shoot,
    retry_shoot,
    retry_shot,
    set_verdict,
    set_verdicts,
)

__all__ = [
    "MOST_JUDGED",
    "REJECT_REASONS",
    "accept_cutout",
    "accept_guesses",
    "apply_look",
    "archive_product",
    "cancel_batch",
    "cancel_look",
    "cancel_shoot",
    "change_part",
    "create_products",
    "deletable",
    "delete_adapter",
    "delete_shots",
    "describe_product",
    "edit_shot",
    "forget_not_begun",
    "forget_waiting",
    "free_stranded_products",
    "leave_pending",
    "parse_ids",
    "plan_shots",
    "purge_deleted_shots",
    "purge_trainings",
    "put_on_show",
    "rename_adapter",
    "rename_product",
    "renew_shots",
    "request_adapter",
    "request_batch",
    "request_best",
    "request_cutout",
    "request_scenes",
    "request_shoot",
    "restore_adapter",
    "restore_product",
    "restore_shots",
    "retire_adapter",
    "retry_batch",
    "retry_look",
    "retry_shoot",
    "retry_shot",
    "set_verdict",
    "set_verdicts",
    "show_version",
    "start_look",
    "start_shoots",
    "start_waiting_shoots",
    "take_candidate",
    "with_earlier_cutout",
]
