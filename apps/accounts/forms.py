"""Shapes of what people type. Rules are checked by the services."""

from __future__ import annotations

from typing import Any

from allauth.account import forms as allauth_forms
from django import forms
from django.conf import settings
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from apps.accounts.models import Membership, Role

PASSWORD_HELP = _("At least 10 characters. A short sentence is easy to remember and hard to guess.")


class _OurWords:
    """Labels of ours, no placeholders that repeat them, and no list of password rules."""

    labels: dict[str, Any] = {}
    is_all_of_the_page = False
    """Then its first field has the focus when the page opens: nobody comes for anything else."""

    fields: dict[str, forms.Field]

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for name, field in self.fields.items():
            field.label = self.labels.get(name, field.label)
            field.widget.attrs.pop("placeholder", None)
            field.help_text = PASSWORD_HELP if field.widget.attrs.get("autocomplete") == "new-password" else ""
        if "password2" in self.fields:
            self.fields["password2"].help_text = ""
        if self.is_all_of_the_page:
            next(iter(self.fields.values())).widget.attrs["autofocus"] = True


class SignInForm(_OurWords, allauth_forms.LoginForm):  # type: ignore[misc]
    is_all_of_the_page = True
    labels = {"login": _("E-mail"), "password": _("Password"), "remember": _("Stay signed in")}


class SignUpForm(_OurWords, allauth_forms.SignupForm):  # type: ignore[misc]
    is_all_of_the_page = True
    labels = {"email": _("E-mail"), "password1": _("Password")}


class ResetPasswordForm(_OurWords, allauth_forms.ResetPasswordForm):  # type: ignore[misc]
    is_all_of_the_page = True
    labels = {"email": _("E-mail")}


class ResetPasswordKeyForm(_OurWords, allauth_forms.ResetPasswordKeyForm):  # type: ignore[misc]
    is_all_of_the_page = True
    labels = {"password1": _("New password"), "password2": _("New password again")}


class ChangePasswordForm(_OurWords, allauth_forms.ChangePasswordForm):  # type: ignore[misc]
    labels = {
        "oldpassword": _("Current password"),
        "password1": _("New password"),
        "password2": _("New password again"),
    }


class SetPasswordForm(_OurWords, allauth_forms.SetPasswordForm):  # type: ignore[misc]
    labels = {"password1": _("Password"), "password2": _("Password again")}


class ChangeAddressForm(_OurWords, allauth_forms.AddEmailForm):  # type: ignore[misc]
    labels = {"email": _("New address")}


class ConfirmPasswordForm(_OurWords, allauth_forms.ReauthenticateForm):  # type: ignore[misc]
    is_all_of_the_page = True
    labels = {"password": _("Password")}


class ProfileForm(forms.Form):
    name = forms.CharField(
        label=pgettext_lazy("of a person", "Name"),
        max_length=120,
        required=False,
        help_text=_("How colleagues see you. Without a name they see your e-mail address."),
        widget=forms.TextInput(attrs={"autocomplete": "name"}),
    )
    language = forms.ChoiceField(label=_("Language"), choices=settings.LANGUAGES, help_text=_("Of pages and mail."))


class LanguageForm(forms.Form):
    language = forms.ChoiceField(choices=settings.LANGUAGES)
    next = forms.CharField(required=False)


class WorkspaceNameForm(forms.Form):
    name = forms.CharField(
        label=_("Workspace name"), max_length=80, widget=forms.TextInput(attrs={"autocomplete": "organization"})
    )


class DeleteWorkspaceForm(forms.Form):
    typed_name = forms.CharField(
        label=_("Type the workspace's name to confirm"), widget=forms.TextInput(attrs={"autocomplete": "off"})
    )


class RoleForm(forms.Form):
    """Offers only the roles that ``actor`` may give away."""

    role = forms.ChoiceField(label=_("Role"))

    def __init__(self, *args: Any, actor: Membership, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        field = self.fields["role"]
        assert isinstance(field, forms.ChoiceField)
        field.choices = [(role.value, role.label) for role in Role if actor.may(role)]


class InviteForm(RoleForm):
    role = forms.ChoiceField(label=_("Role"), initial=Role.EDITOR)
    email = forms.EmailField(label=_("E-mail"), widget=forms.EmailInput(attrs={"autocomplete": "off"}))
    field_order = ("email", "role")
