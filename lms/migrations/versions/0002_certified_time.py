"""Certified time: the ledger becomes a chain; signatures of hours, check-ins and closed months."""

import hashlib
import json
from datetime import UTC, date, datetime

import sqlalchemy as sa
from alembic import op

APPEND_ONLY = (
    "check_in",
    "hours_approval",
    "hours_signature",
    "month_closing",
    "month_sending",
    "objection",
    "objection_answer",
    "signed_entry",
)
COVERED = (
    "id", "project_id", "person_id", "organisation_id", "activity_id", "session_id", "kind", "day", "minutes", "came_at",
    "left_at", "absence", "method", "recorded_by_id", "happened_at", "recorded_at", "nonce", "replaces_id", "reason",
    "previous_hash",
)  # fmt: skip
FIRST = sa.text("replaces_id IS NULL AND session_id IS NULL")
LOOSE = sa.text("session_id IS NULL")
revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade():
    chain_the_ledger()
    name_who_signs_for_another()
    keep_uploads_of_attendance()
    create_tables()
    for table in APPEND_ONLY:
        make_append_only(table)


def chain_the_ledger():
    """Every entry gets the hash of the one before and its own, in the order they were written."""
    let_change("attendance_entry")
    with op.batch_alter_table("attendance_entry") as batch:
        batch.add_column(sa.Column("previous_hash", sa.String(64), nullable=True))
        batch.add_column(sa.Column("hash", sa.String(64), nullable=True))
    link_entries()
    with op.batch_alter_table("attendance_entry") as batch:
        batch.alter_column("previous_hash", existing_type=sa.String(64), nullable=False)
        batch.alter_column("hash", existing_type=sa.String(64), nullable=False)
        batch.drop_constraint("method", type_="check")
        batch.drop_constraint("absence", type_="check")
        batch.create_check_constraint(
            "method", "method IN ('sheet', 'self', 'import', 'offline', 'paper', 'review')"
        )
        batch.create_check_constraint(
            "absence",
            "absence IS NULL OR absence IN ('ill', 'other_duty', 'unknown', 'moved')",
        )
        batch.create_unique_constraint("uq_attendance_entry_hash", ["hash"])
        batch.drop_index("uq_attendance_entry_first_without_session")
        batch.create_index(
            "uq_attendance_entry_first_without_session",
            ["activity_id", "person_id", "kind", "day"],
            unique=True,
            sqlite_where=FIRST,
            postgresql_where=FIRST,
        )
        batch.create_index(
            "ix_attendance_entry_without_session",
            ["project_id", "person_id", "day"],
            sqlite_where=LOOSE,
            postgresql_where=LOOSE,
        )
    make_append_only("attendance_entry")


def link_entries():
    connection = op.get_bind()
    table = sa.Table("attendance_entry", sa.MetaData(), autoload_with=connection)
    before = "0" * 64
    for row in connection.execute(sa.select(table).order_by(table.c.id)).mappings().all():
        whole = dict(row) | {"previous_hash": before}
        covered = [[name, plain(whole[name])] for name in COVERED]
        text = json.dumps(covered, separators=(",", ":"), ensure_ascii=True)
        made = hashlib.sha256(text.encode()).hexdigest()
        connection.execute(
            sa.update(table).where(table.c.id == row["id"]).values(previous_hash=before, hash=made)
        )
        before = made


def plain(value):
    if isinstance(value, datetime):
        moment = value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)
        return moment.isoformat(timespec="microseconds")
    return value.isoformat() if isinstance(value, date) else value


def name_who_signs_for_another():
    let_change("sign_off")
    with op.batch_alter_table("sign_off") as batch:
        batch.add_column(sa.Column("deputy_reason", sa.Text(), nullable=False, server_default=""))
        batch.add_column(sa.Column("head_count", sa.Integer(), nullable=True))
    with op.batch_alter_table("sign_off") as batch:
        batch.alter_column("deputy_reason", existing_type=sa.Text(), server_default=None)
    make_append_only("sign_off")


def keep_uploads_of_attendance():
    with op.batch_alter_table("pending_upload") as batch:
        batch.drop_constraint("kind", type_="check")
        batch.create_check_constraint("kind", "kind IN ('people', 'plan', 'attendance')")


def create_tables():
    op.create_table('bundle_progress',
    sa.Column('token', sa.String(length=40), nullable=False),
    sa.Column('by_id', sa.Integer(), nullable=False),
    sa.Column('made', sa.Integer(), nullable=False),
    sa.Column('total', sa.Integer(), nullable=False),
    sa.Column('at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('failed', sa.Boolean(), nullable=False),
    sa.ForeignKeyConstraint(['by_id'], ['person.id'], name=op.f('fk_bundle_progress_by_id')),
    sa.PrimaryKeyConstraint('token', name=op.f('pk_bundle_progress'))
    )
    op.create_table('employment',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('person_id', sa.Integer(), nullable=False),
    sa.Column('since', sa.Date(), nullable=False),
    sa.Column('organisation_id', sa.Integer(), nullable=True),
    sa.ForeignKeyConstraint(['organisation_id'], ['organisation.id'], name=op.f('fk_employment_organisation_id')),
    sa.ForeignKeyConstraint(['person_id'], ['person.id'], name=op.f('fk_employment_person_id')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_employment')),
    sa.UniqueConstraint('person_id', 'since', name=op.f('uq_employment_person_id_since'))
    )
    with op.batch_alter_table('employment', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_employment_organisation_id'), ['organisation_id'], unique=False)
        batch_op.create_index(batch_op.f('ix_employment_person_id'), ['person_id'], unique=False)

    op.create_table('hours_signature',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('project_id', sa.Integer(), nullable=False),
    sa.Column('person_id', sa.Integer(), nullable=False),
    sa.Column('by_id', sa.Integer(), nullable=False),
    sa.Column('kind', sa.String(length=12), nullable=False),
    sa.Column('way', sa.String(length=10), nullable=False),
    sa.Column('at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('entries_hash', sa.String(length=64), nullable=False),
    sa.Column('minutes', sa.Integer(), nullable=False),
    sa.CheckConstraint("(kind = 'participant') = (by_id = person_id)", name=op.f('ck_hours_signature_own_hours')),
    sa.CheckConstraint("kind IN ('participant', 'manager')", name=op.f('ck_hours_signature_kind')),
    sa.CheckConstraint("way IN ('signed_in', 'code', 'handed_in')", name=op.f('ck_hours_signature_way')),
    sa.ForeignKeyConstraint(['by_id'], ['person.id'], name=op.f('fk_hours_signature_by_id')),
    sa.ForeignKeyConstraint(['person_id'], ['person.id'], name=op.f('fk_hours_signature_person_id')),
    sa.ForeignKeyConstraint(['project_id'], ['project.id'], name=op.f('fk_hours_signature_project_id')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_hours_signature'))
    )
    with op.batch_alter_table('hours_signature', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_hours_signature_person_id'), ['person_id'], unique=False)
        batch_op.create_index(batch_op.f('ix_hours_signature_project_id'), ['project_id'], unique=False)

    op.create_table('month_closing',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('project_id', sa.Integer(), nullable=False),
    sa.Column('first', sa.Date(), nullable=False),
    sa.Column('version', sa.Integer(), nullable=False),
    sa.Column('reason', sa.Text(), nullable=False),
    sa.Column('by_id', sa.Integer(), nullable=False),
    sa.Column('at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('head_entry_id', sa.Integer(), nullable=False),
    sa.Column('head_hash', sa.String(length=64), nullable=False),
    sa.Column('people', sa.Integer(), nullable=False),
    sa.Column('minutes', sa.Integer(), nullable=False),
    sa.Column('snapshot_hash', sa.String(length=64), nullable=False),
    sa.Column('figures', sa.String(length=64), nullable=False),
    sa.Column('changes_report', sa.Boolean(), nullable=False),
    sa.Column('snapshot', sa.LargeBinary(), nullable=False),
    sa.CheckConstraint('version = 1 OR length(reason) > 2', name=op.f('ck_month_closing_reason')),
    sa.CheckConstraint('version >= 1', name=op.f('ck_month_closing_version')),
    sa.ForeignKeyConstraint(['by_id'], ['person.id'], name=op.f('fk_month_closing_by_id')),
    sa.ForeignKeyConstraint(['project_id'], ['project.id'], name=op.f('fk_month_closing_project_id')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_month_closing')),
    sa.UniqueConstraint('project_id', 'first', 'version', name=op.f('uq_month_closing_project_id_first_version'))
    )
    op.create_table('closing_number',
    sa.Column('closing_id', sa.Integer(), nullable=False),
    sa.Column('person_id', sa.Integer(), nullable=False),
    sa.Column('cipher', sa.LargeBinary(), nullable=False),
    sa.ForeignKeyConstraint(['closing_id'], ['month_closing.id'], name=op.f('fk_closing_number_closing_id')),
    sa.ForeignKeyConstraint(['person_id'], ['person.id'], name=op.f('fk_closing_number_person_id')),
    sa.PrimaryKeyConstraint('closing_id', 'person_id', name=op.f('pk_closing_number'))
    )
    with op.batch_alter_table('closing_number', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_closing_number_person_id'), ['person_id'], unique=False)

    op.create_table('month_sending',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('project_id', sa.Integer(), nullable=False),
    sa.Column('first', sa.Date(), nullable=False),
    sa.Column('closing_id', sa.Integer(), nullable=False),
    sa.Column('day', sa.Date(), nullable=False),
    sa.Column('by_id', sa.Integer(), nullable=False),
    sa.Column('at', sa.DateTime(timezone=True), nullable=False),
    sa.ForeignKeyConstraint(['by_id'], ['person.id'], name=op.f('fk_month_sending_by_id')),
    sa.ForeignKeyConstraint(['closing_id'], ['month_closing.id'], name=op.f('fk_month_sending_closing_id')),
    sa.ForeignKeyConstraint(['project_id'], ['project.id'], name=op.f('fk_month_sending_project_id')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_month_sending'))
    )
    with op.batch_alter_table('month_sending', schema=None) as batch_op:
        batch_op.create_index('ix_month_sending_month', ['project_id', 'first'], unique=False)

    op.create_table('check_in_rules',
    sa.Column('session_id', sa.Integer(), nullable=False),
    sa.Column('secret', sa.String(length=64), nullable=False),
    sa.Column('early_minutes', sa.Integer(), nullable=False),
    sa.Column('late_minutes', sa.Integer(), nullable=False),
    sa.CheckConstraint('early_minutes BETWEEN 0 AND 240', name=op.f('ck_check_in_rules_early')),
    sa.CheckConstraint('late_minutes BETWEEN 0 AND 240', name=op.f('ck_check_in_rules_late')),
    sa.ForeignKeyConstraint(['session_id'], ['session.id'], name=op.f('fk_check_in_rules_session_id')),
    sa.PrimaryKeyConstraint('session_id', name=op.f('pk_check_in_rules'))
    )
    op.create_table('check_in',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('session_id', sa.Integer(), nullable=False),
    sa.Column('person_id', sa.Integer(), nullable=False),
    sa.Column('act', sa.String(length=3), nullable=False),
    sa.Column('way', sa.String(length=4), nullable=False),
    sa.Column('device', sa.String(length=64), nullable=False),
    sa.Column('at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('entry_id', sa.Integer(), nullable=True),
    sa.CheckConstraint("act IN ('in', 'out')", name=op.f('ck_check_in_act')),
    sa.CheckConstraint("way IN ('qr', 'code')", name=op.f('ck_check_in_way')),
    sa.ForeignKeyConstraint(['entry_id'], ['attendance_entry.id'], name=op.f('fk_check_in_entry_id')),
    sa.ForeignKeyConstraint(['person_id'], ['person.id'], name=op.f('fk_check_in_person_id')),
    sa.ForeignKeyConstraint(['session_id'], ['session.id'], name=op.f('fk_check_in_session_id')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_check_in'))
    )
    with op.batch_alter_table('check_in', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_check_in_person_id'), ['person_id'], unique=False)
        batch_op.create_index('ix_check_in_session_device', ['session_id', 'device'], unique=False)

    op.create_table('hours_approval',
    sa.Column('entry_id', sa.Integer(), nullable=False),
    sa.Column('by_id', sa.Integer(), nullable=False),
    sa.Column('at', sa.DateTime(timezone=True), nullable=False),
    sa.ForeignKeyConstraint(['by_id'], ['person.id'], name=op.f('fk_hours_approval_by_id')),
    sa.ForeignKeyConstraint(['entry_id'], ['attendance_entry.id'], name=op.f('fk_hours_approval_entry_id')),
    sa.PrimaryKeyConstraint('entry_id', name=op.f('pk_hours_approval'))
    )
    op.create_table('objection',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('entry_id', sa.Integer(), nullable=False),
    sa.Column('person_id', sa.Integer(), nullable=False),
    sa.Column('minutes', sa.Integer(), nullable=False),
    sa.Column('comment', sa.Text(), nullable=False),
    sa.Column('at', sa.DateTime(timezone=True), nullable=False),
    sa.CheckConstraint('minutes >= 0 AND minutes <= 1440', name=op.f('ck_objection_minutes')),
    sa.ForeignKeyConstraint(['entry_id'], ['attendance_entry.id'], name=op.f('fk_objection_entry_id')),
    sa.ForeignKeyConstraint(['person_id'], ['person.id'], name=op.f('fk_objection_person_id')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_objection')),
    sa.UniqueConstraint('entry_id', name=op.f('uq_objection_entry_id'))
    )
    with op.batch_alter_table('objection', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_objection_person_id'), ['person_id'], unique=False)

    op.create_table('signed_entry',
    sa.Column('entry_id', sa.Integer(), nullable=False),
    sa.Column('kind', sa.String(length=12), nullable=False),
    sa.Column('signature_id', sa.Integer(), nullable=False),
    sa.ForeignKeyConstraint(['entry_id'], ['attendance_entry.id'], name=op.f('fk_signed_entry_entry_id')),
    sa.ForeignKeyConstraint(['signature_id'], ['hours_signature.id'], name=op.f('fk_signed_entry_signature_id')),
    sa.PrimaryKeyConstraint('entry_id', 'kind', name=op.f('pk_signed_entry'))
    )
    with op.batch_alter_table('signed_entry', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_signed_entry_signature_id'), ['signature_id'], unique=False)

    op.create_table('objection_answer',
    sa.Column('objection_id', sa.Integer(), nullable=False),
    sa.Column('by_id', sa.Integer(), nullable=False),
    sa.Column('at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('comment', sa.Text(), nullable=False),
    sa.ForeignKeyConstraint(['by_id'], ['person.id'], name=op.f('fk_objection_answer_by_id')),
    sa.ForeignKeyConstraint(['objection_id'], ['objection.id'], name=op.f('fk_objection_answer_objection_id')),
    sa.PrimaryKeyConstraint('objection_id', name=op.f('pk_objection_answer'))
    )
    with op.batch_alter_table('participation', schema=None) as batch_op:
        batch_op.add_column(sa.Column('until', sa.Date(), nullable=True))
        batch_op.add_column(sa.Column('placeholder', sa.String(length=20), nullable=True))


def let_change(table):
    """Take the triggers away for as long as this migration needs."""
    if op.get_bind().dialect.name == "sqlite":
        for act in ("update", "delete"):
            op.execute(f"DROP TRIGGER IF EXISTS {table}_no_{act}")
    else:
        op.execute(f"DROP TRIGGER IF EXISTS {table}_append_only ON {table}")


def make_append_only(table):
    let_change(table)
    if op.get_bind().dialect.name == "sqlite":
        for act in ("update", "delete"):
            op.execute(
                f"CREATE TRIGGER {table}_no_{act} BEFORE {act.upper()} ON {table} "
                f"BEGIN SELECT RAISE(ABORT, '{table} is append-only'); END"
            )
        return
    op.execute(
        f"CREATE TRIGGER {table}_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON {table} "
        "FOR EACH STATEMENT EXECUTE FUNCTION refuse_change()"
    )


def downgrade():
    raise NotImplementedError("certified hours are not taken back: restore the backup made before")
