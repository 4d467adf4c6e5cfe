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
    "member_above_you": _("That person's role is above yours. Ask an owner of the workspace."),
    "role_above_yours": _("You can give away your own role or a lower one. Ask somebody with a higher role."),
    "last_owner": _("A workspace needs an owner. Make somebody else an owner first."),
    "workspace_name_missing": _("Give the workspace a name."),
    "workspace_name_too_long": _("That name is too long. Use 80 characters or fewer."),
    "workspace_name_mismatch": _("That is not the workspace's name. Type it exactly as shown."),
    "email_invalid": _("That does not look like an e-mail address. Check it for typing errors."),
    "already_member": _("This person is a member already."),
    "already_invited": _("This person is invited already. Send the invitation again from the list below."),
    "too_many_invitations": _("%(limit)s invitations are waiting already. Revoke some before sending more."),
    "invitation_just_sent": _("That invitation was sent a moment ago. Wait a minute before sending it again."),
    "invitation_closed": _("This invitation is used up, revoked or too old. Ask for a new one."),
    "invitation_for_somebody_else": _("This invitation is for another address. Sign in with that one to accept it."),
    "mail_not_sent": _("The mail could not be sent. What you entered is kept; send it again in a few minutes."),
    "language_unknown": _("We do not speak that language yet. Choose one from the list."),
    "internal": _("Something broke on our side. Nothing was lost; please try again in a moment."),
}


def sentence(code: str, params: Mapping[str, object] | None = None) -> str:
    """The sentence for ``code`` in the active language; unknown codes fall back to the general one."""
    text = str(SENTENCES.get(code, SENTENCES["internal"]))
    try:
        return text % (params or {})
    except (KeyError, ValueError, TypeError):
        return gettext("Something broke on our side. Nothing was lost; please try again in a moment.")
