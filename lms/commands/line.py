"""What every command does the same way: the application around it, one line when it is refused, quiet progress."""

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import click
from flask import Flask
from sqlalchemy.exc import OperationalError, ProgrammingError

import config
from lms import people, projects
from lms.app import create_app
from lms.db import db
from lms.refusals import Refused


class Refusal(click.ClickException):
    """One line on stderr, exit 1."""

    exit_code = 1

    def show(self, file: object = None) -> None:
        click.echo(self.message, err=True)


@contextmanager
def application(make: Callable[[], Flask] = create_app) -> Iterator[Flask]:
    """The application's context; what is missing, does not answer or is refused becomes one line and exit 1."""
    try:
        app = make()
        with app.app_context():
            try:
                yield app
            finally:
                db.session.remove()
                db.engine.dispose()
    except (config.SettingsError, Refused) as error:
        raise Refusal(str(error)) from error
    except (OperationalError, ProgrammingError) as error:
        raise Refusal(_no_database(error.orig)) from error


def _no_database(error: BaseException | None) -> str:
    return f"the database does not do what is asked: {str(error).splitlines()[0]}. Is it prepared? Run: lms init"


def give(email: str, role: str, project_id: int | None = None) -> None:
    """Give somebody the first role of its kind; who is new gets a name from the address until it is corrected."""
    address = people.normal_email(email)
    if not address or "@" not in address:
        raise click.BadParameter("write an e-mail address")
    given, _dot, family = address.split("@")[0].replace("_", ".").partition(".")
    person = people.find_person(email=address) or people.add_person(
        given.title(), family.replace(".", " ").title(), email=address, by=None
    )
    people.give_role(person, role, project_id=project_id, by=None)


def project_with(dnr: str) -> projects.Project:
    """The project; Refusal when there is none."""
    found = projects.project_with(dnr)
    if found is None:
        raise Refusal(f"there is no project with dnr {dnr}")
    return found


def is_heard() -> bool:
    """Whether a terminal listens: what runs in a pipe says nothing until it is done."""
    return sys.stderr.isatty()


def keep_quiet(*_told: object) -> None:
    """What a pipe hears of progress."""
