"""The shape of what people send to Studio; rules live in the services."""

from __future__ import annotations

from django import forms

from apps.core.errors import InvalidInput
from apps.studio import offers


class BoxForm(forms.Form):
    x = forms.IntegerField()
    y = forms.IntegerField()
    width = forms.IntegerField(min_value=1)
    height = forms.IntegerField(min_value=1)

    def box(self) -> list[int]:
        """Raises InvalidInput ``studio.box_unreadable``."""
        if not self.is_valid():
            raise InvalidInput("studio.box_unreadable")
        return [self.cleaned_data[name] for name in ("x", "y", "width", "height")]


class VariationsForm(forms.Form):
    variations = forms.IntegerField(min_value=1, max_value=offers.MAX_VARIATIONS, required=False)
