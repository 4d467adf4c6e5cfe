"""Addresses of pictures in templates. They cost no query; the view behind them checks who asks.

    <img src="{% asset_url asset "webp-640" %}" srcset="{% asset_srcset asset "320 640 1280" %}" sizes="…" …>

Select ``blob`` together with the assets: ``asset_srcset`` leaves out widths beyond the original.
"""

from __future__ import annotations

from django import template
from django.conf import settings
from django.urls import reverse

from apps.accounts.models import Workspace
from apps.assets.formats import picker_types
from apps.assets.models import Asset
from apps.assets.storage import presigning_store
from apps.assets.types import ORIGINAL, SPECS

register = template.Library()


@register.simple_tag
def upload_accept() -> str:
    """The ``accept`` of a file input."""
    return ",".join(picker_types())


@register.simple_tag(takes_context=True)
def asset_url(context: template.Context, asset: Asset, spec: str = ORIGINAL) -> str:
    """The address of one rendition, stable, so that browsers keep what they have seen."""
    return reverse("assets:rendition", args=[_slug(context, asset), asset.id, spec])


@register.simple_tag(takes_context=True)
def asset_srcset(context: template.Context, asset: Asset, widths: str) -> str:
    """The addresses of ``widths`` (for example ``"320 640 1280"``) with their real widths in pixels."""
    chosen: list[str] = []
    for width in sorted(int(word) for word in widths.split()):
        name = f"webp-{width}"
        if name not in SPECS:
            raise template.TemplateSyntaxError(f"{name} is no rendition; the widths are those of assets.types.SPECS")
        real = min(width, asset.blob.width)
        chosen.append(f"{reverse('assets:rendition', args=[_slug(context, asset), asset.id, name])} {real}w")
        if real < width:
            break
    return ", ".join(chosen)


@register.simple_tag
def upload_mode() -> str:
    """``s3`` where browsers send files straight to the object storage, else ``direct``."""
    return "s3" if presigning_store() is not None else "direct"


@register.simple_tag
def upload_max_bytes() -> int:
    return int(settings.UPLOAD_MAX_BYTES)


@register.simple_tag
def upload_max_mb() -> int:
    return int(settings.UPLOAD_MAX_BYTES) // 2**20


def _slug(context: template.Context, asset: Asset) -> str:
    """From the page's own workspace where it is the asset's, which costs no query."""
    workspace = context.get("workspace")
    if isinstance(workspace, Workspace) and workspace.id == asset.workspace_id:
        return workspace.slug
    return asset.workspace.slug
