"""`lms keys …`: the keys of the installation."""

import click

from lms import rotation
from lms.commands.line import application, is_heard, keep_quiet
from lms.db import db


@click.group()
def keys() -> None:
    """The keys of the installation."""


@keys.command("rotate")
def keys_rotate() -> None:
    """Encrypt everything anew under LMS_KEY_ENCRYPTION_KEY; the earlier key is LMS_KEY_ENCRYPTION_KEY_OLD."""
    with application():
        done = rotation.rotate(_share if is_heard() else keep_quiet)
        db.session.commit()
    told = f"{done.changed} values encrypted anew, {done.already} were already, {done.hashes} keyed hashes made anew"
    click.echo(told)


def _share(done: int, total: int) -> None:
    click.echo(f"\r{done} of {total}", err=True, nl=done == total)
