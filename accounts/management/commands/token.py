from argparse import ArgumentParser

from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from accounts.models import User
from accounts.services import create_api_token


class Command(BaseCommand):
    help = "Make an API token for a person; the last line printed is the token."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("email", help="the e-mail the person signs in with")
        parser.add_argument(
            "--name", default="command line", help="how the token is listed"
        )

    def handle(self, *args: object, **options: str) -> None:
        email = options["email"]
        user = User.objects.filter(email__iexact=email).first()
        if user is None:
            raise CommandError(f"Nobody signs in with {email}.")
        if not user.is_active:
            raise CommandError(f"{email} is deactivated, so a token would not work.")
        _, secret = create_api_token(
            owner=user, name=options["name"][:80], at=timezone.now()
        )
        self.stdout.write(secret)
