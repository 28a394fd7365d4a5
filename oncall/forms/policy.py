"""Editing an escalation policy, and paging by hand."""

from datetime import datetime, timedelta
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.http import QueryDict

from accounts.models import Team, User
from core.errors import InvalidInputError
from core.labels import read_labels
from oncall.channels.registry import CHANNELS
from oncall.forms.rows import Group, Rows, SelectListField, as_typed, saves
from oncall.forms.when import WhenForm
from oncall.models import SEVERITIES, EscalationPolicy, EscalationStep, Schedule
from oncall.models.policy import WHO_WORDS
from oncall.services.policies import (
    LEAST_LAPSE,
    MOST_REPEATS,
    PolicyValues,
    StepValues,
)
from oncall.services.targets import (
    CHANNEL_KINDS,
    MOST_TARGETS,
    Room,
    Who,
    find_room,
    find_targets,
    frozen,
    target_of,
    written,
)

MOST_MINUTES = 7 * 24 * 60
ROOM_EXAMPLES = {
    "slack": "slack #data-alerts",
    "email": "email data-alerts@example.com",
}
LOCAL_TIME = "%Y-%m-%dT%H:%M"
FIRST_YEAR, LAST_YEAR = 1970, 2100


def target_groups(*, whole: bool = False) -> list[Group]:
    """Whom a step can page; `whole` with all that a schedule can be asked for. Three
    queries."""
    users = User.objects.filter(is_active=True)
    schedules = [(one.pk, str(one)) for one in Schedule.objects.all()]
    others = {
        Who.NEXT: "Whoever is on call next",
        Who.TURNS: "One of its rotations, in turn",
        Who.EVERYONE: "Everyone in its rotations",
    }
    more = [
        (
            heading,
            [
                (f"schedule:{pk}:{who.value}", WHO_WORDS[who].format(name))
                for pk, name in schedules
            ],
        )
        for who, heading in others.items()
    ]
    return [
        ("Whoever is on call", [(f"schedule:{pk}", name) for pk, name in schedules]),
        *(more if whole and schedules else []),
        ("People", [(f"user:{one.pk}", str(one)) for one in users]),
        (
            "Everybody in a team",
            [(f"team:{one.pk}", str(one)) for one in Team.objects.all()],
        ),
    ]


class RoomsField(forms.CharField):
    """Places in channels, one a line: "slack #data-alerts". Cleaned to rooms."""

    def __init__(self, **options: Any) -> None:
        kinds = [kind for kind in CHANNEL_KINDS if CHANNELS[kind].is_configured()]
        example = ROOM_EXAMPLES.get(kinds[0], ROOM_EXAMPLES["email"])
        super().__init__(
            required=False,
            max_length=20_000,
            widget=forms.Textarea(attrs={"rows": 2, "spellcheck": "false"}),
            help_text=f"One a line, a kind and where: {example}. Kinds here: "
            f"{', '.join(kinds)}. Nobody is expected to answer there.",
            **options,
        )

    def prepare_value(self, value: Any) -> Any:
        if not isinstance(value, list):
            return value
        return "\n".join(f"{one.channel} {one.address}" for one in value)

    def clean(self, value: Any) -> list[Room]:
        lines = [line.split(None, 1) for line in super().clean(value).splitlines()]
        parts = [(*line, "")[:2] for line in lines if line]
        if len(parts) > MOST_TARGETS:
            raise ValidationError(f"Wanted are at most {MOST_TARGETS}.")
        try:
            return [find_room(kind, where.strip()) for kind, where in parts]
        except InvalidInputError as error:
            raise ValidationError(
                [told for one in error.errors.values() for told in one]
            ) from error


class PolicyForm(WhenForm):
    name = forms.CharField(label="Name", max_length=120)
    team = forms.ModelChoiceField(
        label="Team", queryset=Team.objects.all(), required=False, empty_label="No team"
    )
    repeats = forms.IntegerField(
        label="Repeat",
        min_value=0,
        max_value=MOST_REPEATS,
        initial=2,
        help_text="How often the ladder is walked again when nobody answers. "
        "After that, the fallback is paged.",
    )
    lapses_after = forms.IntegerField(
        label="Page again after, in minutes",
        min_value=0,
        max_value=MOST_MINUTES,
        required=False,
        help_text="When somebody acknowledged and then nothing happens. They are "
        "warned first. 0 is never; empty is as the installation has it.",
    )
    is_default = forms.BooleanField(
        label="Use it where no other policy is named",
        required=False,
        help_text="For alerts of the team; without a team, for all that are left. "
        "Takes the place of the default before.",
    )

    def clean_lapses_after(self) -> int | None:
        minutes: int | None = self.cleaned_data["lapses_after"]
        if minutes and minutes < LEAST_LAPSE // timedelta(minutes=1):
            raise ValidationError("Wanted is 2 minutes or more, or 0 for never.")
        return minutes

    def values(self) -> dict[str, Any]:
        """What was filled in, but for the steps. Only for a valid form."""
        names = ("name", "team", "repeats", "is_default")
        minutes = self.cleaned_data["lapses_after"]
        return {name: self.cleaned_data[name] for name in names} | {
            "when": self.when(),
            "lapses_after": None if minutes is None else timedelta(minutes=minutes),
        }


class StepForm(WhenForm):
    targets = SelectListField(word="Page", label="Page", distinct=True, required=False)
    rooms = RoomsField(label="Tell channels")
    delay = forms.FloatField(
        label="Then wait, in minutes",
        min_value=1 / 60,
        max_value=MOST_MINUTES,
        initial=5,
        widget=forms.NumberInput(attrs={"step": "any"}),
        help_text="For somebody to acknowledge, before the next step.",
    )

    def __init__(self, *args: Any, groups: list[Group], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        field = self.fields["targets"]
        assert isinstance(field, SelectListField)
        field.offer(groups)

    def clean(self) -> dict[str, Any]:
        values = super().clean()
        if not values.get("targets") and not values.get("rooms", True):
            self.add_error("targets", "Say whom this step pages, or what it tells.")
        return values

    def values(self) -> StepValues:
        """What was filled in. Only for a valid form."""
        chosen = self.cleaned_data["targets"]
        people = find_targets(chosen, field="targets") if chosen else []
        return StepValues(
            delay=timedelta(minutes=self.cleaned_data["delay"]),
            targets=[*people, *self.cleaned_data["rooms"]],
            when=self.when(),
        )


class PolicyEditor:
    """The form of a whole policy, with a form for each step."""

    def __init__(self, head: PolicyForm, steps: list[StepForm]) -> None:
        self.head = head
        self.steps = steps

    @classmethod
    def new(cls) -> "PolicyEditor":
        """Nothing filled in; the first one of all is meant to be used everywhere."""
        first = StepForm(prefix="r0", groups=target_groups(whole=True))
        is_first = not EscalationPolicy.objects.exists()
        return cls(PolicyForm(initial={"is_default": is_first}), [first])

    @classmethod
    def of(cls, policy: EscalationPolicy) -> "PolicyEditor":
        groups = target_groups(whole=True)
        lapses = policy.lapses_after
        fields = ("name", "team", "repeats", "is_default")
        head = PolicyForm(
            initial={
                **{name: getattr(policy, name) for name in fields},
                **policy.when,
                "lapses_after": None
                if lapses is None
                else lapses // timedelta(minutes=1),
            }
        )
        steps = policy.steps.prefetch_related(
            "targets__user", "targets__schedule", "targets__team"
        )
        forms = [
            StepForm(prefix=f"r{n}", groups=groups, initial=_initial(step))
            for n, step in enumerate(steps)
        ]
        return cls(head, forms or [StepForm(prefix="r0", groups=groups)])

    @classmethod
    def sent(cls, data: QueryDict) -> "PolicyEditor":
        """What a request brings: to be saved, or to be shown with other rows."""
        groups = target_groups(whole=True)
        rows = Rows.sent(data).ids
        if saves(data):
            steps = [StepForm(data, prefix=f"r{n}", groups=groups) for n in rows]
            return cls(PolicyForm(data), steps)
        steps = [as_typed(StepForm(prefix=f"r{n}", groups=groups), data) for n in rows]
        return cls(as_typed(PolicyForm(), data), steps)

    def is_valid(self) -> bool:
        # Every form is asked, so that all that is wrong is shown at once.
        valid = [form.is_valid() for form in (self.head, *self.steps)]
        return all(valid)

    def values(self) -> PolicyValues:
        """What was filled in. Only when valid."""
        steps = [form.values() for form in self.steps]
        return PolicyValues(**self.head.values(), steps=steps)


def _initial(step: EscalationStep) -> dict[str, Any]:
    targets = [target_of(row) for row in step.targets.all()]
    rooms = [one for one in targets if isinstance(one, Room)]
    people = [frozen(one) for one in targets if not isinstance(one, Room)]
    return {
        **step.when,
        "delay": _minutes(step.delay),
        "targets": [written(one) for one in people],
        "rooms": rooms,
    }


def _minutes(delay: timedelta) -> float | int:
    minutes = delay / timedelta(minutes=1)
    return int(minutes) if minutes.is_integer() else round(minutes, 3)


class SimulateForm(forms.Form):
    """What the policy's page foresees. `at` is in the reader's zone; empty is now."""

    at = forms.DateTimeField(
        label="When",
        required=False,
        widget=forms.DateTimeInput(
            attrs={"type": "datetime-local", "step": 60}, format=LOCAL_TIME
        ),
        input_formats=[LOCAL_TIME, "%Y-%m-%dT%H:%M:%S", "%Y-%m-%d %H:%M"],
    )
    severity = forms.ChoiceField(
        label="Severity",
        choices=[(one, one) for one in SEVERITIES],
        initial="SEV2",
        required=False,
    )
    labels = forms.CharField(
        label="Labels of the alert",
        required=False,
        max_length=2_000,
        widget=forms.TextInput(attrs={"placeholder": "env=prod, team=ml"}),
    )

    def clean_at(self) -> datetime | None:
        at: datetime | None = self.cleaned_data["at"]
        if at is not None and not FIRST_YEAR <= at.year <= LAST_YEAR:
            raise ValidationError(f"Wanted is a year from {FIRST_YEAR} to {LAST_YEAR}.")
        return at

    def clean_labels(self) -> dict[str, str]:
        try:
            return read_labels(self.cleaned_data["labels"])
        except ValueError as error:
            raise ValidationError(str(error)) from error


class PageToForm(forms.Form):
    """Whom somebody pages by hand."""

    to = SelectListField(word="Page", label="Page", distinct=True)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        field = self.fields["to"]
        assert isinstance(field, SelectListField)
        policies = EscalationPolicy.objects.all()
        ladders = [(f"policy:{one.pk}", str(one)) for one in policies]
        field.offer([*target_groups(whole=True), ("By a policy", ladders)])


class PageForm(PageToForm):
    """Paging somebody by hand."""

    title = forms.CharField(
        label="What is the matter",
        max_length=300,
        help_text="The first thing they read, perhaps at night.",
    )
    body = forms.CharField(
        label="More about it",
        required=False,
        max_length=10_000,
        widget=forms.Textarea(attrs={"rows": 3}),
    )
    severity = forms.ChoiceField(
        label="Severity", choices=[(one, one) for one in SEVERITIES], initial="SEV2"
    )
