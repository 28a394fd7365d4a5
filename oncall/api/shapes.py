"""What the on-call API answers, for the OpenAPI document: plain dicts are sent."""

from typing import Any

from rest_framework import serializers

from oncall.models import SEVERITIES, Escalation, Notification, StepTarget


class Shape(serializers.Serializer[Any]):
    """Only described, never filled in."""


class PlannedChangeSerializer(Shape):
    effective_at = serializers.DateTimeField()
    timezone = serializers.CharField()
    layers = serializers.ListField(child=serializers.DictField())


class ScheduleSerializer(Shape):
    """The reference form (docs/api.md section 5), and where it is."""

    id = serializers.IntegerField()
    name = serializers.CharField()
    timezone = serializers.CharField()
    layers = serializers.ListField(child=serializers.DictField())
    overrides = serializers.ListField(child=serializers.DictField())
    swaps = serializers.ListField(child=serializers.DictField())
    temporary_schedules = serializers.ListField(child=serializers.DictField())
    history = serializers.ListField(child=serializers.DictField())
    planned_change = PlannedChangeSerializer(allow_null=True)
    team = serializers.CharField(allow_null=True)
    version = serializers.IntegerField()
    url = serializers.URLField()
    calendar_url = serializers.URLField()


class GapSerializer(Shape):
    start = serializers.DateTimeField()
    end = serializers.DateTimeField()


class ShiftSerializer(GapSerializer):
    users = serializers.ListField(child=serializers.CharField())


class ShiftsSerializer(Shape):
    shifts = ShiftSerializer(many=True)
    gaps = GapSerializer(many=True)


class PersonSerializer(Shape):
    id = serializers.CharField()
    email = serializers.EmailField()
    name = serializers.CharField()


class OnCallSerializer(Shape):
    """`until` and `next_at` are null when nothing changes within the horizon."""

    schedule = serializers.IntegerField()
    name = serializers.CharField()
    users = serializers.ListField(child=serializers.CharField())
    people = PersonSerializer(many=True)
    until = serializers.DateTimeField(allow_null=True)
    next = serializers.ListField(child=serializers.CharField())
    next_at = serializers.DateTimeField(allow_null=True)


class TargetSerializer(Shape):
    """`id` is of people, schedules and teams; `who` of schedules, where it is not
    whoever is on call; `channel` and `address` of channels. The address is empty for
    those who may not edit."""

    type = serializers.CharField()
    id = serializers.IntegerField(required=False)
    who = serializers.ChoiceField(StepTarget.Who.choices, required=False)
    channel = serializers.CharField(required=False)
    address = serializers.CharField(required=False, allow_blank=True)
    label = serializers.CharField()  # type: ignore[assignment]  # a key named as an attribute of fields


class PolicyStepSerializer(Shape):
    """`when` is empty for always."""

    delay_minutes = serializers.FloatField()
    when = serializers.DictField()
    targets = TargetSerializer(many=True)


class PolicySerializer(Shape):
    id = serializers.IntegerField()
    name = serializers.CharField()
    team = serializers.CharField(allow_null=True)
    repeats = serializers.IntegerField()
    is_default = serializers.BooleanField()
    version = serializers.IntegerField()
    when = serializers.DictField()
    acknowledgement_minutes = serializers.IntegerField(allow_null=True)
    steps = PolicyStepSerializer(many=True)
    url = serializers.URLField()


class ReachSerializer(Shape):
    channel = serializers.CharField()
    at = serializers.DateTimeField()


class RungSerializer(Shape):
    """`user` is null where a step finds nobody, and where it tells a `channel`.
    `held_until` is when the page goes out if it has to wait; `because` says why, or
    why the step is passed over."""

    lap = serializers.IntegerField()
    step = serializers.IntegerField()
    at = serializers.DateTimeField()
    user = PersonSerializer(allow_null=True)
    held_until = serializers.DateTimeField(allow_null=True)
    because = serializers.CharField()
    channel = serializers.CharField()
    by = ReachSerializer(many=True)


class SimulationSerializer(Shape):
    policy = serializers.IntegerField()
    at = serializers.DateTimeField()
    severity = serializers.ChoiceField(SEVERITIES)
    labels = serializers.DictField(child=serializers.CharField())
    applies = serializers.BooleanField()
    because = serializers.CharField()
    ladder = RungSerializer(many=True)


class DeliverySerializer(Shape):
    channel = serializers.CharField()
    state = serializers.ChoiceField(Notification.State.choices)
    detail = serializers.CharField()


class PersonPagedSerializer(Shape):
    user = serializers.CharField()
    email = serializers.EmailField()
    notifications = DeliverySerializer(many=True)


class HandPageSerializer(Shape):
    id = serializers.CharField()
    subject = serializers.CharField()
    title = serializers.CharField()
    severity = serializers.ChoiceField(SEVERITIES)
    state = serializers.ChoiceField(Escalation.State.choices)
    started_at = serializers.DateTimeField()
    acknowledged_by = serializers.EmailField(allow_null=True)
    url = serializers.URLField()
    pages = PersonPagedSerializer(many=True)
