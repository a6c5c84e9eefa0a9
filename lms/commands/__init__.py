"""The command `lms`: exit 0 done, 1 refused with one clear line and nothing half done, 2 wrong usage.

One module per thing that is done; what it brings is registered in COMMANDS and nowhere else.
"""

import click

from lms.commands.backup import make_backup, restore
from lms.commands.demo import demo
from lms.commands.doctor import doctor
from lms.commands.esf import esf
from lms.commands.installation import init, prepare
from lms.commands.ledger import ledger
from lms.commands.line import application
from lms.commands.projects import people, project
from lms.commands.serving import serve, work
from lms.commands.signing_keys import keys

__all__ = ["application", "main", "prepare"]


@click.group()
def main() -> None:
    """Pärlband: courses, attendance and certificates for train-the-trainer programmes."""


COMMANDS = (init, serve, work, project, people, esf, ledger, keys, make_backup, restore, doctor, demo)
for command in COMMANDS:
    main.add_command(command)
