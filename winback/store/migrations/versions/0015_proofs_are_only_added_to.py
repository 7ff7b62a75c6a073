"""Proofs of consents can only be added; what may change of one is whose record it is with, after a merge, and that its evidence goes."""

from alembic import op

revision = "0015"
down_revision = "0014"
branch_labels = None
depends_on = None


def upgrade() -> None:
    for statement in ON_SQLITE if op.get_bind().dialect.name == "sqlite" else ON_POSTGRESQL:
        op.execute(statement)


SAYS = "proofs of consents are only added to"
_FIXED = ("id", "channel", "purpose", "deed", "happened_at", "recorded_at", "way", "source", "wording_id")
_MERGED = "(SELECT merged_into FROM customers WHERE customers.id = OLD.customer_id)"
_FORGOTTEN = "(SELECT forgotten_at FROM customers WHERE customers.id = OLD.customer_id)"


def _is_kept(same: str, as_text: str) -> str:
    """Whether a new row is the old one, at most moved to the record that its own was merged into, or without its evidence."""
    fixed = " AND ".join(f"NEW.{name} {same} OLD.{name}" for name in _FIXED)
    is_theirs = f"(NEW.customer_id = OLD.customer_id OR NEW.customer_id {same} {_MERGED})"
    evidence = f"(NEW.evidence{as_text} = OLD.evidence{as_text} OR NEW.evidence{as_text} = '{{}}')"
    return f"{fixed} AND {is_theirs} AND {evidence}"


_ABORT = f"BEGIN SELECT RAISE(ABORT, '{SAYS}'); END"
ON_SQLITE = [
    f"CREATE TRIGGER consent_proofs_no_update BEFORE UPDATE ON consent_proofs WHEN NOT ({_is_kept('IS', '')}) {_ABORT}",
    f"CREATE TRIGGER consent_proofs_no_delete BEFORE DELETE ON consent_proofs WHEN {_FORGOTTEN} IS NULL {_ABORT}",
    *(f"CREATE TRIGGER consent_wordings_no_{verb.lower()} BEFORE {verb} ON consent_wordings {_ABORT}" for verb in ("UPDATE", "DELETE")),
]
ON_POSTGRESQL = [
    f"""
    CREATE FUNCTION consent_proofs_are_only_added_to() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
      IF TG_OP = 'DELETE' AND {_FORGOTTEN} IS NOT NULL THEN RETURN OLD; END IF;
      IF TG_OP = 'UPDATE' AND {_is_kept("IS NOT DISTINCT FROM", "::text")} THEN RETURN NEW; END IF;
      RAISE EXCEPTION '{SAYS}';
    END $$
    """,
    f"CREATE FUNCTION proofs_are_only_added_to() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION '{SAYS}'; END $$",
    """
    CREATE TRIGGER consent_proofs_no_change BEFORE UPDATE OR DELETE ON consent_proofs
      FOR EACH ROW EXECUTE FUNCTION consent_proofs_are_only_added_to()
    """,
    "CREATE TRIGGER consent_wordings_no_change BEFORE UPDATE OR DELETE ON consent_wordings FOR EACH ROW EXECUTE FUNCTION proofs_are_only_added_to()",
    *(
        f"CREATE TRIGGER {table}_no_truncate BEFORE TRUNCATE ON {table} FOR EACH STATEMENT EXECUTE FUNCTION proofs_are_only_added_to()"
        for table in ("consent_proofs", "consent_wordings")
    ),
]
