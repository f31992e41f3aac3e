"""Keys that another index begins with lose their own: nothing is asked of it, and every new post pays for it.

Dropped by name rather than by AlterField, with which SQLite would write every table anew.
"""

from collections.abc import Iterator

import django.db.models.deletion
from django.apps.registry import Apps
from django.db import migrations, models
from django.db.backends.base.schema import BaseDatabaseSchemaEditor

KEYS = (
    *(("entry", name) for name in ("province", "satker", "stage", "story")),
    *(("entrykey", "satker"), ("entrytopic", "entry"), ("entrytopic", "topic"), ("fetchlog", "feed")),
    *(("rawfeed", "feed"), ("revision", "entry"), ("signature", "entry")),
)


def _own_indexes(editor: BaseDatabaseSchemaEditor, table: str, column: str) -> Iterator[str]:
    """Those that Django made for the key; others on the same column have names of ours."""
    with editor.connection.cursor() as cursor:
        found = editor.connection.introspection.get_constraints(cursor, table)
    for name, index in found.items():
        if index["index"] and index["columns"] == [column] and name.startswith(f"{table}_{column}_"):
            yield name


def drop(apps: Apps, editor: BaseDatabaseSchemaEditor) -> None:
    for model, key in KEYS:
        table = f"aggregator_{model}"
        for name in _own_indexes(editor, table, f"{key}_id"):
            editor.execute(f"DROP INDEX {editor.quote_name(name)}")


def make(apps: Apps, editor: BaseDatabaseSchemaEditor) -> None:
    for model, key in KEYS:
        table, column = f"aggregator_{model}", f"{key}_id"
        name = f"{table}_{column}_key"
        editor.execute(
            f"CREATE INDEX {editor.quote_name(name)} ON {editor.quote_name(table)} ({editor.quote_name(column)})"
        )


class Migration(migrations.Migration):
    dependencies = [("aggregator", "0009_watched")]

    operations = [
        migrations.SeparateDatabaseAndState(
            database_operations=[migrations.RunPython(drop, make)],
            state_operations=[
            migrations.AlterField(
                model_name='entry',
                name='province',
                field=models.ForeignKey(blank=True, db_index=False, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='aggregator.province'),
            ),
            migrations.AlterField(
                model_name='entry',
                name='satker',
                field=models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='entries', to='aggregator.satker'),
            ),
            migrations.AlterField(
                model_name='entry',
                name='stage',
                field=models.ForeignKey(blank=True, db_index=False, null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='entries', to='aggregator.stage'),
            ),
            migrations.AlterField(
                model_name='entry',
                name='story',
                field=models.ForeignKey(blank=True, db_index=False, null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='entries', to='aggregator.story'),
            ),
            migrations.AlterField(
                model_name='entrykey',
                name='satker',
                field=models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='aggregator.satker'),
            ),
            migrations.AlterField(
                model_name='entrytopic',
                name='entry',
                field=models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name='entry_topics', to='aggregator.entry'),
            ),
            migrations.AlterField(
                model_name='entrytopic',
                name='topic',
                field=models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name='+', to='aggregator.topic'),
            ),
            migrations.AlterField(
                model_name='fetchlog',
                name='feed',
                field=models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name='fetch_logs', to='aggregator.feed'),
            ),
            migrations.AlterField(
                model_name='rawfeed',
                name='feed',
                field=models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name='raw_feeds', to='aggregator.feed'),
            ),
            migrations.AlterField(
                model_name='revision',
                name='entry',
                field=models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name='revisions', to='aggregator.entry'),
            ),
            migrations.AlterField(
                model_name='signature',
                name='entry',
                field=models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name='+', to='aggregator.entry'),
            ),
            ],
        ),
    ]
