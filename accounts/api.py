"""The API of people and teams."""

from typing import Any

from django.utils import timezone
from drf_spectacular.utils import extend_schema
from rest_framework import serializers, status
from rest_framework.permissions import IsAuthenticated
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from accounts.models import Team, User
from accounts.services import create_team
from core.api import CursorPagination


class UserSerializer(serializers.ModelSerializer[User]):
    class Meta:
        model = User
        fields = ["id", "email", "name", "role", "time_zone", "is_active"]


class TeamSerializer(serializers.ModelSerializer[Team]):
    members = serializers.SerializerMethodField()

    class Meta:
        model = Team
        fields = ["id", "name", "slug", "description", "members"]

    def get_members(self, team: Team) -> list[str]:
        return [person.email for person in team.members.all()]


class NewTeamSerializer(serializers.Serializer[Any]):
    name = serializers.CharField(max_length=80)
    description = serializers.CharField(
        max_length=300, allow_blank=True, required=False, default=""
    )
    members = serializers.ListField(
        child=serializers.EmailField(), required=False, default=list, max_length=500
    )

    def validate_members(self, emails: list[str]) -> list[User]:
        wanted = {email.lower() for email in emails}
        people = list(User.objects.filter(email__in=wanted, is_active=True))
        unknown = wanted - {person.email for person in people}
        if unknown:
            raise serializers.ValidationError(
                [f"Nobody signs in with {email}." for email in sorted(unknown)]
            )
        return people


class Me(APIView):
    """Whose token or session this is."""

    permission_classes = [IsAuthenticated]

    @extend_schema(responses=UserSerializer)
    def get(self, request: Request) -> Response:
        assert isinstance(request.user, User)  # IsAuthenticated ran before this
        return Response(UserSerializer(request.user).data)


class Users(APIView):
    """The people, newest first."""

    pagination_class = CursorPagination

    @extend_schema(responses=UserSerializer(many=True))
    def get(self, request: Request) -> Response:
        paginator = CursorPagination()
        people = paginator.paginate_queryset(User.objects.all(), request, view=self)
        return paginator.get_paginated_response(UserSerializer(people, many=True).data)


class Teams(APIView):
    """The teams with their members' e-mails, newest first."""

    pagination_class = CursorPagination

    @extend_schema(responses=TeamSerializer(many=True))
    def get(self, request: Request) -> Response:
        paginator = CursorPagination()
        teams = Team.objects.prefetch_related("members")
        page = paginator.paginate_queryset(teams, request, view=self)
        return paginator.get_paginated_response(TeamSerializer(page, many=True).data)

    @extend_schema(request=NewTeamSerializer, responses={201: TeamSerializer})
    def post(self, request: Request) -> Response:
        assert isinstance(request.user, User)  # ReadOrRespond ran before this
        wanted = NewTeamSerializer(data=request.data)
        wanted.is_valid(raise_exception=True)
        team = create_team(**wanted.validated_data, by=request.user, at=timezone.now())
        return Response(TeamSerializer(team).data, status=status.HTTP_201_CREATED)
