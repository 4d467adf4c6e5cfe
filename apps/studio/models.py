"""Product photography.

Product (photo -> cutout) --Shoot (sets x palettes x formats)--> Shot (one job, one asset) --edit--> ShotVersion
"""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from apps.accounts.models import WorkspaceModel
from apps.assets.models import Asset
from apps.jobs.models import Batch, Job
from apps.studio.adapter_models import Adapter, AdapterPicture
from apps.studio.export_models import Export, ExportFile, Unbegun

__all__ = [
    "Adapter",
    "AdapterPicture",
    "CutoutState",
    "Export",
    "ExportFile",
    "Product",
    "Shoot",
    "Shot",
    "ShotVersion",
    "Unbegun",
    "Viewpoint",
]


class CutoutState(models.TextChoices):
    """pending -> ready | needs_box | failed; ready -> accepted by a person or by the first shoot."""

    PENDING = "pending", _("Cutting out")
    READY = "ready", _("Check the cutout")
    NEEDS_BOX = "needs_box", _("Draw a box")
    ACCEPTED = "accepted", _("Accepted")
    FAILED = "failed", _("Failed")

    @classmethod
    def usable(cls) -> tuple[CutoutState, CutoutState]:
        """The states in which shots can be made of a product."""
        return cls.READY, cls.ACCEPTED


class Viewpoint(models.TextChoices):
    """Where a photo was taken from. Empty = not known: a guess could not be made and nobody has said."""

    SIDE = "side", _("From the side")
    ABOVE = "above", _("From above")


class Product(WorkspaceModel):
    """One thing that a merchant sells, known by one photo so far.

    ``kind`` (a name of the library's ``list_kinds``; empty = any) and ``size`` (times the usual one) say how large it
    stands in a picture. ``viewpoint`` is what a person said, or the guess of the last cutout until somebody says.
    """

    name = models.CharField(_("name"), max_length=120)
    sku = models.CharField(_("SKU"), max_length=64, blank=True)
    photo = models.ForeignKey(Asset, on_delete=models.PROTECT, related_name="+")
    cutout = models.ForeignKey(Asset, null=True, on_delete=models.PROTECT, related_name="+")
    cutout_state = models.CharField(max_length=10, choices=CutoutState.choices, default=CutoutState.PENDING)
    cutout_job = models.ForeignKey(Job, null=True, on_delete=models.SET_NULL, related_name="+")
    cutout_engine = models.CharField(max_length=40, blank=True)
    cutout_confidence = models.FloatField(null=True)
    cutout_warnings = models.JSONField(default=list)
    cutout_box = models.JSONField(null=True)
    kind = models.CharField(_("kind"), max_length=20, blank=True)
    size = models.FloatField(_("size in the picture"), default=1.0)
    viewpoint = models.CharField(max_length=5, choices=Viewpoint.choices, blank=True)
    is_viewpoint_said = models.BooleanField(default=False)
    is_sample = models.BooleanField(default=False)
    archived_at = models.DateTimeField(null=True)
    created_by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+")

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(cutout_state__in=CutoutState.values), name="product_cutout_state_known"),
            models.CheckConstraint(
                condition=~Q(cutout_state__in=["ready", "accepted"]) | Q(cutout__isnull=False),
                name="product_ready_has_cutout",
            ),
            models.CheckConstraint(condition=Q(viewpoint__in=["", *Viewpoint.values]), name="product_viewpoint_known"),
            models.CheckConstraint(condition=Q(size__gte=0.5, size__lte=1.6), name="product_size_in_range"),
        ]
        indexes = [models.Index(fields=["workspace", "-created_at"], name="product_recent")]

    def __str__(self) -> str:
        return self.name


class Shoot(WorkspaceModel):
    """One click on "Make shots": every set in every palette and format, for one product."""

    product = models.ForeignKey(Product, on_delete=models.CASCADE, related_name="shoots")
    batch = models.ForeignKey(Batch, null=True, on_delete=models.SET_NULL, related_name="+")
    choices = models.JSONField(default=dict)
    created_by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+")

    class Meta:
        indexes = [models.Index(fields=["workspace", "-created_at"], name="shoot_recent")]

    def __str__(self) -> str:
        return f"{self.product_id} {self.created_at:%Y-%m-%d %H:%M}"


class StandingShots(models.Manager["Shot"]):
    """The shots that nobody deleted."""

    def get_queryset(self) -> models.QuerySet[Shot]:
        return super().get_queryset().filter(deleted_at=None)


class Shot(WorkspaceModel):
    """One picture of a shoot: first only a spec and a job, later an asset with the product gate's figures.

    Deleted, it is among ``everything`` alone and can be brought back for a while; then its files and versions are
    erased. The row stays: it says which product and set its work was for.
    """

    shoot = models.ForeignKey(Shoot, on_delete=models.CASCADE, related_name="shots")
    product = models.ForeignKey(Product, on_delete=models.CASCADE, related_name="shots")
    position = models.PositiveIntegerField()
    spec = models.JSONField()
    job = models.ForeignKey(Job, null=True, on_delete=models.SET_NULL, related_name="+")
    asset = models.ForeignKey(Asset, null=True, on_delete=models.PROTECT, related_name="+")
    gate = models.JSONField(default=dict)
    starred = models.BooleanField(default=False)
    rejected_at = models.DateTimeField(null=True)
    reject_reason = models.CharField(max_length=40, blank=True)
    version = models.PositiveIntegerField(default=1)
    deleted_at = models.DateTimeField(null=True)
    deleted_by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+")

    objects = StandingShots()
    everything = models.Manager["Shot"]()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["shoot", "position"], name="shot_position_once"),
            models.CheckConstraint(condition=~Q(starred=True) | Q(rejected_at=None), name="shot_star_or_reject"),
        ]
        indexes = [
            models.Index(
                fields=["workspace", "-deleted_at"], condition=Q(deleted_at__isnull=False), name="shot_deleted"
            )
        ]

    def __str__(self) -> str:
        return f"{self.shoot_id} #{self.position}"


class ShotVersion(WorkspaceModel):
    """One state of an edited shot. Number 1 is what the shoot made; ``Shot.version`` says which one the shot shows.

    A shot that was never edited has none. Nothing is ever lost: an edit adds a version, going back shows another one.
    """

    shot = models.ForeignKey(Shot, on_delete=models.CASCADE, related_name="versions")
    number = models.PositiveIntegerField()
    parent = models.ForeignKey("self", null=True, on_delete=models.SET_NULL, related_name="children")
    spec = models.JSONField()
    job = models.ForeignKey(Job, null=True, on_delete=models.SET_NULL, related_name="+")
    asset = models.ForeignKey(Asset, null=True, on_delete=models.PROTECT, related_name="+")
    gate = models.JSONField(default=dict)
    created_by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+")

    class Meta:
        constraints = [models.UniqueConstraint(fields=["shot", "number"], name="shot_version_once")]

    def __str__(self) -> str:
        return f"{self.shot_id} v{self.number}"
