"""Sending dbt's artifacts, as dbt 1.11 wrote them."""

import json
from pathlib import Path
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from accounts.models import AuditEntry
from catalog.models import Asset, Edge, LineageVersion, Run

pytestmark = pytest.mark.django_db

URL = "/api/v1/catalog/dbt/"
ARTIFACTS = Path(__file__).parent.parent / "data" / "payloads" / "dbt"


def artifact(name: str, content: bytes | None = None) -> SimpleUploadedFile:
    content = (ARTIFACTS / name).read_bytes() if content is None else content
    return SimpleUploadedFile(name, content)


def send(client: Client, status: int = 200, **files: SimpleUploadedFile) -> Any:
    response = client.post(URL, files)
    assert response.status_code == status, response.content
    return response.json()


def test_a_project_becomes_assets_edges_and_dashboards_with_owners(
    signed_in: Client,
) -> None:
    answer = send(signed_in, manifest=artifact("manifest_succeeded.json"))

    assert answer["assets"] == Asset.objects.count()
    assert answer["edges"] == Edge.objects.count()
    dashboards = Asset.objects.filter(type="dashboard")
    assert answer["dashboards"] == dashboards.count() > 0
    assert all(board.owners.exists() for board in dashboards)
    assert all(board.edges_up.exists() for board in dashboards)
    assert set(Edge.objects.values_list("source", flat=True)) == {"dbt"}
    assert AuditEntry.objects.get().action == "catalog.imported"


def test_run_results_add_the_runs_of_what_was_built(signed_in: Client) -> None:
    send(
        signed_in,
        manifest=artifact("manifest_failed.json"),
        run_results=artifact("run_results_failed.json"),
    )
    # A test failed, and what depends on its table was skipped; tests are no assets.
    states = set(Run.objects.values_list("state", flat=True))
    assert states == {"success", "skipped"}


def test_a_run_that_failed_keeps_its_message(signed_in: Client) -> None:
    results = json.loads((ARTIFACTS / "run_results_succeeded.json").read_bytes())
    built = next(r for r in results["results"] if r["unique_id"].startswith("model."))
    built |= {"status": "error", "message": "Binder Error: no such column"}
    send(
        signed_in,
        manifest=artifact("manifest_succeeded.json"),
        run_results=artifact("run_results.json", json.dumps(results).encode()),
    )
    failed = Run.objects.get(state="failed")
    assert failed.error == "Binder Error: no such column"


def test_the_manifest_may_be_the_body_and_again_changes_nothing(
    signed_in: Client,
) -> None:
    body = (ARTIFACTS / "manifest_succeeded.json").read_bytes()
    answers, versions = [], []
    for _ in range(2):
        response = signed_in.post(URL, body, "application/json")
        answers.append((response.status_code, response.json()))
        versions.append(LineageVersion.objects.get().version)
    assert answers[0] == answers[1]
    assert answers[0][0] == 200
    assert versions[0] == versions[1]


@pytest.mark.parametrize(
    ("files", "field"),
    [
        ({"manifest": b"{"}, "manifest"),
        ({"manifest": b"[]"}, "nodes"),
        ({"manifest": b"\xff\xfe"}, "manifest"),
        ({"manifest": b"[" * 100_000}, "manifest"),
        ({"run_results": b"{}"}, "manifest"),
        ({"manifest": b"{}", "other": b"{}"}, "other"),
    ],
)
def test_what_is_no_artifact_is_refused_by_name(
    signed_in: Client, files: dict[str, bytes], field: str
) -> None:
    sent = {name: artifact(name, content) for name, content in files.items()}
    assert list(send(signed_in, 400, **sent)) == [field]
    assert not Asset.objects.exists()


@pytest.mark.parametrize("url", [URL, "/api/v1/catalog/import/"])
def test_json_nested_beyond_reason_is_refused(signed_in: Client, url: str) -> None:
    response = signed_in.post(url, "[" * 100_000, "application/json")
    assert response.status_code == 400
    assert "nested" in response.json()["detail"]


def test_another_content_type_is_refused(signed_in: Client) -> None:
    assert signed_in.post(URL, "a,b", "text/csv").status_code == 415
