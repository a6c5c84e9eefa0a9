"""`lms keys list`, `succeed` and `compromise`: the keys that sign. `lms keys rotate` changes the key that encrypts."""

from collections.abc import Iterator
from contextlib import contextmanager

import click
from sqlalchemy import select

from certificates.proof import keys as signing_keys
from certificates.proof import signing_anew
from certificates.proof.keys import SigningKey
from certificates.register import Certificate
from lms.commands.keys import keys, share
from lms.commands.line import application, is_heard, keep_quiet
from lms.db import db, only_reading

__all__ = ["keys"]

EFFECT = {
    "county": "Papers and files that it signed are no longer proof by themselves; the register answers for them, "
    "and new ones can be fetched.",
    "trainer": "Her certificate stands, and she gets another key. Files of those whom she certified name this one: "
    "new ones can be fetched.",
    "seal": "PDF files that were fetched before bear it; whoever fetches one from now on gets the new seal.",
}


@keys.command("list")
def keys_list() -> None:
    """Every key that signs or has signed: kind, state, since when, name, whose. Secrets are never shown."""
    with application(), _looking():
        holders = dict(db.session.execute(select(Certificate.id, Certificate.number).join(SigningKey)).all())
        for key in signing_keys.every():
            click.echo(f"{_line(key)}  {holders.get(key.certificate_id or 0, '')}".rstrip())


@keys.command("succeed")
@click.option("--yes", is_flag=True, help="Do not ask.")
def keys_succeed(yes: bool) -> None:
    """Let the spare take over as the county's key; what was signed before is believed on."""
    if not yes:
        click.confirm("Let the spare key sign from now on?", abort=True, err=True)
    with application():
        new = signing_keys.succeed(by=None)
        db.session.commit()
        click.echo(f"{new.public} signs from now on; the next spare is listed")


@keys.command("compromise")
@click.argument("name", metavar="KEY")
@click.option("--yes", is_flag=True, help="Do not ask.")
def keys_compromise(name: str, yes: bool) -> None:
    """Withdraw a key that somebody else may have, and sign anew what rests on it. Doing it again is safe."""
    with application():
        with _looking():
            key = signing_keys.named(name)
            told = f"{_line(key)}\n{EFFECT[key.kind]}\n{len(signing_anew.resting_on(key))} certificates rest on it."
        click.echo(told, err=True)
        if not yes:
            click.confirm("Withdraw it for ever and sign them anew?", abort=True, err=True)
        done = _withdrawn(name)
        click.echo(f"{name} is withdrawn; {done} certificates are signed anew")


def _withdrawn(name: str) -> int:
    """Withdraw it and sign anew until nothing is left: what others were issuing meanwhile comes in the next round."""
    done, say = 0, share if is_heard() else keep_quiet
    while True:
        more = signing_anew.compromised(signing_keys.named(name), by=None, say=say)
        db.session.commit()
        done += more
        if not more:
            return done


def _line(key: SigningKey) -> str:
    state, since = signing_keys.state_of(key)
    return f"{key.kind:<7}  {state:<9}  {since:%Y-%m-%d}  {signing_keys.name_of(key)}"


@contextmanager
def _looking() -> Iterator[None]:
    """Only look: whoever thinks before answering holds up nobody who writes."""
    try:
        with only_reading():
            yield
    finally:
        db.session.rollback()
