"""Who may use an API view. Nobody is let in without a session or a token."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rest_framework.permissions import SAFE_METHODS, BasePermission
from rest_framework.request import Request

if TYPE_CHECKING:  # REST framework loads this file while it loads its views
    from rest_framework.views import APIView

from accounts.models import User


class ReadOrRespond(BasePermission):
    """Everybody who is signed in reads; responders and admins write."""

    message = "This is for responders."

    def has_permission(self, request: Request, view: APIView) -> bool:
        if not isinstance(request.user, User):
            return False
        return request.method in SAFE_METHODS or request.user.can_respond


class AdminOnly(BasePermission):
    """Admins read and write; nobody else does either."""

    message = "This is for admins."

    def has_permission(self, request: Request, view: APIView) -> bool:
        return isinstance(request.user, User) and request.user.is_admin
