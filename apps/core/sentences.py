"""The one table from error codes to what a person reads: what happened, and what to do next."""

from __future__ import annotations

from collections.abc import Mapping

from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

SENTENCES = {
    "not_found": _("We could not find that. It may have been removed, or it belongs to another workspace."),
    "not_allowed": _("Your role in this workspace does not allow that. Ask an admin of the workspace."),
    "internal": _("Something broke on our side. Nothing was lost; please try again in a moment."),
}


def sentence(code: str, params: Mapping[str, object] | None = None) -> str:
    """The sentence for ``code`` in the active language; unknown codes fall back to the general one."""
    text = str(SENTENCES.get(code, SENTENCES["internal"]))
    try:
        return text % (params or {})
    except (KeyError, ValueError, TypeError):
        return gettext("Something broke on our side. Nothing was lost; please try again in a moment.")
