"""What the catalog does by itself. Each may run twice, late or not at all."""

from celery import shared_task
from django.utils import timezone

from catalog.services.jobs import forget_old_documents, run_next_import
from catalog.services.sql import read_waiting_sql


@shared_task
def run_imports() -> None:
    """Run the imports that wait, one after the other."""
    forget_old_documents(at=timezone.now())
    while run_next_import(clock=timezone.now):
        pass


@shared_task
def read_sql() -> None:
    """Read SQL that imports and messages brought, for its columns, for a while."""
    read_waiting_sql(at=timezone.now())
