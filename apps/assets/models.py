"""Bytes and what they mean.

    Upload (quarantine) --ingest--> Blob (clean bytes) <-- Asset (an image we keep) <-- Rendition (a derived file)

Nothing here is ever changed after it was written: a new picture is a new asset with the old one as its parent.
"""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _

from apps.accounts.models import WorkspaceModel


class Blob(WorkspaceModel):
    """Clean bytes, once in a workspace for each content hash."""

    sha256 = models.CharField(max_length=64)
    size_bytes = models.PositiveBigIntegerField()
    content_type = models.CharField(max_length=40)
    width = models.PositiveIntegerField()
    height = models.PositiveIntegerField()
    storage_key = models.CharField(max_length=200, unique=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["workspace", "sha256"], name="blob_once")]

    def __str__(self) -> str:
        return f"{self.sha256[:12]} {self.width}x{self.height}"


class AssetKind(models.TextChoices):
    PHOTO = "photo", _("Photo")
    CUTOUT = "cutout", _("Cutout")
    SHOT = "shot", _("Shot")


class Asset(WorkspaceModel):
    """An image that we keep. ``recipe`` says how it was made; a photo's recipe names the file that was uploaded."""

    kind = models.CharField(max_length=12, choices=AssetKind.choices)
    name = models.CharField(max_length=200)
    blob = models.ForeignKey(Blob, on_delete=models.PROTECT, related_name="assets")
    recipe = models.JSONField(default=dict)
    recipe_hash = models.CharField(max_length=64)
    created_by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+")

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["workspace", "recipe_hash"], name="asset_recipe_once"),
            models.CheckConstraint(condition=models.Q(kind__in=AssetKind.values), name="asset_kind_known"),
        ]

    def __str__(self) -> str:
        return self.name


class Lineage(WorkspaceModel):
    """``child`` was made from ``parent``, which played ``role`` (photo, cutout, …)."""

    child = models.ForeignKey(Asset, on_delete=models.CASCADE, related_name="parents")
    parent = models.ForeignKey(Asset, on_delete=models.PROTECT, related_name="children")
    role = models.CharField(max_length=20)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["child", "parent", "role"], name="lineage_once")]

    def __str__(self) -> str:
        return f"{self.child_id} from {self.parent_id} as {self.role}"


class Rendition(WorkspaceModel):
    """A derived file of an asset, keyed by its spec (for example ``webp-640``); made again at will."""

    asset = models.ForeignKey(Asset, on_delete=models.CASCADE, related_name="renditions")
    spec = models.CharField(max_length=40)
    blob = models.ForeignKey(Blob, on_delete=models.PROTECT, related_name="+")

    class Meta:
        constraints = [models.UniqueConstraint(fields=["asset", "spec"], name="rendition_once")]

    def __str__(self) -> str:
        return f"{self.asset_id} {self.spec}"


class UploadState(models.TextChoices):
    PENDING = "pending", _("Waiting")
    ACCEPTED = "accepted", _("Accepted")
    REJECTED = "rejected", _("Rejected")


class Upload(WorkspaceModel):
    """A file that somebody sent; pending -> accepted | rejected. Its bytes lie in quarantine until it is accepted."""

    file_name = models.CharField(max_length=255)
    quarantine_key = models.CharField(max_length=200, unique=True)
    size_bytes = models.PositiveBigIntegerField(default=0)
    state = models.CharField(max_length=10, choices=UploadState.choices, default=UploadState.PENDING)
    error_code = models.CharField(max_length=60, blank=True)
    error_params = models.JSONField(default=dict)
    asset = models.ForeignKey(Asset, null=True, on_delete=models.SET_NULL, related_name="+")
    is_duplicate = models.BooleanField(default=False)
    created_by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+")

    class Meta:
        constraints = [
            models.CheckConstraint(condition=models.Q(state__in=UploadState.values), name="upload_state_known"),
        ]

    def __str__(self) -> str:
        return self.file_name
