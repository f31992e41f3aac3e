"""Triggers that refuse to change or delete what the audit log says, whoever asks: a bug, a shell, an
administrator of Django. Whoever owns the database can drop them, and that is seen in the database's own log."""

from django.db import migrations

SQLITE = """
CREATE TRIGGER monitoring_auditrow_no_{verb} BEFORE {VERB} ON monitoring_auditrow
BEGIN SELECT RAISE(ABORT, 'the audit log is append-only'); END
"""
POSTGRESQL = """
CREATE OR REPLACE FUNCTION monitoring_auditrow_stays() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN RAISE EXCEPTION 'the audit log is append-only' USING ERRCODE = 'integrity_constraint_violation'; END $$;
CREATE TRIGGER monitoring_auditrow_stays BEFORE UPDATE OR DELETE ON monitoring_auditrow
FOR EACH ROW EXECUTE FUNCTION monitoring_auditrow_stays();
"""


def forbid(apps, schema_editor):
    if schema_editor.connection.vendor == "postgresql":
        schema_editor.execute(POSTGRESQL)
        return
    for verb in ("update", "delete"):
        schema_editor.execute(SQLITE.format(verb=verb, VERB=verb.upper()))


def allow(apps, schema_editor):
    if schema_editor.connection.vendor == "postgresql":
        schema_editor.execute("DROP TRIGGER monitoring_auditrow_stays ON monitoring_auditrow")
        schema_editor.execute("DROP FUNCTION monitoring_auditrow_stays()")
        return
    for verb in ("update", "delete"):
        schema_editor.execute(f"DROP TRIGGER monitoring_auditrow_no_{verb}")


class Migration(migrations.Migration):
    dependencies = [("monitoring", "0002_access")]
    operations = [migrations.RunPython(forbid, allow)]
