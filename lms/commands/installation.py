"""`lms init`: the database of this version, what is taught, and the first administrator."""

import click
from flask import Flask

from certificates.proof import keys, signing, signing_anew
from courses import materials
from lms import bytecode, catalogue, kept, rotation, schema
from lms.commands.line import application, give
from lms.db import db


@click.command()
@click.option("--administrator", metavar="EMAIL", help="Make this person administrator of the installation.")
def init(administrator: str | None) -> None:
    """Create or update the database and publish what is taught."""
    catalogue.compile_all()
    with application() as app:
        bytecode.compile_all(app)
        prepare(app)
        rotation.check_readable()
        if administrator:
            give(administrator, "administrator")
            db.session.commit()
        if told := kept.warning():
            click.echo(told, err=True)


def prepare(app: Flask) -> None:
    """Bring the database to this version, make the keys that sign, and publish the programmes that ship."""
    schema.bring_up(app)
    keys.make_missing()
    signing.sign_missing()
    signing_anew.after_loss()
    materials.publish_all()
    db.session.commit()
