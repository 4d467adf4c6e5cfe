"""Shapes of what browsers send."""

from __future__ import annotations

from django import forms


class TicketForm(forms.Form):
    """What a browser knows about a file before it sends it."""

    name = forms.CharField(max_length=1000)
    size = forms.IntegerField(min_value=0)
