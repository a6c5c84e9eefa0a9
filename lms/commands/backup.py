"""`lms backup` and `lms restore`: one file out, and an empty installation filled from it."""

from pathlib import Path

import click

from courses import proof
from courses.proof import words as proof_words
from lms import audit, backup, catalogue, kept, notes
from lms.commands.line import Refusal, application, is_heard, keep_quiet
from lms.db import db
from lms.notes import InstallationNote
from lms.secrets import fingerprint, keys


@click.command("backup")
@click.argument("file", type=click.Path(dir_okay=False, path_type=Path))
def make_backup(file: Path) -> None:
    """Write database and uploads of this moment into one new file, while the server runs."""
    with application():
        made = backup.make(file, _say if is_heard() else keep_quiet)
        manifest = made.manifest
        notes.write("backup", file.name)
        details = {"rows": manifest.rows, "uploads": manifest.uploads, "bytes": made.size}
        audit.record("backup.made", InstallationNote(), by=None, details=details)
        db.session.commit()
        click.echo(f"{file}: {manifest.rows} rows, {manifest.uploads} uploads, {made.size} bytes")
        _warn(made)


def _warn(made: backup.Made) -> None:
    key, manifest = fingerprint(keys()[0]), made.manifest
    _say(
        f"LMS_KEY_ENCRYPTION_KEY (fingerprint {key}) is NOT in the backup and must be kept apart from it: without the "
        f"key nobody can ever read {kept.LOST} in it"
    )
    others = [name for name, values in manifest.keys.items() if values and name != key]
    if others:
        _say(f"warning: the backup also needs the earlier key (fingerprint {others[0]}). Run: lms keys rotate")
    if manifest.unreadable:
        _say(f"warning: {manifest.unreadable} values in it are under no key that is set: nobody can read them")
    if manifest.lacking:
        _say(f"warning: {len(manifest.lacking)} uploads are gone or damaged and not in the backup. See: lms doctor")
    if told := kept.warning():
        _say(told)


@click.command()
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--without-key", is_flag=True, help="Restore although the key is gone, and lose what it encrypts.")
def restore(file: Path, without_key: bool) -> None:
    """Fill an empty installation from a backup; all or nothing."""
    catalogue.compile_all()
    say = _say if is_heard() else keep_quiet
    with application() as app:
        done = backup.restore(app, file, without_key=without_key, say=say)
        notes.write("restored", file.name)
        details = {"made_at": done.manifest.made_at, "rows": done.manifest.rows, "lost": sum(done.lost.values())}
        audit.record("backup.restored", InstallationNote(), by=None, details=details)
        db.session.commit()
        click.echo(f"{done.manifest.rows} rows and {done.manifest.uploads} uploads of {done.manifest.made_at} restored")
        _tell(app.config["SETTINGS"].base_url, done)
        _prove()


def _tell(base_url: str, done: backup.Restored) -> None:
    _say(
        f"what was done after {done.manifest.made_at} is not in it: revoke again what was revoked since, and issue "
        "again what was issued since"
    )
    for place, values in done.lost.items():
        _say(f"lost: {values} values of {place}")
    if done.manifest.lacking:
        _say(f"warning: {len(done.manifest.lacking)} uploads were not in the backup")
    if done.manifest.base_url != base_url:
        _say(f"warning: certificates and mail of the backup name {done.manifest.base_url}, LMS_BASE_URL is {base_url}")
    click.echo("next: lms init, lms doctor")


def _prove() -> None:
    """The ledger is as it was in the backup: what disagrees now did so then, and is told."""
    found = proof.prove()
    proof.keep(found, by=None)
    db.session.commit()
    if found.findings:
        told = "everything is restored, and the ledger does not agree with itself, as it did not in the backup:"
        raise Refusal("\n".join([told, *(proof_words.sentence(each) for each in found.findings)]))
    click.echo(f"ledger: {found.entries} entries, head {found.head.entry_id} {found.head.hash}, nothing is wrong")


def _say(text: str) -> None:
    click.echo(text, err=True)
