"""Rows for tests, as plain functions. Each opens the scope it needs; names are unique unless given."""

from __future__ import annotations

import io
import itertools
import uuid
from typing import Any

from PIL import Image

from apps.accounts.models import Invitation, Membership, Role, User, Workspace
from apps.accounts.services import create_person, create_workspace, invite
from apps.assets.models import Asset, Blob, Upload
from apps.assets.services import keep_asset, keep_blob
from apps.billing.models import LedgerEntry
from apps.core.ids import uuid7
from apps.core.tenancy import tenant_scope
from apps.jobs.models import Batch, Job
from apps.studio.models import Adapter, AdapterPicture, Export, ExportFile, Product, Shoot, Shot

PASSWORD = "correct horse battery"
_count = itertools.count(1)


def make_person(email: str = "", *, name: str = "", language: str = "") -> User:
    """Somebody with a confirmed address, who signs in with ``PASSWORD``."""
    return create_person(email or f"person{next(_count)}@example.com", PASSWORD, name=name, language=language)


def make_workspace(owner: User | None = None, *, name: str = "") -> Workspace:
    return create_workspace(owner or make_person(), name=name or f"Workspace {next(_count)}")


def make_member(workspace: Workspace, role: Role = Role.EDITOR, *, user: User | None = None) -> Membership:
    person = user or make_person()
    with tenant_scope(workspace.id):
        return Membership.objects.create(workspace=workspace, user=person, role=role)


def owner_of(workspace: Workspace) -> Membership:
    with tenant_scope(workspace.id):
        return Membership.objects.select_related("user").get(workspace=workspace, role=Role.OWNER)


def make_invitation(workspace: Workspace, *, email: str = "", role: Role = Role.EDITOR) -> tuple[Invitation, str]:
    """An open invitation and its secret, which is mailed in real life."""
    links: list[str] = []
    address = email or f"guest{next(_count)}@example.com"

    def link_to(secret: str) -> str:
        links.append(secret)
        return f"https://example.com/{secret}"

    invite(workspace, email=address, role=role, actor=owner_of(workspace), link_to=link_to)
    with tenant_scope(workspace.id):
        return Invitation.objects.get(workspace=workspace, email=address, accepted_at=None, revoked_at=None), links[0]


def png_bytes(size: tuple[int, int] = (24, 24), colour: tuple[int, ...] | None = None) -> bytes:
    """A PNG of one colour, another one on each call unless given."""
    number = next(_count)
    image = Image.new("RGB", size, colour or (number % 256, number // 256 % 256, 90))
    buffer = io.BytesIO()
    image.save(buffer, "PNG")
    return buffer.getvalue()


def make_blob(workspace: Workspace, data: bytes = b"") -> Blob:
    return keep_blob(workspace, data or png_bytes(), content_type="image/png", width=24, height=24)


def make_asset(workspace: Workspace, *, kind: str = "photo", name: str = "", **recipe: Any) -> Asset:
    number = next(_count)
    return keep_asset(
        workspace,
        kind=kind,
        name=name or f"asset-{number}.png",
        blob=make_blob(workspace),
        recipe=recipe or {"file": f"asset-{number}.png", "number": number},
    )


def make_upload(workspace: Workspace, *, name: str = "", **fields: Any) -> Upload:
    with tenant_scope(workspace.id):
        return Upload.objects.create(
            workspace=workspace,
            file_name=name or f"upload-{next(_count)}.png",
            quarantine_key=f"quarantine/{workspace.id}/{uuid.uuid4()}",
            **fields,
        )


def make_batch(workspace: Workspace, *, label: str = "") -> Batch:
    with tenant_scope(workspace.id):
        return Batch.objects.create(workspace=workspace, kind="studio.shot", label=label or f"Batch {next(_count)}")


def make_job(workspace: Workspace, *, label: str = "", kind: str = "studio.cutout", **fields: Any) -> Job:
    """A row as it stands, without the outbox: nothing will run it."""
    with tenant_scope(workspace.id):
        return Job.objects.create(workspace=workspace, kind=kind, label=label or f"Job {next(_count)}", **fields)


def make_product(workspace: Workspace, *, name: str = "", **fields: Any) -> Product:
    """A product whose cutout is accepted."""
    title = name or f"Product {next(_count)}"
    photo = fields.pop("photo", None) or make_asset(workspace, name=f"{title}.png")
    if "cutout" not in fields:
        fields["cutout"] = make_asset(workspace, kind="cutout", name=f"{title} cutout.png")
    state = fields.pop("cutout_state", "accepted")
    with tenant_scope(workspace.id):
        return Product.objects.create(workspace=workspace, name=title, photo=photo, cutout_state=state, **fields)


def make_shoot(workspace: Workspace, *, product: Product | None = None, **fields: Any) -> Shoot:
    product = product or make_product(workspace)
    batch = fields.pop("batch", None) or make_batch(workspace, label=product.name)
    with tenant_scope(workspace.id):
        return Shoot.objects.create(workspace=workspace, product=product, batch=batch, **fields)


def make_shot(workspace: Workspace, *, shoot: Shoot | None = None, position: int | None = None, **fields: Any) -> Shot:
    """A finished shot with a picture."""
    shoot = shoot or make_shoot(workspace)
    number = next(_count)
    if "asset" not in fields:
        fields["asset"] = make_asset(workspace, kind="shot", name=f"{shoot.product.name} {number}.png")
    spec = {"set": "white-sweep", "palette": "", "format": "square", "width": 1200, "height": 1200, "seed": number}
    with tenant_scope(workspace.id):
        return Shot.objects.create(
            workspace=workspace,
            shoot=shoot,
            product=shoot.product,
            position=number if position is None else position,
            spec=fields.pop("spec", spec),
            **fields,
        )


def make_export_file(workspace: Workspace, *, shot: Shot | None = None, name: str = "", **fields: Any) -> ExportFile:
    """A file that was written and accepted, in an export of its own."""
    shot = shot or make_shot(workspace)
    with tenant_scope(workspace.id):
        export = Export.objects.create(
            workspace=workspace, label=shot.product.name, batch=make_batch(workspace, label=shot.product.name)
        )
    blob = make_blob(workspace)
    with tenant_scope(workspace.id):
        return ExportFile.objects.create(
            workspace=workspace,
            export=export,
            product=shot.product,
            shot=shot,
            position=0,
            profile="shopify",
            profile_version="2026-11",
            name=name or f"shopify/{shot.product.name}.png",
            blob=blob,
            **{"passed": True, **fields},
        )


def make_adapter(workspace: Workspace, *, name: str = "", ready: bool = True, **fields: Any) -> Adapter:
    """What a model has learned from one picture; or, when it is not ``ready``, a training that nobody began."""
    number = next(_count)
    picture = make_asset(workspace)
    if ready and "blob" not in fields:
        data = f"adapter {number}".encode()
        fields["blob"] = keep_blob(workspace, data, content_type="application/x-safetensors", width=0, height=0)
        fields["preview"], fields["plain_preview"] = make_blob(workspace), make_blob(workspace)
        model = {"name": fields.get("model", "flux2-klein-4b"), "revision": "", "licence": "Apache-2.0"}
        fields.setdefault("recipe", {"model": model, "losses": [0.9, 0.5, 0.4], "first_loss": 0.9, "last_loss": 0.4})
    with tenant_scope(workspace.id):
        adapter = Adapter.objects.create(
            workspace=workspace,
            name=name or f"Adapter {number}",
            **{
                "trigger": "zaluba",
                "subject": "a glass bottle",
                "model": "flux2-klein-4b",
                "plan": {"steps": 600, "rank": 16, "size_px": 512},
                **fields,
            },
        )
        AdapterPicture.objects.create(workspace=workspace, adapter=adapter, asset=picture, position=0)
    return adapter


def make_ledger_entry(workspace: Workspace, **fields: Any) -> LedgerEntry:
    with tenant_scope(workspace.id):
        return LedgerEntry.objects.create(workspace=workspace, job_id=uuid7(), kind="studio.shot", **fields)
