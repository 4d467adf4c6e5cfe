"""What the stranger walk needs: every address that takes an object, and a world of objects to put into them.

When you add an address:

- below ``/w/<slug:workspace>/`` with a new name of an argument: add one line to ``OBJECTS``;
- elsewhere, for one person: add its name to ``PERSONAL`` with who may use it;
- elsewhere, for whoever holds a secret: add its name to ``BEARER``; the walk then knocks with a forged secret.
"""

from __future__ import annotations

import uuid
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

from django.urls import URLPattern, URLResolver, get_resolver, reverse
from django.utils import timezone

from apps.accounts.models import Invitation, Membership, Role, User, Workspace
from apps.accounts.services import create_workspace, rename_workspace
from apps.assets import links
from apps.assets.models import Asset, Upload
from apps.core.tenancy import tenant_scope
from apps.jobs.models import Batch, Job
from apps.studio.models import Adapter, ExportFile, Product, Shoot, Shot
from apps.studio.services.cutout_edits import REFINE_KIND
from tests import factories

OBJECT_MARK = "Zanzibar"
HOUSE_MARK = "Quagmire"


@dataclass(frozen=True)
class Door:
    """An address that takes at least one object."""

    name: str
    arguments: tuple[str, ...]
    view: Callable[..., Any]

    @property
    def role(self) -> Role:
        return Role(self.view.required_role)  # type: ignore[attr-defined]

    def address(self, values: dict[str, Any]) -> str:
        return reverse(self.name, kwargs={argument: values[kind_of(argument)] for argument in self.arguments})


def kind_of(argument: str) -> str:
    """``product_id`` and ``product`` name the same kind of object."""
    return argument.removesuffix("_id")


def find_doors() -> list[Door]:
    """Every pattern of the site with an argument. Raises for one that has no name to reverse."""
    return list(_walk(get_resolver(), "", ()))


def _walk(resolver: URLResolver, namespace: str, inherited: tuple[str, ...]) -> Iterator[Door]:
    for entry in resolver.url_patterns:
        arguments = inherited + tuple(entry.pattern.regex.groupindex)
        if isinstance(entry, URLResolver):
            inner = f"{namespace}{entry.namespace}:" if entry.namespace else namespace
            yield from _walk(entry, inner, arguments)
        elif isinstance(entry, URLPattern) and arguments:
            if not entry.name:
                raise AssertionError(f"{entry.pattern} takes an object but has no name; give it one")
            yield Door(f"{namespace}{entry.name}", arguments, entry.callback)


@dataclass
class World:
    """The victim's house with everything in it, its people, and a stranger with a house of their own."""

    house: Workspace
    owner: User
    deleted: Workspace
    member: Membership
    invitation: Invitation
    secret: str
    product: Product
    shoot: Shoot
    shot: Shot
    asset: Asset
    export_file: ExportFile
    adapter: Adapter
    upload: Upload
    job: Job
    refinement: Job
    batch: Batch
    file_token: str
    guest: User
    stranger: User
    strangers_house: Workspace
    revoked: User
    staff: dict[Role, User] = field(default_factory=dict)

    def values(self) -> dict[str, Any]:
        return {name: pick(self) for name, pick in OBJECTS.items()}

    def forged(self) -> dict[str, Any]:
        return {name: _forge(value) for name, value in self.values().items()}

    def ids(self) -> set[str]:
        rows = (
            self.house,
            self.member,
            self.invitation,
            self.product,
            self.shoot,
            self.shot,
            self.asset,
            self.upload,
            self.export_file,
            self.adapter,
        )
        return {str(row.pk) for row in (*rows, self.job, self.refinement, self.batch, self.deleted)}


OBJECTS: dict[str, Callable[[World], Any]] = {
    "workspace": lambda world: world.house.slug,
    "deleted": lambda world: world.deleted.id,
    "member": lambda world: world.member.id,
    "invitation": lambda world: world.invitation.id,
    "secret": lambda world: world.secret,
    "product": lambda world: world.product.id,
    "shoot": lambda world: world.shoot.id,
    "shot": lambda world: world.shot.id,
    "spec": lambda world: "original",
    "asset": lambda world: world.asset.id,
    "export": lambda world: world.export_file.export_id,
    "export_file": lambda world: world.export_file.id,
    "adapter": lambda world: world.adapter.id,
    "upload": lambda world: world.upload.id,
    "job": lambda world: world.job.id,
    "refinement": lambda world: world.refinement.id,
    "batch": lambda world: world.batch.id,
    "token": lambda world: world.file_token,
    # links that the sign-in library mails
    "key": lambda world: "no-such-key",
    "uidb36": lambda world: "1",
}

PERSONAL: dict[str, Callable[[World], User]] = {
    "accounts:restore": lambda world: world.owner,
    "accounts:accept": lambda world: world.guest,
}

BEARER = {
    "accounts:invitation",
    "assets:file",
    "account_confirm_email",
    "account_reset_password_from_key",
}


def _forge(value: Any) -> Any:
    """The same shape, another value: one sign in the middle differs."""
    if isinstance(value, uuid.UUID):
        return uuid.uuid4()
    middle = len(value) // 2
    return value[:middle] + ("A" if value[middle] != "A" else "B") + value[middle + 1 :]


def build_world() -> World:
    owner = factories.make_person(f"owner@{OBJECT_MARK}.example")
    house = create_workspace(owner, name="Quiet")
    rename_workspace(house, name=f"{HOUSE_MARK} Works", actor=factories.owner_of(house))
    stranger = factories.make_person()
    revoked = factories.make_person()
    membership = factories.make_member(house, Role.ADMIN, user=revoked)
    with tenant_scope(house.id):
        membership.delete()
    guest = factories.make_person(f"guest@{OBJECT_MARK}.example")
    invitation, secret = factories.make_invitation(house, email=guest.email)
    product = factories.make_product(house, name=f"{OBJECT_MARK} pot", sku=f"{OBJECT_MARK}-1")
    many = {"sets": ["white-sweep"], "palettes": ["own"], "formats": ["1:1"], "variations": 1, "batch_token": "walk"}
    shoot = factories.make_shoot(house, product=product, choices=many)
    job = factories.make_job(house, label=f"{OBJECT_MARK} job", batch=shoot.batch, params={"product": str(product.id)})
    shot = factories.make_shot(house, shoot=shoot, job=job)
    assert shoot.batch is not None
    assert shot.asset is not None
    return World(
        house=house,
        owner=owner,
        deleted=_deleted_house(owner),
        member=factories.make_member(
            house, Role.VIEWER, user=factories.make_person(f"member@{OBJECT_MARK}.example", name=f"{OBJECT_MARK} Ann")
        ),
        invitation=invitation,
        secret=secret,
        product=product,
        shoot=shoot,
        shot=shot,
        asset=shot.asset,
        export_file=factories.make_export_file(house, shot=shot),
        adapter=factories.make_adapter(house, name=f"{OBJECT_MARK} look"),
        upload=factories.make_upload(house, name=f"{OBJECT_MARK}.png"),
        job=job,
        refinement=factories.make_job(house, kind=REFINE_KIND, subject=f"refine:{product.id}"),
        batch=shoot.batch,
        file_token=links.sign(house.id, shot.asset.id, spec="original"),
        guest=guest,
        stranger=stranger,
        strangers_house=create_workspace(stranger, name="Elsewhere"),
        revoked=revoked,
        staff={role: factories.make_member(house, role).user for role in Role},
    )


def _deleted_house(owner: User) -> Workspace:
    house = create_workspace(owner, name="Gone")
    with tenant_scope(house.id):
        Workspace.objects.filter(id=house.id).update(name=f"{OBJECT_MARK} Ruins", deleted_at=timezone.now())
    return house
