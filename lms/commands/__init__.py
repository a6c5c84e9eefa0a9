"""The command `lms`: exit 0 done, 1 refused with one clear line and nothing half done, 2 wrong usage.

One module per thing that is done; what it brings is registered in COMMANDS and nowhere else. A module is loaded when
its command is asked for: most need the whole application, and checking a certificate needs none of it.
"""

from importlib import import_module

import click

COMMANDS = {
    "init": "installation:init",
    "serve": "serving:serve",
    "work": "serving:work",
    "project": "projects:project",
    "people": "projects:people",
    "esf": "esf:esf",
    "ledger": "ledger:ledger",
    "keys": "signing_keys:keys",
    "certificate": "certificate:certificate",
    "certificates": "certificates:certificates",
    "backup": "backup:make_backup",
    "restore": "backup:restore",
    "doctor": "doctor:doctor",
    "demo": "demo:demo",
}
"""Name → the module of this package and what it is called there."""


class _Commands(click.Group):
    def list_commands(self, _context: click.Context) -> list[str]:
        return sorted(COMMANDS)

    def get_command(self, _context: click.Context, name: str) -> click.Command | None:
        if name not in COMMANDS:
            return None
        module, _colon, attribute = COMMANDS[name].partition(":")
        command: click.Command = getattr(import_module(f"lms.commands.{module}"), attribute)
        return command


@click.group(cls=_Commands)
def main() -> None:
    """Pärlband: courses, attendance and certificates for train-the-trainer programmes."""
