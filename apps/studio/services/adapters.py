"""Adapters: train one from pictures of the workspace, rename it, put it away, erase it."""

from __future__ import annotations

import secrets
import uuid

from django.db import transaction
from django.utils import timezone

from apps.accounts.models import User, Workspace
from apps.assets import services as assets
from apps.assets.models import Asset, AssetKind
from apps.core.errors import Conflict, InvalidInput, NotFound
from apps.core.ids import uuid7
from apps.core.tenancy import tenant_scope
from apps.jobs import services as queue
from apps.jobs.models import JobState, Priority
from apps.studio import adapters
from apps.studio.adapters import Wanted
from apps.studio.models import Adapter, AdapterPicture

MOST_SEED = 2**31
LEARNS_FROM = (AssetKind.PHOTO, AssetKind.SHOT)


@transaction.atomic
def request_adapter(workspace: Workspace, *, wanted: Wanted, by: User | None, token: str = "") -> Adapter:
    """Train an adapter.

    The same wish with the same ``token`` (one for each time the page is shown) is the same adapter.

    Raises:
        Conflict: ``adapter.not_trainable`` while nobody can train this model; ``adapter.too_many``,
            ``adapter.too_many_open``.
        NotFound: a picture is not here.
    """
    Workspace.objects.select_for_update(of=("self",)).get(pk=workspace.pk)  # two posts of one click take turns
    adapter_id = uuid.uuid5(workspace.id, f"adapter {token} {wanted}") if token else uuid7()
    if token and (known := Adapter.objects.filter(pk=adapter_id).first()) is not None:
        return known
    if wanted.model not in {offer.name for offer in adapters.trainable()}:
        raise Conflict("adapter.not_trainable")
    _require_room(workspace)
    pictures = _pictures(workspace, wanted)
    adapter = Adapter(
        pk=adapter_id,
        workspace=workspace,
        name=wanted.name,
        trigger=wanted.trigger,
        subject=wanted.subject,
        model=wanted.model,
        plan=wanted.plan(secrets.randbelow(MOST_SEED)),
        created_by=by,
    )
    adapter.job = queue.submit(
        workspace,
        kind=adapters.KIND,
        params={"adapter": str(adapter.id), "model": wanted.model},
        priority=Priority.BATCH,
        created_by=by,
        label=wanted.name,
        subject=f"adapter:{adapter.id}",
    )
    adapter.save(force_insert=True)
    AdapterPicture.objects.bulk_create(
        AdapterPicture(workspace=workspace, adapter=adapter, asset=asset, position=position, caption=caption)
        for position, (asset, caption) in enumerate(pictures)
    )
    return adapter


def _require_room(workspace: Workspace) -> None:
    kept = Adapter.objects.filter(workspace=workspace)
    if kept.count() >= adapters.MOST_ADAPTERS:
        raise Conflict("adapter.too_many", most=adapters.MOST_ADAPTERS)
    if kept.filter(job__state__in=JobState.open()).count() >= adapters.MOST_OPEN:
        raise Conflict("adapter.too_many_open", most=adapters.MOST_OPEN)


def _pictures(workspace: Workspace, wanted: Wanted) -> list[tuple[Asset, str]]:
    try:
        ids = [uuid.UUID(one) for one, _ in wanted.pictures]
    except ValueError as error:
        raise InvalidInput("studio.id_unreadable") from error
    found = {one.id: one for one in Asset.objects.filter(workspace=workspace, pk__in=ids, kind__in=LEARNS_FROM)}
    if len(found) != len(set(ids)):
        raise NotFound("not_found")
    return [(found[key], caption) for key, (_, caption) in zip(ids, wanted.pictures, strict=True)]


@transaction.atomic
def rename_adapter(adapter: Adapter, *, name: str) -> Adapter:
    """Raises InvalidInput ``adapter.no_name``."""
    adapter.name = adapters.check_name(name.strip())
    adapter.save(update_fields=["name"])
    return adapter


@transaction.atomic
def retire_adapter(adapter: Adapter) -> Adapter:
    """Offer it no longer. Pictures that were made with it can be made again, and ``restore_adapter`` brings it back.

    Raises:
        Conflict: ``adapter.not_ready``: it was never finished.
    """
    if adapter.blob_id is None:
        raise Conflict("adapter.not_ready")
    adapter.retired_at = adapter.retired_at or timezone.now()
    adapter.save(update_fields=["retired_at"])
    return adapter


@transaction.atomic
def restore_adapter(adapter: Adapter) -> Adapter:
    """Offer it again."""
    adapter.retired_at = None
    adapter.save(update_fields=["retired_at"])
    return adapter


@transaction.atomic
def delete_adapter(adapter: Adapter) -> None:
    """Erase it with its file, its previews and what an unfinished training kept. Recipes still name it by its hash.

    Raises:
        Conflict: ``adapter.still_learning``; ``adapter.retire_first``: it is offered to people now.
    """
    adapter = Adapter.objects.select_for_update(of=("self",)).select_related("job").get(pk=adapter.pk)
    if adapter.is_learning:
        raise Conflict("adapter.still_learning")
    if adapter.is_ready:
        raise Conflict("adapter.retire_first")
    blobs = [one for one in (adapter.blob, adapter.preview, adapter.plain_preview) if one is not None]
    key = state_key(adapter.workspace_id, adapter.id)
    adapter.delete()
    for blob in blobs:
        assets.forget_blob(blob)
    transaction.on_commit(lambda: assets.remove_key(key))


def state_key(workspace_id: uuid.UUID, adapter_id: uuid.UUID) -> str:
    """Where a training keeps what its next attempt goes on from, on whatever machine that is."""
    return f"trainings/{workspace_id}/{adapter_id}.state"


def purge_trainings(workspace_id: uuid.UUID) -> None:
    """Erase the states of a workspace whose rows are about to go. Repeating it does no harm."""
    with tenant_scope(workspace_id):
        ids = list(Adapter.objects.filter(workspace_id=workspace_id).values_list("id", flat=True))
    for adapter_id in ids:
        assets.remove_key(state_key(workspace_id, adapter_id))
