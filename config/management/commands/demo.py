"""`manage.py demo`: fill the database with a demonstration world."""

from typing import Any

from django.core.management.base import BaseCommand
from django.utils import timezone

from config.demo.loading import is_loaded, load


class Command(BaseCommand):
    help = "Load a small shop's data platform, unless it is there already."

    def handle(self, *args: Any, **options: Any) -> None:
        if is_loaded():
            self.stdout.write("The demonstration is there already.")
            return
        load(at=timezone.now())
        self.stdout.write("The demonstration is loaded.")
