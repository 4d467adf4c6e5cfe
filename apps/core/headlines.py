"""What a page that could not be shown says first: words; the status is for whoever asks for it."""

from __future__ import annotations

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

HEADLINES = {
    400: gettext_lazy("That could not be read"),
    403: gettext_lazy("That is not open to you"),
    404: gettext_lazy("Nothing is here"),
    405: gettext_lazy("That does not work this way"),
    409: gettext_lazy("Not right now"),
    422: gettext_lazy("That could not be read"),
    429: gettext_lazy("One moment, please"),
    503: gettext_lazy("We will be back in a moment"),
}


def headline(status: int) -> str:
    return str(HEADLINES.get(status) or _("Something went wrong"))
