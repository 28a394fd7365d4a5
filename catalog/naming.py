"""How people name an asset in a field, and how it is found."""

from django.db.models import Q

from catalog.models import Asset


def suggestion(asset: Asset) -> str:
    """What a field offers for an asset, and `assets_called` understands."""
    return f"{asset.name} ({asset.namespace})"


def assets_called(text: str) -> list[Asset]:
    """Assets with that name, or that suggestion. At most two."""
    if text.endswith(")") and " (" in text:
        name, _, namespace = text[:-1].rpartition(" (")
        if found := list(Asset.objects.named(namespace, name)[:2]):
            return found
    same = Asset.objects.filter(Q(name=text) | Q(name__iexact=text))
    return list(same.order_by("namespace", "pk")[:2])


def not_one(name: str, found: list[Asset]) -> str:
    """What to say when `assets_called` did not find exactly one."""
    if not found:
        return f"No asset is called “{name}”. Choose one that is offered."
    which = " or ".join(suggestion(asset) for asset in found)
    return f"More than one asset is called “{name}”: {which}."
