"""The shape of what people send to Studio; rules live in the services."""

from __future__ import annotations

from typing import Any

from django import forms

from apps.core.errors import InvalidInput
from apps.studio import offers
from apps.studio.kinds import LARGEST_SIZE, SMALLEST_SIZE


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


class DescriptionForm(forms.Form):
    kind = forms.CharField(max_length=40, required=False)
    size = forms.FloatField(required=False)
    viewpoint = forms.CharField(max_length=20, required=False)

    def wishes(self) -> dict[str, Any]:
        """What was sent, and nothing else. Raises InvalidInput ``studio.scale_out_of_range``."""
        if not self.is_valid():
            raise InvalidInput("studio.scale_out_of_range", low=SMALLEST_SIZE, high=LARGEST_SIZE)
        sent = {name: value for name, value in self.cleaned_data.items() if name in self.data}
        return {name: value for name, value in sent.items() if name == "kind" or value not in ("", None)}


class VariationsForm(forms.Form):
    variations = forms.IntegerField(min_value=1, max_value=offers.MAX_VARIATIONS, required=False)
