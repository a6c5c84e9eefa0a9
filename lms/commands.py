"""The command `lms`: exit 0 done, 1 refused with one clear line and nothing half done, 2 wrong usage."""

import gc
import os
import socket
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import date
from functools import partial
from pathlib import Path

import click
from flask import Flask
from sqlalchemy.exc import OperationalError, ProgrammingError

import config
from courses import materials, proof
from courses.esf import export
from courses.proof import words as proof_words
from lms import catalogue, clock, heap, jobs, people, people_file, people_import, plan, projects, rotation, schema
from lms import demo as telling
from lms.app import create_app
from lms.db import db, reading
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
            yield app
    except (config.SettingsError, Refused) as error:
        raise Refusal(str(error)) from error
    except (OperationalError, ProgrammingError) as error:
        raise Refusal(_no_database(error.orig)) from error


def _no_database(error: BaseException | None) -> str:
    return f"the database does not do what is asked: {str(error).splitlines()[0]}. Is it prepared? Run: lms init"


def _check_prepared(app: Flask) -> None:
    """Refused when the database is not of this version. What is forked afterwards opens its own connections."""
    current = schema.is_current()
    reading(only=True)  # a start waits for no writer
    try:
        rotation.check_readable()
    finally:
        reading(only=False)
        db.session.remove()
        db.engine.dispose()
    app.extensions[jobs.EXTENSION].storage.close()
    if not current:
        raise Refused("the database is not prepared for this version. Run: lms init", "not_prepared")


def _check_free(host: str, port: int) -> None:
    """Refused when somebody listens already: the server shares its port, and half of the visitors would go astray."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError as error:
            raise Refused(f"{host}:{port} cannot be used: {error.strerror}. Choose another --port", "port") from error


@click.group()
def main() -> None:
    """Pärlband: courses, attendance and certificates for train-the-trainer programmes."""


@main.command()
@click.option("--administrator", metavar="EMAIL", help="Make this person administrator of the installation.")
def init(administrator: str | None) -> None:
    """Create or update the database and publish what is taught."""
    catalogue.compile_all()
    with application() as app:
        prepare(app)
        rotation.check_readable()
        if administrator:
            _give(administrator, "administrator")
            db.session.commit()


def _give(email: str, role: str, project_id: int | None = None) -> None:
    """Give somebody the first role of its kind; who is new gets a name from the address until it is corrected."""
    address = people.normal_email(email)
    if not address or "@" not in address:
        raise click.BadParameter("write an e-mail address")
    given, _dot, family = address.split("@")[0].replace("_", ".").partition(".")
    person = people.find_person(email=address) or people.add_person(
        given.title(), family.replace(".", " ").title(), email=address, by=None
    )
    people.give_role(person, role, project_id=project_id, by=None)


def prepare(app: Flask) -> None:
    """Bring the database to this version and publish the programmes that ship."""
    schema.bring_up(app)
    materials.publish_all()
    db.session.commit()


@main.command()
@click.option("--host", default="127.0.0.1", show_default=True)
@click.option("--port", default=8000, show_default=True, type=click.IntRange(1, 65535))
@click.option("--workers", default=1, show_default=True, type=click.IntRange(1), help="Web processes.")
@click.option("--with-worker", is_flag=True, help="Run the background work inside the web processes.")
def serve(host: str, port: int, workers: int, with_worker: bool) -> None:
    """Serve the web application (and, when asked, the worker)."""
    from granian import Granian  # noqa: PLC0415  only the server needs it
    from granian.constants import Interfaces  # noqa: PLC0415  goes with it

    with application(_served) as app:
        _check_prepared(app)
        _check_free(host, port)
    heap.one_arena()
    gc.collect()
    heap.give_back()
    gc.freeze()
    Granian(
        "lms.wsgi:app",
        address=host,
        port=port,
        interface=Interfaces.WSGI,
        websockets=False,
        workers=workers,
        blocking_threads=4,
        backpressure=64,
        respawn_failed_workers=True,
    ).serve(target_loader=partial(_web, os.getpid(), with_worker), wrap_loader=False)


def _served() -> Flask:
    """The application that the web processes serve: forks of this one, they find it made and share its memory."""
    from lms.wsgi import app  # noqa: PLC0415  made when it is imported

    return app


@main.command()
def work() -> None:
    """Do the background work: send mail, open and close surveys, remind."""
    with application() as app:
        _check_prepared(app)
    _work(app)


def _work(app: Flask) -> None:
    with app.app_context():
        jobs.run_due(app)
    jobs.consumer(app).run()


def _web(server: int, with_worker: bool) -> Flask:
    """The application of a web process, and in it the worker when asked."""
    _never_outlive(server)
    from lms.wsgi import app  # noqa: PLC0415  see _served; made here where processes cannot be forked

    if with_worker:
        threading.Thread(target=_work_inside, args=(app,), daemon=True).start()
    return app


def _work_inside(app: Flask) -> None:
    """The worker as threads of a web process: nothing more to start, to watch or to hold in memory.

    Several workers at once are safe, and a web process that is started again brings its worker along.
    """
    with app.app_context():
        jobs.run_due(app)
    consumer = jobs.consumer(app)
    consumer.scheduler.start()
    for _number, thread in consumer.worker_threads:
        thread.start()


def _never_outlive(server: int) -> None:
    """End this process when the server is gone, however it ended: a child alone would hold the port and answer on."""

    def watch() -> None:
        while os.getppid() == server:
            time.sleep(2)
        os._exit(0)

    threading.Thread(target=watch, daemon=True).start()


@main.group()
def project() -> None:
    """Projects as data."""


@project.command("import")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--dry-run", is_flag=True, help="Show what would change, and change nothing.")
@click.option("--leader", metavar="EMAIL", help="Make this person project leader.")
def project_import(file: Path, dry_run: bool, leader: str | None) -> None:
    """Create or update a project from a TOML file."""
    with application():
        try:
            wanted = plan.read(file.read_text(encoding="utf-8"))
        except UnicodeDecodeError as error:
            raise Refusal(f"{file.name}: the file is not UTF-8") from error
        except plan.PlanError as error:
            raise Refusal("\n".join(problem.sentence() for problem in error.problems)) from error
        existing = projects.project_with(wanted.dnr)
        changes = plan.difference(existing.plan if existing else None, wanted)
        for change in changes if existing else []:
            click.echo(f"{change.key}: {change.before} -> {change.after}")
        if dry_run:
            return
        imported = projects.import_plan(wanted, by=None)
        if leader:
            _give(leader, "project_leader", imported.id)
        db.session.commit()
        click.echo("nothing to change" if existing and not changes else f"{wanted.title}: imported")


@main.group("people")
def people_group() -> None:
    """People from municipalities' lists."""


@people_group.command("import")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--project", "dnr", required=True, help="The project's dnr.")
@click.option("--dry-run", is_flag=True, help="List every problem by row, and change nothing.")
def people_import_command(file: Path, dnr: str, dry_run: bool) -> None:
    """Import people from CSV or XLSX; all or nothing."""
    with application():
        found = _project(dnr)
        read = people_file.read_people(file.read_bytes(), file.name, today=clock.today())
        preview = people_import.preview(found, read)
        if preview.problems:
            raise Refusal("\n".join(problem.sentence() for problem in preview.problems))
        if not dry_run:
            people_import.import_people(found, read, by=None)
            db.session.commit()
        click.echo(preview.summary())


@main.group()
def esf() -> None:
    """What the funder needs."""


@esf.command("export")
@click.argument("dnr")
@click.argument("month", metavar="YYYY-MM")
@click.option("--out", "folder", required=True, type=click.Path(file_okay=False, path_type=Path))
def esf_export(dnr: str, month: str, folder: Path) -> None:
    """Write the files of a closed month into a folder; of an open one its draft as XLSX and CSV."""
    try:
        first = date.fromisoformat(f"{month}-01")
    except ValueError as error:
        raise click.BadParameter("write the month as 2022-11", param_hint="YYYY-MM") from error
    with application():
        written = export.export(_project(dnr), first, folder)
        db.session.commit()
        for path in written:
            click.echo(path)


def _project(dnr: str) -> projects.Project:
    found = projects.project_with(dnr)
    if found is None:
        raise Refusal(f"there is no project with dnr {dnr}")
    return found


@main.group()
def ledger() -> None:
    """Attendance as an append-only chain."""


@ledger.command("verify")
def ledger_verify() -> None:
    """Recompute the chain and hold signatures and closed months against it; exit 1 when something disagrees."""
    with application():
        found = proof.prove(_counted if sys.stderr.isatty() else _keep_quiet)
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


@main.group()
def keys() -> None:
    """The keys of the installation."""


@keys.command("rotate")
def keys_rotate() -> None:
    """Encrypt everything anew under LMS_KEY_ENCRYPTION_KEY; the earlier key is LMS_KEY_ENCRYPTION_KEY_OLD."""
    with application():
        done = rotation.rotate(_share if sys.stderr.isatty() else _share_quietly)
        db.session.commit()
    told = f"{done.changed} values encrypted anew, {done.already} were already, {done.hashes} keyed hashes made anew"
    click.echo(told)


def _share(done: int, total: int) -> None:
    click.echo(f"\r{done} of {total}", err=True, nl=done == total)


def _share_quietly(_done: int, _total: int) -> None:
    """What runs in a pipe says nothing until it is done."""


@main.group()
def demo() -> None:
    """The whole SMAIL project with people who do not exist."""


@demo.command("load")
@click.option("--scale", default=1, show_default=True, type=click.IntRange(min=1), help="How many times the 145 users.")
@click.option("--as-planned", is_flag=True, help="Keep the years 2022-2023.")
@click.option("--if-empty", is_flag=True, help="Do nothing when there are people already.")
@click.option("--progress", is_flag=True, help="Say how far it is, also when no terminal listens.")
def demo_load(scale: int, as_planned: bool, if_empty: bool, progress: bool) -> None:
    """Tell the story of SMAIL to about two thirds, with the operations that the screens call."""
    with application() as app:
        if not app.config["SETTINGS"].demo:
            raise Refusal("the demo is only loaded with LMS_DEMO=1")
        if if_empty and telling.is_loaded():
            return
        heard = progress or sys.stderr.isatty()
        telling.load(scale=scale, as_planned=as_planned, say=_say if heard else _keep_quiet)


def _say(text: str) -> None:
    click.echo(text, err=True)


def _keep_quiet(_text: object) -> None:
    """What runs in a pipe says nothing until it is done."""
