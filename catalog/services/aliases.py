"""Names given to assets by hand."""

from datetime import datetime

from django.db import IntegrityError, transaction

from accounts.models import User
from accounts.services import record_audit
from catalog.importers.base import NAME_LENGTH, NAMESPACE_LENGTH
from catalog.models import Asset, AssetAlias
from core.errors import DomainError, InvalidInputError
from core.live import publish
from core.text import one_line


@transaction.atomic
def add_alias(
    *, asset: Asset, namespace: str, name: str, by: User, at: datetime
) -> AssetAlias:
    """Let the asset go by another name too. Safe to repeat.

    Case and quotes do not count. Raises DomainError when another asset has that name:
    then the two are to be merged; InvalidInputError when a part is missing.
    """
    namespace = one_line(namespace, NAMESPACE_LENGTH)
    name = one_line(name, NAME_LENGTH)
    errors = {
        part: ["This field is required."]
        for part, text in (("namespace", namespace), ("name", name))
        if not text
    }
    if errors:
        raise InvalidInputError(errors)
    found = Asset.objects.named(namespace, name).first()
    if found is not None:
        return _existing(found, asset, namespace, name)
    identity = Asset.make_identity(namespace, name)
    try:
        with transaction.atomic():
            made = AssetAlias.objects.create(
                asset=asset, namespace=namespace, name=name, identity=identity
            )
    except IntegrityError as error:  # told by a machine at this moment
        raise DomainError("This name was given just now. Look again.") from error
    _record("asset.alias_added", asset, made, by=by, at=at)
    return made


@transaction.atomic
def remove_alias(*, alias: AssetAlias, by: User, at: datetime) -> None:
    """Take the name away. One that a machine tells comes back when it is told."""
    _record("asset.alias_removed", alias.asset, alias, by=by, at=at)
    alias.delete()


def _existing(found: Asset, asset: Asset, namespace: str, name: str) -> AssetAlias:
    if found.pk != asset.pk:
        raise DomainError(
            f"{found.namespace} {found.name} goes by this name. Merge the two if they "
            "are one thing."
        )
    identity = Asset.make_identity(namespace, name)
    alias = asset.aliases.filter(identity=identity).first()
    if alias is None:
        raise DomainError("That is its own name.")
    return alias


def _record(
    action: str, asset: Asset, alias: AssetAlias, *, by: User, at: datetime
) -> None:
    record_audit(
        actor=by, action=action, target=asset, changes={"alias": str(alias)}, at=at
    )
    publish(f"asset:{asset.pk}")
