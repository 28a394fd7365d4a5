"""A postmortem as a file."""

from __future__ import annotations

from django.http import HttpResponse
from django.template.loader import render_to_string
from django.utils.text import slugify

from core.errors import InvalidInputError
from postmortems.models import ActionItem, Postmortem
from postmortems.rendering import export_markdown, render_article

NAME_LENGTH = 60


def export_response(postmortem: Postmortem, form: str) -> HttpResponse:
    """The document as "md" or "html". Raises InvalidInputError for other forms."""
    items = list(ActionItem.objects.filter(incident=postmortem.incident_id).for_list())
    if form == "md":
        text = export_markdown(postmortem, items)
        kind = "text/markdown; charset=utf-8"
    elif form == "html":
        article = render_article(postmortem, items)
        context = {"postmortem": postmortem, "article": article}
        text = render_to_string("postmortems/export.html", context)
        kind = "text/html; charset=utf-8"
    elif form == "pdf":
        raise InvalidInputError(
            {"as": ["PDF is not available yet. Ask for md or html, or print the page."]}
        )
    else:
        raise InvalidInputError({"as": [f"'{form[:40]}' is not one of md, html."]})
    name = slugify(postmortem.title)[:NAME_LENGTH].strip("-") or "postmortem"
    response = HttpResponse(text, content_type=kind)
    filename = f"{postmortem.incident_id}-{name}.{form}"
    response["Content-Disposition"] = f'attachment; filename="{filename}"'
    return response
