"""A form field with its label, hint and errors, in the classes of our design system."""

from __future__ import annotations

from typing import Any

from django import forms, template
from django.forms import BoundField

register = template.Library()


@register.inclusion_tag("components/_field.html")
def field(bound: BoundField, width: str = "") -> dict[str, Any]:
    """``{% field form.email %}``; ``width`` is a further class.

    Django itself adds aria-describedby and aria-invalid to the widget.
    """
    widget = bound.field.widget
    is_check = isinstance(widget, forms.CheckboxInput)
    css = "" if is_check else "select" if isinstance(widget, forms.Select) else "input"
    return {
        "field": bound,
        "control": bound.as_widget(attrs={"class": css} if css else {}),
        "is_check": is_check,
        "width": width,
    }
