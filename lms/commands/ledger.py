"""`lms ledger …`: the chain of attendance is recomputed."""

import click

from courses import proof
from courses.proof import words as proof_words
from lms.commands.line import Refusal, application, is_heard, keep_quiet
from lms.db import db


@click.group()
def ledger() -> None:
    """Attendance as an append-only chain."""


@ledger.command("verify")
def ledger_verify() -> None:
    """Recompute the chain and hold signatures and closed months against it; exit 1 when something disagrees."""
    with application():
        found = proof.prove(_counted if is_heard() else keep_quiet)
        proof.keep(found, by=None)
        db.session.commit()
        click.echo(f"{found.entries} entries, head {found.head.entry_id} {found.head.hash}")
        for each in found.findings:
            click.echo(proof_words.sentence(each))
        if found.findings:
            raise Refusal(f"the ledger does not agree with itself; faults: {len(found.findings)}")
        click.echo("nothing is wrong")


def _counted(done: int) -> None:
    """Progress that a terminal writes over."""
    click.echo(f"{done} entries so far\r", err=True, nl=False)
