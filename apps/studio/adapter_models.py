"""What a model has learned of a workspace's products.

Adapter (pictures of products or shots, words, a plan) --one job--> the file that workers add to their model
"""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from apps.accounts.models import WorkspaceModel
from apps.assets.models import Asset, Blob
from apps.jobs.models import Job, JobState


class Adapter(WorkspaceModel):
    """learning (no blob, an open job) -> ready (blob, recipe) <-> retired (``retired_at``); or it failed: no blob.

    The file is named by ``blob.sha256`` wherever it is used. ``recipe`` says what it was made from: model and revision,
    the hashes of the pictures, the plan with its seed, the losses, and the hash of the weights. ``preview`` and
    ``plain_preview`` are the same words and seed drawn with and without it.
    """

    name = models.CharField(_("name"), max_length=60)
    trigger = models.CharField(max_length=24)
    subject = models.CharField(max_length=80)
    model = models.CharField(max_length=60)
    plan = models.JSONField()
    job = models.ForeignKey(Job, null=True, on_delete=models.SET_NULL, related_name="+")
    blob = models.ForeignKey(Blob, null=True, on_delete=models.PROTECT, related_name="+")
    preview = models.ForeignKey(Blob, null=True, on_delete=models.PROTECT, related_name="+")
    plain_preview = models.ForeignKey(Blob, null=True, on_delete=models.PROTECT, related_name="+")
    recipe = models.JSONField(default=dict)
    retired_at = models.DateTimeField(null=True)
    created_by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+")

    class Meta:
        app_label = "studio"
        constraints = [
            models.CheckConstraint(
                condition=Q(retired_at=None) | Q(blob__isnull=False), name="adapter_retired_is_made"
            ),
            models.CheckConstraint(condition=Q(blob=None) | ~Q(recipe={}), name="adapter_made_has_recipe"),
        ]
        indexes = [models.Index(fields=["workspace", "-created_at"], name="adapter_recent")]

    def __str__(self) -> str:
        return self.name

    @property
    def is_ready(self) -> bool:
        """Whether pictures can be asked for with it."""
        return self.blob_id is not None and self.retired_at is None

    @property
    def is_learning(self) -> bool:
        """Whether its job waits or runs."""
        return self.blob_id is None and self.job is not None and self.job.state in JobState.open()


class AdapterPicture(WorkspaceModel):
    """One of the pictures that an adapter learns from, in their order, with the words of its own if it has any."""

    adapter = models.ForeignKey(Adapter, on_delete=models.CASCADE, related_name="pictures")
    asset = models.ForeignKey(Asset, on_delete=models.PROTECT, related_name="+")
    position = models.PositiveIntegerField()
    caption = models.CharField(max_length=200, blank=True)

    class Meta:
        app_label = "studio"
        constraints = [
            models.UniqueConstraint(fields=["adapter", "position"], name="adapter_picture_position_once"),
            models.UniqueConstraint(fields=["adapter", "asset"], name="adapter_picture_once"),
        ]

    def __str__(self) -> str:
        return f"{self.adapter_id} #{self.position}"
