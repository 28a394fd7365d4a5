"""Is my data good? For pipelines that ask before they run."""

from __future__ import annotations

from django.http import Http404
from django.shortcuts import get_object_or_404
from django.utils import timezone
from drf_spectacular.utils import extend_schema
from rest_framework.permissions import IsAuthenticated
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from catalog.models import Asset, KnownIssue
from incidents.api import forms, shapes
from incidents.api.incidents import person
from incidents.troubles import Trouble, issues_of, trouble_of


class AssetHealth(APIView):
    # Asking about many assets at once is a POST and changes nothing.
    permission_classes = [IsAuthenticated]

    @extend_schema(parameters=[forms.HealthQuery], responses=shapes.HealthSerializer)
    def get(self, request: Request) -> Response:
        """Open incidents on the asset itself and on what it depends on."""
        query = forms.HealthQuery(data=request.query_params)
        query.is_valid(raise_exception=True)
        named = Asset.objects.named(**query.validated_data)
        asset = get_object_or_404(named)
        troubles = trouble_of([asset], user=person(request))[asset.pk]
        issues = issues_of([asset], at=timezone.now())[asset.pk]
        return Response(shapes.HealthSerializer(_health(troubles, issues)).data)

    @extend_schema(request=forms.HealthForm, responses=shapes.ManyHealthSerializer)
    def post(self, request: Request) -> Response:
        """The same for up to 100 assets, each by itself and all together. The list
        may also be sent bare."""
        sent = request.data
        told = {"assets": sent} if isinstance(sent, list) else sent
        form = forms.HealthForm(data=told)
        form.is_valid(raise_exception=True)
        wanted = form.validated_data["assets"]
        identities = [Asset.make_identity(**named) for named in wanted]
        found = {a.identity: a for a in Asset.objects.filter(identity__in=identities)}
        unknown = [
            f"{named['namespace']} {named['name']}"
            for named, identity in zip(wanted, identities, strict=True)
            if identity not in found
        ]
        if unknown:
            raise Http404(f"Unknown assets: {', '.join(unknown)}.")
        assets = [found[identity] for identity in dict.fromkeys(identities)]
        troubles = trouble_of(assets, user=person(request))
        issues = issues_of(assets, at=timezone.now())
        every = {t.incident.pk: t for asset in assets for t in troubles[asset.pk]}
        known = {i.pk: i for asset in assets for i in issues[asset.pk]}
        return Response(
            shapes.ManyHealthSerializer(
                {
                    **_health(list(every.values()), list(known.values())),
                    "assets": [
                        {
                            "namespace": asset.namespace,
                            "name": asset.name,
                            **_health(troubles[asset.pk], issues[asset.pk]),
                        }
                        for asset in assets
                    ],
                }
            ).data
        )


def _health(troubles: list[Trouble], issues: list[KnownIssue]) -> dict[str, object]:
    """What is known of one asset or of several. A known issue stops no pipeline."""
    return {"healthy": not troubles, "incidents": troubles, "known_issues": issues}
