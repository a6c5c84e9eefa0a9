"""`lms doctor`: one line for each thing the installation needs."""

import click

import certificates.proof.health  # noqa: F401  adds what only it knows to the checks
from lms import doctor as examining
from lms.commands.line import Refusal, application
from lms.db import only_reading


@click.command()
def doctor() -> None:
    """Check the installation; exit 1 when something is at fault."""
    with application():
        faults = 0
        with only_reading():
            for finding in examining.examine():
                faults += finding.state == "fault"
                click.echo(finding.line())
        if faults:
            raise Refusal(f"faults: {faults}")
