"""What people send about accounts: signing in, joining, and their own profile."""

from __future__ import annotations

from typing import Any

from allauth.account.forms import LoginForm, ResetPasswordForm
from allauth.account.models import EmailAddress
from django import forms
from django.contrib.auth import password_validation
from django.core.validators import validate_email

from dashboard.forms import AccessibleForm, text_field
from remediation import people
from remediation.models import Membership, User

_NAME = User._meta.get_field("username")


def _password(label: str, autocomplete: str, help_text: str = "") -> forms.CharField:
    widget = forms.PasswordInput({"class": "field", "autocomplete": autocomplete})
    return forms.CharField(label=label, help_text=help_text, strip=False, max_length=4_096, widget=widget)


class NewPassword(AccessibleForm):
    """A form with a new ``password`` that Django's own rules accept; ``user``: whom it must not be similar to."""

    password = _password("New password", "new-password", "At least 8 characters, not a common word.")
    user: User

    def clean_password(self) -> str:
        """Django's own rules, with the person known."""
        password: str = self.cleaned_data["password"]
        password_validation.validate_password(password, self.user)
        return password


class SignInForm(LoginForm):  # type: ignore[misc]
    """Name and password; one answer for a wrong name, a wrong password and a closed account."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        name = {"class": "field", "autocomplete": "username", "autocapitalize": "none", "spellcheck": "false"}
        self.fields["login"].widget = forms.TextInput({**name, "autofocus": True, "maxlength": 150})
        word = {"class": "field", "autocomplete": "current-password"}
        self.fields["password"].widget = forms.PasswordInput(word)
        self.fields["password"].help_text = ""  # a link of allauth's; the page has one of its own


class WelcomeForm(NewPassword):
    """Name and password of an administrator: a new account, or a new password for one that exists."""

    name = forms.CharField(
        label="Name", max_length=150, initial="admin", validators=_NAME.validators,
        widget=forms.TextInput({"class": "field", "autocomplete": "username", "autocapitalize": "none"}),
    )  # fmt: skip
    field_order = ("name", "password")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["password"].widget.attrs["autofocus"] = True
        self.fields["password"].label = "Password"

    def clean_name(self) -> str:
        """A person without administrator's rights does not get them by a link."""
        name = User.normalize_username(self.cleaned_data["name"])
        self.account = User.objects.filter(username__iexact=name).first()
        if self.account is not None and not self.account.is_superuser:
            raise forms.ValidationError("That account is not an administrator's. Choose another name.")
        return name

    def clean_password(self) -> str:
        """As for everybody."""
        self.user = User(username=self.cleaned_data.get("name", ""))
        return super().clean_password()

    def save(self) -> tuple[User, bool]:
        """Store the administrator; True where it is new. The caller redeems the link in the same transaction."""
        account = self.account or User(username=self.cleaned_data["name"], is_staff=True, is_superuser=True)
        account.is_active = True
        account.set_password(self.cleaned_data["password"])
        account.save()
        return account, self.account is None


class RegisterForm(NewPassword):
    """Who accepts an invitation: a name to sign in with, a name that others see, a password."""

    username = forms.CharField(
        label="Name", help_text="You sign in with it.", max_length=150, validators=_NAME.validators,
        widget=forms.TextInput({"class": "field", "autocomplete": "username", "autocapitalize": "none",
                                "spellcheck": "false", "autofocus": True}),
    )  # fmt: skip
    display = text_field("Shown as", help_text="What others see, such as Ada Lovelace.", max_length=150)
    field_order = ("username", "display", "password")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["password"].label = "Password"
        self.fields["display"].widget.attrs["autocomplete"] = "name"

    def clean_username(self) -> str:
        """As Django normalises names."""
        return str(User.normalize_username(self.cleaned_data["username"]))

    def clean_password(self) -> str:
        """With the names known."""
        given = self.cleaned_data
        self.user = User(username=given.get("username", ""), first_name=given.get("display", ""))
        return super().clean_password()


class InviteForm(AccessibleForm):
    """Who is to become a member."""

    role = forms.ChoiceField(
        label="Role", choices=Membership.Role.choices, initial="engineer", widget=forms.Select({"class": "field"})
    )
    email = text_field("E-mail", max_length=254, inputmode="email")

    def __init__(self, *args: Any, mail: bool, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        text = (
            "Empty: you hand the link over yourself." if mail else "For your own notes: this dashboard sends no mail."
        )
        self.fields["email"].help_text = text


class PersonForm(AccessibleForm):
    """How others see a person, and whether single keys act."""

    display = text_field("Shown as", help_text="Empty: the name you sign in with.", max_length=150)
    single_keys = forms.BooleanField(
        label="Single-key shortcuts", required=False,
        help_text="Keys such as c and j act on their own. Switch them off if speech input or chance presses them.",
    )  # fmt: skip

    @classmethod
    def of(cls, user: User, data: Any = None) -> PersonForm:
        """The form of an account."""
        return cls(data, initial={"display": user.get_full_name(), "single_keys": user.single_keys})


class EmailForm(AccessibleForm):
    """An address that is to be confirmed by a link."""

    email = text_field("E-mail", required=True, max_length=254, inputmode="email")

    def clean_email(self) -> str:
        """In small letters."""
        address = str(self.cleaned_data["email"]).strip().lower()
        validate_email(address)
        return address


class PasswordForm(NewPassword):
    """A new password, and the old one as a proof."""

    old = _password("Old password", "current-password")
    field_order = ("old", "password")

    def __init__(self, user: User, *args: Any, **kwargs: Any) -> None:
        self.user = user
        super().__init__(*args, **kwargs)


class GitAddressForm(AccessibleForm):
    """An address that the person commits under."""

    git_email = text_field("Address in commits", required=True, max_length=254, list="authors", inputmode="email")


class ForgottenForm(ResetPasswordForm):  # type: ignore[misc]
    """Whose password is forgotten. Only a confirmed address of an open account is written to."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["email"].widget = forms.EmailInput({"class": "field", "autocomplete": "email"})

    def clean_email(self) -> str:
        """``users``: whom the address belongs to; nobody, where it was only claimed."""
        address = str(self.cleaned_data["email"]).lower()
        known = EmailAddress.objects.filter(email__iexact=address, verified=True, user__is_active=True)
        self.users = [each.user for each in known.select_related("user") if each.user.has_usable_password()]
        return address


class ResetForm(NewPassword):
    """The new password after a forgotten one, as allauth's view asks for it."""

    def __init__(self, *args: Any, user: User, temp_key: str, **kwargs: Any) -> None:
        self.user = user
        super().__init__(*args, **kwargs)

    def save(self) -> None:
        """Store it."""
        people.set_password(self.user, self.cleaned_data["password"], "by a mailed link")
