"""`lms keys …`: the keys of the installation."""

import sys

import click

from lms import kept, rotation
from lms.commands.line import application, is_heard, keep_quiet
from lms.db import db


@click.group()
def keys() -> None:
    """The keys of the installation."""


@keys.command("rotate")
def keys_rotate() -> None:
    """Encrypt everything anew under LMS_KEY_ENCRYPTION_KEY; the earlier key is LMS_KEY_ENCRYPTION_KEY_OLD."""
    with application():
        done = rotation.rotate(share if is_heard() else keep_quiet)
        db.session.commit()
    told = f"{done.changed} values encrypted anew, {done.already} were already, {done.hashes} keyed hashes made anew"
    click.echo(told)


def share(done: int, total: int) -> None:
    """How much is done, on one line of a terminal."""
    click.echo(f"\r{done} of {total}", err=True, nl=done == total)


@keys.command("confirm-kept")
def keys_confirm_kept() -> None:
    """Confirm that LMS_KEY_ENCRYPTION_KEY is kept elsewhere: paste it, or its fingerprint, from where it is kept."""
    with application():
        name = kept.confirm(_asked("The key or its fingerprint, from where it is kept"))
        db.session.commit()
        click.echo(f"confirmed: the key with the fingerprint {name} is kept")


def _asked(question: str) -> str:
    """What a terminal answers without showing it, or the first line of a pipe."""
    if sys.stdin.isatty():
        return str(click.prompt(question, hide_input=True, err=True))
    return sys.stdin.readline()
