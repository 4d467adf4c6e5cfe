"""What a member may do, asked in templates: ``{% if membership|may:"editor" %}``. Views check again."""

from __future__ import annotations

from django import template

from apps.accounts.models import Membership, Role

register = template.Library()


@register.filter
def may(membership: Membership | None, role: str) -> bool:
    """False without a membership; ``role`` is a value of ``Role``."""
    return bool(membership) and membership is not None and membership.may(Role(role))
