"""A staff account from the shell: the first one, before anybody can sign in."""

from __future__ import annotations

import getpass
import os
import sys
from typing import Any

from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.core.management.base import CommandError, CommandParser
from django.db import IntegrityError

from aggregator.management.quick import QuickCommand
from aggregator.models import Satker
from portal.models import User

SCOPED = {User.Role.PROVINCE: ("province",), User.Role.SATKER: ("national", "province", "regency")}


class Command(QuickCommand):
    help = (
        "Create a staff account. The password is asked for twice, or read from standard input with "
        "--password-stdin, or taken from the variable STAFF_PASSWORD."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--role", required=True, choices=User.Role.values)
        parser.add_argument("--username", help="by default the e-mail address")
        parser.add_argument("--email", default="")
        parser.add_argument("--satker", metavar="CODE", help="whose rows a province or satker account sees")
        parser.add_argument("--password-stdin", action="store_true", help="read one line as the password")

    def handle(self, *args: Any, **options: Any) -> None:
        role = User.Role(options["role"])
        username = options["username"] or options["email"]
        if not username:
            raise CommandError("Give --username or --email.")
        if User.objects.filter(username__iexact=username).exists():
            raise CommandError(f"There is an account {username} already.")
        is_admin = role == User.Role.ADMIN  # the Django admin is theirs alone
        user = User(
            username=username,
            email=options["email"],
            role=role,
            satker=_scope(role, options["satker"]),
            is_staff=is_admin,
            is_superuser=is_admin,
        )
        password = _password(options["password_stdin"])
        try:
            validate_password(password, user)
            user.set_password(password)
            user.full_clean()
            user.save()
        except (ValidationError, IntegrityError) as error:
            raise CommandError(" ".join(getattr(error, "messages", [str(error)]))) from error
        self.stdout.write(f"Account {username} with the role {role} is there; sign in at /masuk.")


def _scope(role: User.Role, code: str | None) -> Satker | None:
    """The satker a scoped account belongs to."""
    if role not in SCOPED:
        if code:
            raise CommandError(f"An account with the role {role} sees the whole country: leave --satker out.")
        return None
    if not code:
        raise CommandError(f"An account with the role {role} needs --satker CODE.")
    satker = Satker.objects.filter(code=code).first()
    if satker is None:
        raise CommandError(f"No satker has the code {code}.")
    if satker.level not in SCOPED[role]:
        raise CommandError(f"{code} {satker} is no provincial office.")
    return satker


def _password(from_stdin: bool) -> str:
    if from_stdin:
        return sys.stdin.readline().rstrip("\r\n")
    if given := os.environ.get("STAFF_PASSWORD"):
        return given
    if not sys.stdin.isatty():
        raise CommandError(
            "There is no terminal to ask for a password: use --password-stdin or STAFF_PASSWORD."
        )
    first = getpass.getpass("Password: ")
    if first != getpass.getpass("Password again: "):
        raise CommandError("The two passwords differ.")
    return first
