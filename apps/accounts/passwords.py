"""Django's rules for passwords in our words, which are complete in every language of the interface."""

from __future__ import annotations

from django.contrib.auth import password_validation as rules
from django.utils.translation import gettext as _
from django.utils.translation import ngettext


class LongEnough(rules.MinimumLengthValidator):
    def get_error_message(self) -> str:
        words = ngettext(
            "A password has at least %(count)s character. Make it longer.",
            "A password has at least %(count)s characters. Make it longer.",
            self.min_length,
        )
        return words % {"count": self.min_length}


class NotWellKnown(rules.CommonPasswordValidator):
    def get_error_message(self) -> str:
        return _("Many people use this password, so it is guessed first. Choose another one.")


class NotAboutYou(rules.UserAttributeSimilarityValidator):
    def get_error_message(self) -> str:
        return _("This password is too close to your name or address. Choose another one.")
