"""`manage.py create_access_key [--user NAME]`: credentials for a program; the last line of output is JSON."""

import json
from typing import Any

from django.contrib.auth.models import User
from django.core.management.base import BaseCommand, CommandError, CommandParser

from editing.errors import NotFound
from editing.services import access_keys


class Command(BaseCommand):
    help = "Create an access key. Its secret is printed once, in the last line, and never shown again."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--user", metavar="NAME", help="whose key it is (default: the operator)")

    def handle(self, *args: Any, **options: Any) -> None:
        key, secret = access_keys.create(_user(options["user"]))
        self.stdout.write(json.dumps({"AccessKeyId": key.pk, "AccessKeySecret": secret}))


def _user(name: str | None) -> User:
    try:
        return User.objects.get(username=name) if name else access_keys.operator()
    except User.DoesNotExist:
        raise CommandError(f"There is no user “{name}”.") from None
    except NotFound as error:
        raise CommandError(error.message) from None
