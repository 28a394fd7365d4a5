"""What people fill in about themselves, others and teams."""

from typing import Any

from django import forms
from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError

from accounts.models import Team, User
from accounts.time_zones import find_zone


class TimeZoneField(forms.CharField):
    """A zone by name; the list of names comes from the page's <datalist id="zones">.

    `guess`: js/time-zone.js puts in the zone of the browser.
    """

    def __init__(self, *, guess: bool = False, **options: Any) -> None:
        widget = forms.TextInput(
            attrs={
                "list": "zones",
                "autocomplete": "off",
                "spellcheck": "false",
                "data-guess-zone": guess,
            }
        )
        super().__init__(
            label="Time zone",
            max_length=64,
            widget=widget,
            help_text="Type a city, such as Madrid or New York.",
            **options,
        )

    def clean(self, value: Any) -> str:
        name = super().clean(value)
        zone = find_zone(name)
        if zone is None:
            raise ValidationError(
                f"“{name}” is no time zone. Write it like Europe/Madrid, or UTC."
            )
        return zone


def name_field() -> forms.CharField:
    return forms.CharField(
        label="Your name",
        max_length=120,
        widget=forms.TextInput(attrs={"autocomplete": "name"}),
    )


class NewPersonForm(forms.Form):
    """Name, password and time zone of somebody who gets an account now."""

    name = name_field()
    password = forms.CharField(
        label="Password",
        max_length=256,
        strip=False,
        widget=forms.PasswordInput(attrs={"autocomplete": "new-password"}),
        help_text="At least 10 characters. A sentence is fine.",
    )
    time_zone = TimeZoneField(guess=True, initial="UTC")

    def clean_password(self) -> str:
        password: str = self.cleaned_data["password"]
        validate_password(password)
        return password


class FirstRunForm(NewPersonForm):
    email = forms.EmailField(
        label="E-mail",
        max_length=254,
        widget=forms.EmailInput(attrs={"autocomplete": "username"}),
        help_text="You sign in with it.",
    )
    field_order = ["email", "name", "password", "time_zone"]


class ProfileForm(forms.Form):
    name = name_field()
    time_zone = TimeZoneField()


class ApiTokenForm(forms.Form):
    name = forms.CharField(
        label="What is it for",
        max_length=80,
        widget=forms.TextInput(attrs={"placeholder": "Deploy script of orders"}),
    )


class InviteForm(forms.Form):
    email = forms.EmailField(
        label="E-mail",
        max_length=254,
        widget=forms.EmailInput(attrs={"autocomplete": "off"}),
    )
    role = forms.ChoiceField(
        label="Role", choices=User.Role.choices, initial=User.Role.RESPONDER
    )
    team = forms.ModelChoiceField(
        label="Team", queryset=Team.objects.all(), required=False, empty_label="No team"
    )

    def clean_email(self) -> str:
        email: str = self.cleaned_data["email"]
        if User.objects.filter(email__iexact=email).exists():
            raise ValidationError("Somebody already signs in with this address.")
        return email


class RoleForm(forms.Form):
    role = forms.ChoiceField(choices=User.Role.choices)


class TeamForm(forms.Form):
    name = forms.CharField(label="Name", max_length=80)
    description = forms.CharField(
        label="What it looks after", max_length=300, required=False
    )

    def __init__(self, *args: Any, team: Team | None = None, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.team = team

    def clean_name(self) -> str:
        name: str = self.cleaned_data["name"]
        others = Team.objects.exclude(pk=self.team.pk) if self.team else Team.objects
        if others.filter(name__iexact=name).exists():
            raise ValidationError("There is already a team with this name.")
        return name


class MoveForm(forms.Form):
    target = forms.ModelChoiceField(
        label="Give all of it to", queryset=Team.objects.none(), empty_label=None
    )

    def __init__(self, *args: Any, team: Team, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        field = self.fields["target"]
        assert isinstance(field, forms.ModelChoiceField)
        field.queryset = Team.objects.exclude(pk=team.pk)


class MemberForm(forms.Form):
    person = forms.ModelChoiceField(
        label="Person", queryset=User.objects.filter(is_active=True)
    )

    def __init__(self, *args: Any, team: Team, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        field = self.fields["person"]
        assert isinstance(field, forms.ModelChoiceField)
        field.queryset = User.objects.filter(is_active=True).exclude(teams=team)
        field.empty_label = "Choose a person"
