"""The one table from error codes to what a person reads: what happened, and what to do next."""

from __future__ import annotations

from collections.abc import Mapping

from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

SENTENCES = {
    "not_found": _("We could not find that. It may have been removed, or it belongs to another workspace."),
    "not_allowed": _("Your role in this workspace does not allow that. Ask an admin of the workspace."),
    "studio.no_cutout_yet": _("The cutout is not ready yet. Wait a moment, or draw a box around the product."),
    "studio.box_unreadable": _("That box could not be read. Draw it again around the product."),
    "studio.name_missing": _("A product needs a name. Type one and save again."),
    "studio.not_a_photo": _("Products are made from photos. Choose a photo."),
    "studio.nothing_chosen": _("Choose at least one set, one palette and one format."),
    "studio.too_many_shots": _(
        "That would be %(count)s shots; one go makes at most %(most)s. Take some sets, palettes or formats away."
    ),
    "studio.set_unknown": _("There is no set called “%(name)s” any more. Reload the page and choose another one."),
    "studio.format_unknown": _("There is no picture format called “%(name)s”. Reload the page and choose another one."),
    "studio.palette_unreadable": _(
        "“%(text)s” is not a palette. Write colours like #1b4d3e, separated by commas, six at most."
    ),
    "studio.sample_unknown": _("There is no sample called “%(name)s”. Reload the page and choose another one."),
    "studio.shot_not_ready": _("This shot is not finished yet. Wait until its picture appears."),
    "studio.shot_not_retryable": _("This shot can not be made again. Start a new shoot from the product's page."),
    "studio.verdict_unknown": _("That verdict could not be read. Reload the page and try again."),
    "studio.download_unknown": _("There is no download called “%(name)s”. Choose PNG, JPEG or WebP."),
    "studio.nothing_to_download": _("No finished shot matches. Wait for the shots, or choose “All”."),
    "studio.id_unreadable": _("That selection could not be read. Reload the page and try again."),
    "shot.gate_failed": _(
        "This shot was thrown away because it would have altered the product. Please try another set."
    ),
    "internal": _("Something broke on our side. Nothing was lost; please try again in a moment."),
}


def sentence(code: str, params: Mapping[str, object] | None = None) -> str:
    """The sentence for ``code`` in the active language; unknown codes fall back to the general one."""
    text = str(SENTENCES.get(code, SENTENCES["internal"]))
    try:
        return text % (params or {})
    except (KeyError, ValueError, TypeError):
        return gettext("Something broke on our side. Nothing was lost; please try again in a moment.")
