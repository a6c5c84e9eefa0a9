"""`lms keys list`, `succeed` and `compromise`: the keys that sign. `lms keys rotate` changes the key that encrypts."""

import click

from certificates import keys as signing_keys
from certificates import resigning
from certificates.keys import SigningKey
from certificates.register import Certificate
from lms.commands.keys import keys
from lms.commands.line import application, is_heard, keep_quiet, share
from lms.db import db, reading

EFFECT = {
    "county": "what it signed is believed by nobody any more until it is signed anew; papers and files of before name it",
    "trainer": "her certificate stands; the files of those whom she certified name it and are to be fetched anew",
    "seal": "PDF files of before are sealed by it; who downloads one from now on gets one with the new seal",
}


@keys.command("list")
def keys_list() -> None:
    """Every key that signs or has signed: kind, state, since when, name. Secrets are never shown."""
    with application():
        reading(only=True)
        try:
            numbers = {each.id: each.number for each in db.session.scalars(_holders())}
            for key in signing_keys.every():
                click.echo(_line(key, numbers.get(key.certificate_id or 0, "")))
        finally:
            reading(only=False)


@keys.command("succeed")
@click.option("--yes", is_flag=True, help="Do not ask.")
def keys_succeed(yes: bool) -> None:
    """Let the spare take over as the county's key. What was signed before is believed on."""
    with application():
        if not yes:
            click.confirm("Let the spare key sign from now on?", abort=True, err=True)
        new = signing_keys.succeed(by=None)
        db.session.commit()
        click.echo(f"{new.public} signs from now on; a new spare is listed")


@keys.command("compromise")
@click.argument("name", metavar="KEY")
@click.option("--yes", is_flag=True, help="Do not ask.")
def keys_compromise(name: str, yes: bool) -> None:
    """Withdraw a key that somebody else may have, and sign anew everything that rests on it."""
    with application():
        key = _looked_up(name)
        click.echo(f"{_line(key)}: {EFFECT[key.kind]}", err=True)
        if not yes:
            click.confirm(f"Withdraw it for ever and sign {key_rests(key)} certificates anew?", abort=True, err=True)
        done = resigning.compromised(key, by=None, say=share if is_heard() else keep_quiet)
        db.session.commit()
        done += resigning.compromised(key, by=None)  # what was being issued while the first round went on
        db.session.commit()
        click.echo(f"{signing_keys.name_of(key)} is withdrawn; {done} certificates are signed anew")
