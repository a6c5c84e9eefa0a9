"""Proof: keys, signed credentials, lists of revocations; a certificate can be replaced."""

import sqlalchemy as sa
from alembic import op

APPEND_ONLY = (
    "achievement",
    "certificate_decision",
    "credential",
)
revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade():
    let_certificates_be_replaced()
    create_tables()
    for table in APPEND_ONLY:
        make_append_only(table)


def let_certificates_be_replaced():
    let_change("certificate_event")
    with op.batch_alter_table("certificate_event") as batch:
        batch.add_column(sa.Column("doubted_from", sa.Date(), nullable=True))
        batch.drop_constraint("kind", type_="check")
        batch.create_check_constraint("kind", "kind IN ('revoked', 'replaced')")
    make_append_only("certificate_event")


def create_tables():
    op.create_table('achievement',
    sa.Column('slug', sa.String(length=120), nullable=False),
    sa.Column('text', sa.Text(), nullable=False),
    sa.Column('made_at', sa.DateTime(timezone=True), nullable=False),
    sa.PrimaryKeyConstraint('slug', name=op.f('pk_achievement'))
    )
    op.create_table('installation_note',
    sa.Column('key', sa.String(length=40), nullable=False),
    sa.Column('value', sa.String(length=200), nullable=False),
    sa.Column('at', sa.DateTime(timezone=True), nullable=False),
    sa.PrimaryKeyConstraint('key', name=op.f('pk_installation_note'))
    )
    op.create_table('certificate_wish',
    sa.Column('certificate_id', sa.Integer(), nullable=False),
    sa.Column('wanted', sa.String(length=160), nullable=True),
    sa.Column('asked_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('outcome', sa.String(length=10), nullable=True),
    sa.Column('answered_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('answered_by_id', sa.Integer(), nullable=True),
    sa.CheckConstraint("outcome IN ('renamed', 'kept', 'closed')", name=op.f('ck_certificate_wish_outcome')),
    sa.CheckConstraint('(wanted IS NULL) = (outcome IS NOT NULL)', name=op.f('ck_certificate_wish_forgotten')),
    sa.ForeignKeyConstraint(['answered_by_id'], ['person.id'], name=op.f('fk_certificate_wish_answered_by_id')),
    sa.ForeignKeyConstraint(['certificate_id'], ['certificate.id'], name=op.f('fk_certificate_wish_certificate_id')),
    sa.PrimaryKeyConstraint('certificate_id', name=op.f('pk_certificate_wish'))
    )
    with op.batch_alter_table('certificate_wish', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_certificate_wish_answered_by_id'), ['answered_by_id'], unique=False)

    op.create_table('signing_key',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('kind', sa.String(length=10), nullable=False),
    sa.Column('public', sa.Text(), nullable=False),
    sa.Column('cipher', sa.LargeBinary(), nullable=False),
    sa.Column('certificate_id', sa.Integer(), nullable=True),
    sa.Column('made_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('used_from', sa.DateTime(timezone=True), nullable=True),
    sa.Column('retired_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('revoked_at', sa.DateTime(timezone=True), nullable=True),
    sa.CheckConstraint("kind IN ('county', 'trainer', 'seal')", name=op.f('ck_signing_key_kind')),
    sa.ForeignKeyConstraint(['certificate_id'], ['certificate.id'], name=op.f('fk_signing_key_certificate_id')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_signing_key')),
    sa.UniqueConstraint('public', name=op.f('uq_signing_key_public'))
    )
    with op.batch_alter_table('signing_key', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_signing_key_certificate_id'), ['certificate_id'], unique=False)
        batch_op.create_index('uq_signing_key_in_use', ['kind'], unique=True, sqlite_where=sa.text("kind <> 'trainer' AND used_from IS NOT NULL AND retired_at IS NULL"), postgresql_where=sa.text("kind <> 'trainer' AND used_from IS NOT NULL AND retired_at IS NULL"))
        batch_op.create_index('uq_signing_key_of_certificate', ['certificate_id'], unique=True, sqlite_where=sa.text('retired_at IS NULL'), postgresql_where=sa.text('retired_at IS NULL'))

    op.create_table('certificate_decision',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('certificate_id', sa.Integer(), nullable=False),
    sa.Column('event_id', sa.Integer(), nullable=False),
    sa.Column('outcome', sa.String(length=10), nullable=False),
    sa.Column('at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('by_id', sa.Integer(), nullable=False),
    sa.Column('note', sa.Text(), nullable=False),
    sa.CheckConstraint("outcome IN ('keep', 'revoke')", name=op.f('ck_certificate_decision_outcome')),
    sa.ForeignKeyConstraint(['by_id'], ['person.id'], name=op.f('fk_certificate_decision_by_id')),
    sa.ForeignKeyConstraint(['certificate_id'], ['certificate.id'], name=op.f('fk_certificate_decision_certificate_id')),
    sa.ForeignKeyConstraint(['event_id'], ['certificate_event.id'], name=op.f('fk_certificate_decision_event_id')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_certificate_decision')),
    sa.UniqueConstraint('certificate_id', 'event_id', name=op.f('uq_certificate_decision_certificate_id_event_id'))
    )
    with op.batch_alter_table('certificate_decision', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_certificate_decision_by_id'), ['by_id'], unique=False)
        batch_op.create_index(batch_op.f('ix_certificate_decision_event_id'), ['event_id'], unique=False)

    op.create_table('status_list',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('name', sa.String(length=16), nullable=False),
    sa.Column('key_id', sa.Integer(), nullable=True),
    sa.Column('text', sa.Text(), nullable=False),
    sa.Column('signed_at', sa.DateTime(timezone=True), nullable=False),
    sa.ForeignKeyConstraint(['key_id'], ['signing_key.id'], name=op.f('fk_status_list_key_id')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_status_list')),
    sa.UniqueConstraint('key_id', name=op.f('uq_status_list_key_id')),
    sa.UniqueConstraint('name', name=op.f('uq_status_list_name'))
    )
    op.create_table('credential',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('certificate_id', sa.Integer(), nullable=False),
    sa.Column('kind', sa.String(length=12), nullable=False),
    sa.Column('edition', sa.Integer(), nullable=False),
    sa.Column('token', sa.String(length=26), nullable=False),
    sa.Column('text', sa.Text(), nullable=False),
    sa.Column('digest', sa.String(length=64), nullable=False),
    sa.Column('key_id', sa.Integer(), nullable=False),
    sa.Column('list_id', sa.Integer(), nullable=False),
    sa.Column('place', sa.Integer(), nullable=False),
    sa.Column('paper', sa.Text(), nullable=False),
    sa.Column('signed_at', sa.DateTime(timezone=True), nullable=False),
    sa.CheckConstraint("kind IN ('certificate', 'endorsement')", name=op.f('ck_credential_kind')),
    sa.ForeignKeyConstraint(['certificate_id'], ['certificate.id'], name=op.f('fk_credential_certificate_id')),
    sa.ForeignKeyConstraint(['key_id'], ['signing_key.id'], name=op.f('fk_credential_key_id')),
    sa.ForeignKeyConstraint(['list_id'], ['status_list.id'], name=op.f('fk_credential_list_id')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_credential')),
    sa.UniqueConstraint('certificate_id', 'kind', 'edition', name=op.f('uq_credential_certificate_id_kind_edition')),
    sa.UniqueConstraint('list_id', 'place', name=op.f('uq_credential_list_id_place')),
    sa.UniqueConstraint('token', name=op.f('uq_credential_token'))
    )
    with op.batch_alter_table('credential', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_credential_digest'), ['digest'], unique=False)
        batch_op.create_index('ix_credential_key_id', ['key_id'], unique=False)


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
    raise NotImplementedError("signed certificates are not taken back: restore the backup made before")
