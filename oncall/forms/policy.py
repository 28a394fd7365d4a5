"""Editing an escalation policy, and paging by hand."""

from calendar import day_abbr
from datetime import timedelta
from typing import Any
from zoneinfo import available_timezones

from django import forms
from django.http import QueryDict

from accounts.models import Team, User
from oncall.conditions import When
from oncall.forms.rows import Group, Rows, SelectListField, as_typed, saves
from oncall.models import SEVERITIES, EscalationPolicy, Schedule
from oncall.services.policies import MOST_REPEATS, PolicyValues, StepValues
from oncall.services.targets import find_targets, written

MOST_MINUTES = 7 * 24 * 60


def target_groups() -> list[Group]:
    """Whom a step can page. Three queries."""
    users = User.objects.filter(is_active=True)
    return [
        (
            "Whoever is on call",
            [(f"schedule:{one.pk}", str(one)) for one in Schedule.objects.all()],
        ),
        ("People", [(f"user:{one.pk}", str(one)) for one in users]),
        (
            "Everybody in a team",
            [(f"team:{one.pk}", str(one)) for one in Team.objects.all()],
        ),
    ]


class PolicyForm(forms.Form):
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
        "After that, every admin is paged.",
    )
    is_default = forms.BooleanField(
        label="Use it where no other policy is named",
        required=False,
        help_text="For alerts of the team; without a team, for all that are left. "
        "Takes the place of the default before.",
    )


class StepForm(forms.Form):
    severities = forms.MultipleChoiceField(
        label="Only for",
        choices=[(one, one) for one in SEVERITIES],
        required=False,
        widget=forms.CheckboxSelectMultiple,
    )
    days = forms.TypedMultipleChoiceField(
        label="Only on",
        choices=list(enumerate(day_abbr)),
        coerce=int,
        required=False,
        widget=forms.CheckboxSelectMultiple,
    )
    start = forms.TimeField(
        label="Only from",
        required=False,
        widget=forms.TimeInput(attrs={"type": "time"}, format="%H:%M"),
    )
    end = forms.TimeField(
        label="To",
        required=False,
        widget=forms.TimeInput(attrs={"type": "time"}, format="%H:%M"),
    )
    timezone = forms.ChoiceField(
        label="By the clock of",
        choices=[("", "UTC"), *((one, one) for one in sorted(available_timezones()))],
        required=False,
    )
    targets = SelectListField(word="Page", label="Page", distinct=True)
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

    def values(self) -> StepValues:
        """What was filled in. Only for a valid form."""
        delay = timedelta(minutes=self.cleaned_data["delay"])
        targets = find_targets(self.cleaned_data["targets"], field="targets")
        return StepValues(delay=delay, targets=targets, when=self._when())

    def clean(self) -> dict[str, Any]:
        values = self.cleaned_data
        if bool(values.get("start")) != bool(values.get("end")):
            self.add_error("end", "Give both ends, or neither.")
        return values

    def _when(self) -> When:
        chosen = self.cleaned_data
        when = When()
        if chosen["severities"]:
            when["severities"] = chosen["severities"]
        if chosen["days"]:
            when["days"] = chosen["days"]
        if chosen["start"]:
            when["start"] = f"{chosen['start']:%H:%M}"
            when["end"] = f"{chosen['end']:%H:%M}"
        if chosen["timezone"] and (chosen["days"] or chosen["start"]):
            when["timezone"] = chosen["timezone"]
        return when


class PolicyEditor:
    """The form of a whole policy, with a form for each step."""

    def __init__(self, head: PolicyForm, steps: list[StepForm]) -> None:
        self.head = head
        self.steps = steps

    @classmethod
    def new(cls) -> "PolicyEditor":
        first = StepForm(prefix="r0", groups=target_groups())
        return cls(PolicyForm(), [first])

    @classmethod
    def of(cls, policy: EscalationPolicy) -> "PolicyEditor":
        groups = target_groups()
        fields = ("name", "team", "repeats", "is_default")
        head = PolicyForm(initial={name: getattr(policy, name) for name in fields})
        steps = policy.steps.prefetch_related(
            "targets__user", "targets__schedule", "targets__team"
        )
        forms = [
            StepForm(
                prefix=f"r{n}",
                groups=groups,
                initial={
                    **step.when,
                    "delay": _minutes(step.delay),
                    "targets": written(
                        [
                            named
                            for one in step.targets.all()
                            if (named := one.user or one.schedule or one.team)
                        ]
                    ),
                },
            )
            for n, step in enumerate(steps)
        ]
        return cls(head, forms or [StepForm(prefix="r0", groups=groups)])

    @classmethod
    def sent(cls, data: QueryDict) -> "PolicyEditor":
        """What a request brings: to be saved, or to be shown with other rows."""
        groups = target_groups()
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
        return PolicyValues(**self.head.cleaned_data, steps=steps)


def _minutes(delay: timedelta) -> float | int:
    minutes = delay / timedelta(minutes=1)
    return int(minutes) if minutes.is_integer() else round(minutes, 3)


class PageForm(forms.Form):
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
    to = SelectListField(word="Page", label="Page", distinct=True)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        field = self.fields["to"]
        assert isinstance(field, SelectListField)
        policies = EscalationPolicy.objects.all()
        ladders = [(f"policy:{one.pk}", str(one)) for one in policies]
        field.offer([*target_groups(), ("By a policy", ladders)])
