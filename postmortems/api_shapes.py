"""What the API of postmortems is sent and answers."""

from __future__ import annotations

from typing import Any

from rest_framework import serializers
from rest_framework.request import Request

from accounts.models import User
from core.http import absolute_url
from incidents.api.fields import IdField, PersonField, UtcField
from incidents.api.forms import Form
from incidents.models import Incident
from postmortems.models import ActionItem, Postmortem
from postmortems.services import BODY_LENGTH

PRIORITIES = dict(enumerate(ActionItem.Priority.values, start=1))


def read(form: type[Form], request: Request, **options: Any) -> dict[str, Any]:
    """The values sent. Raises ValidationError naming each wrong field."""
    filled = form(data=request.data, **options)
    filled.is_valid(raise_exception=True)
    return dict(filled.validated_data)


class PostmortemSerializer(serializers.ModelSerializer[Postmortem]):
    created_by = serializers.SlugRelatedField[User](
        slug_field="email", read_only=True, allow_null=True
    )
    created_at = UtcField()
    updated_at = UtcField()
    published_at = UtcField(allow_null=True)
    url = serializers.SerializerMethodField()

    class Meta:
        model = Postmortem
        fields = [
            "id",
            "incident",
            "status",
            "title",
            "body",
            "version",
            "created_by",
            "created_at",
            "updated_at",
            "published_at",
            "url",
        ]

    def get_url(self, postmortem: Postmortem) -> str:
        return absolute_url(postmortem)


class ListQuery(serializers.Serializer[Any]):
    status = serializers.ChoiceField(choices=Postmortem.Status.choices, required=False)
    incident = IdField(required=False)
    q = serializers.CharField(max_length=200, required=False, allow_blank=True)


class NewPostmortem(Form):
    incident = IdField()


class TextForm(Form):
    """`version` is the one that the text was written on top of."""

    version = serializers.IntegerField(min_value=0, max_value=2**31 - 1)
    title = serializers.CharField(max_length=1024, required=False)
    body = serializers.CharField(
        max_length=BODY_LENGTH,
        required=False,
        allow_blank=True,
        trim_whitespace=False,
    )


class StepForm(Form):
    note = serializers.CharField(max_length=2000, required=False, allow_blank=True)


class CheckForm(Form):
    text = serializers.CharField(
        max_length=BODY_LENGTH, allow_blank=True, trim_whitespace=False
    )


class FindingSerializer(serializers.Serializer[Any]):
    start = serializers.IntegerField()
    end = serializers.IntegerField()
    text = serializers.CharField()
    level = serializers.ChoiceField(choices=["blame", "advice"])
    kind = serializers.CharField()
    why = serializers.CharField()
    suggestion = serializers.CharField()


class FindingsSerializer(serializers.Serializer[Any]):
    findings = FindingSerializer(many=True)


class OwnerField(PersonField):
    """An active person, by e-mail or by id."""

    def to_internal_value(self, data: object) -> User:
        if isinstance(data, int) and not isinstance(data, bool):
            pk = IdField().run_validation(data)
            found = User.objects.filter(pk=pk, is_active=True).first()
            if found is not None:
                return found
        return super().to_internal_value(data)


class PriorityField(serializers.ChoiceField):
    """high, medium or low; 1, 2 and 3 mean the same."""

    def to_internal_value(self, data: Any) -> Any:
        is_number = isinstance(data, int) and not isinstance(data, bool)
        return super().to_internal_value(
            PRIORITIES.get(data, data) if is_number else data
        )


class ActionItemSerializer(serializers.ModelSerializer[ActionItem]):
    owner = serializers.SlugRelatedField[User](
        slug_field="email", read_only=True, allow_null=True
    )
    due = serializers.DateField(source="due_on", allow_null=True)
    status = serializers.SerializerMethodField()
    created_at = UtcField()
    done_at = UtcField(allow_null=True)
    url = serializers.SerializerMethodField()

    class Meta:
        model = ActionItem
        fields = [
            "id",
            "title",
            "status",
            "owner",
            "due",
            "kind",
            "priority",
            "incident",
            "postmortem",
            "created_at",
            "done_at",
            "url",
        ]

    def get_status(self, item: ActionItem) -> str:
        return "done" if item.is_done else "open"

    def get_url(self, item: ActionItem) -> str:
        return absolute_url(item)


class ActionItemQuery(serializers.Serializer[Any]):
    """`owner` is an e-mail, `due_before` a day."""

    status = serializers.ChoiceField(choices=["open", "done"], required=False)
    owner = OwnerField(required=False)
    incident = IdField(required=False)
    postmortem = IdField(required=False)
    due_before = serializers.DateField(source="due_on__lt", required=False)


class ActionItemForm(Form):
    """A new one hangs from `postmortem` or from `incident`; later both stay."""

    title = serializers.CharField(max_length=300)
    owner = OwnerField(required=False, allow_null=True)
    due = serializers.DateField(source="due_on", required=False, allow_null=True)
    kind = serializers.ChoiceField(choices=ActionItem.Kind.choices, required=False)
    priority = PriorityField(choices=ActionItem.Priority.choices, required=False)
    postmortem = IdField(required=False, allow_null=True)
    incident = IdField(required=False, allow_null=True)
    done = serializers.BooleanField(required=False)

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        attrs = super().validate(attrs)
        postmortem = attrs.pop("postmortem", None)
        incident = attrs.pop("incident", None)
        found = self._incident(postmortem, incident)
        if "item" not in self.context:
            return {**attrs, "incident": found}
        if found is not None and found != self.context["item"].incident:
            raise serializers.ValidationError(
                {"incident": ["An action item stays with its incident."]}
            )
        return attrs

    def _incident(
        self, postmortem: int | None, incident: int | None
    ) -> Incident | None:
        """The incident that is meant, if this person may see it."""
        visible = Incident.objects.visible_to(self.context["user"])
        found = None
        if postmortem is not None:
            found = visible.filter(postmortem=postmortem).first()
            if found is None or incident not in (None, found.pk):
                raise serializers.ValidationError(
                    {"postmortem": ["There is no such postmortem of this incident."]}
                )
        elif incident is not None:
            found = visible.filter(pk=incident).first()
            if found is None:
                raise serializers.ValidationError(
                    {"incident": ["There is no such incident."]}
                )
        elif "item" not in self.context:
            raise serializers.ValidationError(
                {"incident": ["Name an incident or a postmortem."]}
            )
        return found
