"""Small pieces of interface that templates ask for by name."""

from __future__ import annotations

from collections.abc import Mapping

from django import template
from django.templatetags.static import static
from django.utils.html import format_html
from django.utils.safestring import SafeString

from apps.core import headlines, sentences

register = template.Library()


@register.simple_tag
def icon(name: str, modifier: str = "") -> SafeString:
    """One of the symbols in ``static/img/icons.svg``; always beside a text or inside something with a label.

    ``modifier`` is a further class, for example ``icon--small``.
    """
    classes = f"icon {modifier}".strip()
    return format_html(
        '<svg class="{}" aria-hidden="true"><use href="{}#{}"></use></svg>', classes, static("img/icons.svg"), name
    )


@register.simple_tag
def sentence(code: str, params: Mapping[str, object] | None = None) -> str:
    """What an error code means to a person: ``{% sentence job.error_code job.error_params %}``."""
    return sentences.sentence(code, params)


@register.filter
def headline(status: int) -> str:
    """What an error page says first, for its HTTP status."""
    return headlines.headline(status)
