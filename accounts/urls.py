from django.urls import path

from accounts import api
from accounts.views import entrance, people, profile, teams

app_name = "accounts"
urlpatterns = [
    path("setup/", entrance.setup, name="setup"),
    path("invitation/<str:token>/", entrance.invitation, name="invitation"),
    # Stands before allauth's page: an address is not changed, because it is what
    # an admin invited.
    path("accounts/email/", entrance.closed, name="closed"),
    path("settings/", profile.profile, name="settings"),
    path("settings/tokens/", profile.tokens, name="tokens"),
    path("settings/tokens/<int:pk>/revoke/", profile.revoke_token, name="revoke_token"),
    path("settings/people/", people.people, name="people"),
    path("settings/people/<int:pk>/role/", people.role, name="role"),
    path("settings/people/<int:pk>/deactivate/", people.deactivate, name="deactivate"),
    path("settings/people/<int:pk>/activate/", people.activate, name="activate"),
    path(
        "settings/invitations/<int:pk>/revoke/",
        people.withdraw,
        name="revoke_invitation",
    ),
    path("settings/teams/", teams.teams, name="teams"),
    path("settings/teams/create/", teams.create, name="create_team"),
    path("settings/teams/<int:pk>/", teams.team, name="team"),
    path("settings/teams/<int:pk>/change/", teams.change, name="change_team"),
    path("settings/teams/<int:pk>/members/", teams.add_member, name="add_member"),
    path(
        "settings/teams/<int:pk>/members/<int:person>/remove/",
        teams.remove_member,
        name="remove_member",
    ),
    path("settings/teams/<int:pk>/delete/", teams.delete, name="delete_team"),
    path("settings/teams/<int:pk>/move/", teams.move, name="move_team"),
    path("settings/audit/", people.audit, name="audit"),
    path("api/v1/me/", api.Me.as_view(), name="api_me"),
    path("api/v1/users/", api.Users.as_view(), name="api_users"),
    path("api/v1/teams/", api.Teams.as_view(), name="api_teams"),
]
