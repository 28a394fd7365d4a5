"""Taking over whole documents: a catalog, a dbt project, an Airflow's DAGs.

Each can be looked at first: `preview` says what would be added and removed, and
writes nothing. All of a document is taken over, or nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import transaction

from accounts.models import Team, User
from accounts.services import create_team, record_audit
from catalog.importers.airflow import read_dags
from catalog.importers.base import AssetKey
from catalog.importers.bulk import CatalogDocument, DescribedAsset, read_catalog
from catalog.importers.dbt import read_manifest
from catalog.models import ImportJob, Source
from catalog.services.dbt import record_results
from catalog.services.lineage import LineageCount, telling_of
from catalog.services.takeover import (
    Progress,
    Takeover,
    Telling,
    lock_imports,
    plan_takeover,
    quietly,
    summary,
    write_takeover,
)
from catalog.services.upserts import AssetFacts

Kind = ImportJob.Kind


@dataclass(frozen=True, slots=True)
class DbtCount:
    """How many different things the manifest names."""

    assets: int
    edges: int
    dashboards: int


def preview(
    kind: str, document: object, *, progress: Progress = quietly
) -> dict[str, Any]:
    """Return what taking `document` over would change, as `takeover.summary` does.

    Raises InvalidInputError for what is no document of that kind.
    """
    progress("Reading", 0, 0)
    telling, new_teams = _READERS[kind](document)
    found = summary(plan_takeover(telling, progress))
    return {**found, "teams": sorted(new_teams.values())}


@transaction.atomic
def take_over(
    kind: str,
    document: object,
    *,
    by: User,
    at: datetime,
    progress: Progress = quietly,
) -> dict[str, Any]:
    """Make the catalog say what `document` says, and return what that changed.

    Safe to repeat. What other sources and people say stays. Raises InvalidInputError
    for what is no document of that kind, DomainError while another import runs.
    """
    lock_imports()
    progress("Reading", 0, 0)
    telling, new_teams = _READERS[kind](document)
    if new_teams:
        _make_teams(new_teams, by=by, at=at)
        telling, _ = _READERS[kind](document)
    plan = plan_takeover(telling, progress)
    changed = {**summary(plan), "teams": sorted(new_teams.values())}
    write_takeover(plan, at=at, progress=progress)
    if kind == Kind.DBT and isinstance(document, dict):
        record_results(document.get("run_results"), document["manifest"], at=at)
    _audit(plan, by=by, at=at)
    return changed


def import_catalog(
    *, document: CatalogDocument, by: User, at: datetime
) -> LineageCount:
    """Make the catalog say what the document says. Safe to repeat.

    What the document says of an asset replaces what is stored; what it does not
    mention stays. Unknown ends of edges become assets, unknown teams teams. With
    `replace`, edges of earlier imports that it does not hold end; edges made by hand
    or told by other sources stay, and so do assets, which have history.
    """
    told = take_over(Kind.CATALOG, document, by=by, at=at)["told"]
    return LineageCount(**told)


def import_dbt(
    *,
    manifest: object,
    run_results: object | None,
    catalog: object | None = None,
    by: User,
    at: datetime,
) -> DbtCount:
    """Keep the tables, exposures, edges and, with `run_results`, runs of a project.

    Safe to repeat. Raises InvalidInputError for what are not dbt's artifacts.
    """
    document = {"manifest": manifest, "run_results": run_results, "catalog": catalog}
    taken = take_over(Kind.DBT, document, by=by, at=at)
    return DbtCount(**taken["told"], dashboards=taken["dashboards"])


# --- what each kind of document tells, and the teams it would make -----------------

Reading = tuple[Telling, dict[str, str]]


def _read_catalog(document: object) -> Reading:
    read = document if isinstance(document, CatalogDocument) else read_catalog(document)
    teams, unknown = _teams(read.assets)
    facts: dict[str, AssetFacts] = {}
    names: dict[AssetKey, str] = {}
    for asset in read.assets:
        fact = AssetFacts(
            asset.namespace,
            asset.name,
            type=asset.type,
            tier=asset.tier,
            users=asset.users,
            description=asset.description,
            url=asset.url,
            team_id=teams.get((asset.team or "").strip().lower()),
            owners=asset.owners,
        )
        # Of two that describe one asset the last counts.
        names[asset.key] = fact.identity
        facts[fact.identity] = fact
    ends = {key for edge in read.edges for key in edge}
    for key in ends.union(read.loops) - names.keys():
        fact = AssetFacts(*key)
        names[key] = fact.identity
        facts.setdefault(fact.identity, fact)
    edges = frozenset((names[up], names[down]) for up, down in read.edges)
    telling = Telling(
        Source.IMPORT,
        "",
        facts,
        frozenset((up, down) for up, down in edges if up != down),
        warnings=read.warnings,
        loops=frozenset(up for up, down in edges if up == down)
        | {names[key] for key in read.loops},
        is_whole=read.replace,
    )
    return telling, unknown


def _read_dbt(document: object) -> Reading:
    """A manifest, or {"manifest", "run_results"?, "catalog"?}."""
    parts = document if isinstance(document, dict) else {}
    manifest = parts.get("manifest", document)
    found = read_manifest(manifest, catalog=parts.get("catalog"))
    return telling_of(found, source=Source.DBT), {}


def _read_airflow(document: object) -> Reading:
    return telling_of(read_dags(document), source=Source.AIRFLOW), {}


_READERS: dict[str, Callable[[object], Reading]] = {
    Kind.CATALOG: _read_catalog,
    Kind.DBT: _read_dbt,
    Kind.AIRFLOW: _read_airflow,
}


def _teams(
    assets: Iterable[DescribedAsset],
) -> tuple[dict[str, int], dict[str, str]]:
    """Return {folded name or slug: team id}, and {folded: name} of unknown ones."""
    said = {asset.team.strip() for asset in assets if asset.team}
    named = {name.lower(): name for name in sorted(said) if name}
    if not named:
        return {}, {}
    found: dict[str, int] = {}
    for pk, name, slug in Team.objects.values_list("pk", "name", "slug"):
        found |= {slug: pk, name.lower(): pk}
    return found, {key: named[key] for key in named.keys() - found.keys()}


def _make_teams(named: dict[str, str], *, by: User, at: datetime) -> None:
    for folded in sorted(named):
        create_team(name=named[folded], by=by, at=at)


def _audit(plan: Takeover, *, by: User, at: datetime) -> None:
    telling = plan.telling
    told = {
        "assets": len(telling.facts),
        "edges": len(telling.edges),
        "source": telling.source,
        "replace": telling.is_whole,
    }
    record_audit(actor=by, action="catalog.imported", target=by, changes=told, at=at)
