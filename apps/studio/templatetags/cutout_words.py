"""Cutouts in words: where one came from, and which there were before."""

from __future__ import annotations

from django import template
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from apps.assets.models import Asset
from apps.studio import cutouts, services
from apps.studio.models import CutoutState, Product
from apps.studio.templatetags.studio_words import engine_words

register = template.Library()


@register.filter
def earlier_cutouts(product: Product) -> list[Asset]:
    """The cutouts that can be taken instead of the current one, the newest first."""
    return [cutout for cutout in cutouts.history(product) if cutout.id != product.cutout_id]


@register.filter
def shots_with_earlier_cutout(product: Product) -> int:
    """How many shots can be made again with the current cutout; 0 while there is none that can be used."""
    is_usable = product.cutout_id is not None and product.cutout_state in CutoutState.usable()
    return services.with_earlier_cutout(product).count() if is_usable else 0


DOUBTS = {
    "several_objects": gettext_lazy(
        "There are several things in this photo. If the cutout is not the product alone, draw a box around the product."
    ),
    "touches_frame": gettext_lazy(
        "The photo's edge cuts the product off, which shows in every set. Better take a photo with all of it."
    ),
    "tiny": gettext_lazy(
        "The product is very small in this photo and would look soft. Take a photo in which it is larger."
    ),
}


@register.filter
def cutout_doubts(product: Product) -> list[str]:
    """What the engine noticed about the photo that a person should know, as sentences."""
    return [str(DOUBTS[code]) for code in DOUBTS if code in product.cutout_warnings]


@register.filter
def hand_words(cutout: Asset | None) -> str:
    """What a person did to it; empty for a cutout that nobody touched."""
    count = cutouts.edit_count(cutout.recipe) if cutout else 0
    if not count:
        return ""
    words = ngettext("Edited by hand: %(count)s change.", "Edited by hand: %(count)s changes.", count)
    return words % {"count": count}


@register.filter
def origin_words(cutout: Asset) -> str:
    """One line for a list of cutouts."""
    if by_hand := hand_words(cutout):
        return by_hand
    if cutout.recipe.get("box"):
        return _("Cut out in a box")
    return _("Cut out by %(engine)s") % {"engine": engine_words(cutout.recipe.get("engine", ""))}
