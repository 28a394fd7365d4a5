import django.contrib.postgres.fields
import django.contrib.postgres.indexes
import django.contrib.postgres.search
import django.db.models.deletion
import django.db.models.functions.text
import django.utils.timezone
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):

    initial = True

    dependencies = [
        ('accounts', '0001_initial'),
        ('accounts', '__first__'),
    ]

    operations = [
        migrations.CreateModel(
            name='LineageStep',
            fields=[
                ('version', models.BigIntegerField(primary_key=True, serialize=False)),
                ('after', models.BigIntegerField()),
                ('added', django.contrib.postgres.fields.ArrayField(base_field=models.BigIntegerField(), default=list, size=None)),
                ('removed', django.contrib.postgres.fields.ArrayField(base_field=models.BigIntegerField(), default=list, size=None)),
                ('is_complete', models.BooleanField()),
            ],
        ),
        migrations.CreateModel(
            name='Asset',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('namespace', models.CharField(max_length=255)),
                ('name', models.CharField(max_length=400)),
                ('identity', models.CharField(editable=False, max_length=1311, unique=True)),
                ('type', models.CharField(choices=[('pipeline', 'Pipeline'), ('task', 'Task'), ('dataset', 'Dataset'), ('dashboard', 'Dashboard'), ('model', 'ML model'), ('product', 'Data product'), ('source', 'Source')], default='dataset', max_length=9)),
                ('tier', models.PositiveSmallIntegerField(default=3)),
                ('users', models.PositiveIntegerField(blank=True, null=True)),
                ('description', models.TextField(blank=True)),
                ('url', models.URLField(blank=True, max_length=2000)),
                ('health', models.CharField(choices=[('healthy', 'Healthy'), ('failing', 'Failing')], default='healthy', max_length=7)),
                ('health_since', models.DateTimeField(blank=True, null=True)),
                ('badge_is_public', models.BooleanField(default=False)),
                ('created_at', models.DateTimeField(default=django.utils.timezone.now)),
                ('words', models.GeneratedField(db_persist=True, expression=django.contrib.postgres.search.SearchVector(models.Func(django.db.models.functions.text.Concat('name', models.Value(' '), 'namespace'), models.Value('[[:punct:]]+'), models.Value(' '), models.Value('g'), function='regexp_replace', output_field=models.TextField()), config='simple'), output_field=django.contrib.postgres.search.SearchVectorField())),
                ('team', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='assets', to='accounts.team')),
            ],
            options={
                'ordering': ['name', 'namespace'],
                'indexes': [models.Index(condition=models.Q(('health', 'failing')), fields=['health'], name='asset_failing'), models.Index(django.db.models.functions.text.Lower('name'), name='asset_name_folded'), models.Index(models.F('health'), django.db.models.functions.text.Lower('name'), models.F('id'), name='asset_failing_first'), django.contrib.postgres.indexes.GinIndex(fields=['words'], name='asset_words')],
                'constraints': [models.CheckConstraint(condition=models.Q(('tier__gte', 1), ('tier__lte', 4)), name='asset_tier_from_1_to_4')],
            },
        ),
        migrations.CreateModel(
            name='AssetAlias',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('namespace', models.CharField(max_length=255)),
                ('name', models.CharField(max_length=400)),
                ('identity', models.CharField(editable=False, max_length=1311, unique=True)),
                ('asset', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='aliases', to='catalog.asset')),
            ],
            options={
                'verbose_name_plural': 'asset aliases',
            },
        ),
        migrations.CreateModel(
            name='AssetOwner',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('email', models.EmailField(max_length=254)),
                ('asset', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='owners', to='catalog.asset')),
            ],
            options={
                'ordering': ['email'],
                'constraints': [models.UniqueConstraint(models.F('asset'), django.db.models.functions.text.Lower('email'), name='owner_once_per_asset')],
            },
        ),
        migrations.CreateModel(
            name='AssetSchema',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('columns', models.JSONField(default=list)),
                ('source', models.CharField(choices=[('import', 'Bulk import'), ('openlineage', 'OpenLineage'), ('dbt', 'dbt'), ('airflow', 'Airflow'), ('sql', 'SQL'), ('hand', 'By hand')], max_length=12)),
                ('seen_at', models.DateTimeField()),
                ('asset', models.OneToOneField(on_delete=django.db.models.deletion.CASCADE, related_name='schema', to='catalog.asset')),
            ],
        ),
        migrations.CreateModel(
            name='Backfill',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('title', models.CharField(max_length=200)),
                ('partitions', models.CharField(blank=True, max_length=300)),
                ('state', models.CharField(choices=[('planned', 'Planned'), ('running', 'Running'), ('done', 'Done'), ('verified', 'Verified'), ('failed', 'Failed'), ('cancelled', 'Cancelled')], default='planned', max_length=9)),
                ('url', models.URLField(blank=True, max_length=2000)),
                ('created_at', models.DateTimeField()),
                ('started_at', models.DateTimeField(blank=True, null=True)),
                ('done_at', models.DateTimeField(blank=True, null=True)),
                ('verified_at', models.DateTimeField(blank=True, null=True)),
                ('changed_at', models.DateTimeField()),
                ('created_by', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('verified_by', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to=settings.AUTH_USER_MODEL)),
            ],
            options={
                'ordering': ['-created_at', '-pk'],
            },
        ),
        migrations.CreateModel(
            name='BackfillAsset',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('asset', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='+', to='catalog.asset')),
                ('backfill', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='parts', to='catalog.backfill')),
            ],
            options={
                'constraints': [models.UniqueConstraint(fields=('backfill', 'asset'), name='backfill_has_an_asset_once')],
            },
        ),
        migrations.AddField(
            model_name='backfill',
            name='assets',
            field=models.ManyToManyField(related_name='backfills', through='catalog.BackfillAsset', to='catalog.asset'),
        ),
        migrations.CreateModel(
            name='Change',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('title', models.CharField(max_length=1024)),
                ('kind', models.CharField(choices=[('deploy', 'Deploy'), ('schema', 'Schema change'), ('config', 'Config change'), ('backfill', 'Backfill'), ('other', 'Other')], default='other', max_length=8)),
                ('url', models.CharField(blank=True, max_length=2000)),
                ('author', models.CharField(blank=True, max_length=200)),
                ('occurred_at', models.DateTimeField()),
                ('asset', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='changes', to='catalog.asset')),
                ('recorded_by', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to=settings.AUTH_USER_MODEL)),
            ],
            options={
                'ordering': ['-occurred_at'],
                'indexes': [models.Index(fields=['asset', '-occurred_at'], name='change_by_asset')],
            },
        ),
        migrations.CreateModel(
            name='ColumnMap',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('source', models.CharField(choices=[('import', 'Bulk import'), ('openlineage', 'OpenLineage'), ('dbt', 'dbt'), ('airflow', 'Airflow'), ('sql', 'SQL'), ('hand', 'By hand')], max_length=12)),
                ('origin', models.CharField(blank=True, default='', max_length=255)),
                ('columns', models.JSONField(default=dict)),
                ('everywhere', models.JSONField(default=list)),
                ('first_seen_at', models.DateTimeField()),
                ('last_seen_at', models.DateTimeField()),
                ('ended_at', models.DateTimeField(blank=True, null=True)),
                ('downstream', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='column_maps_up', to='catalog.asset')),
                ('upstream', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='column_maps_down', to='catalog.asset')),
            ],
            options={
                'constraints': [models.UniqueConstraint(condition=models.Q(('ended_at', None)), fields=('upstream', 'downstream', 'source', 'origin'), name='column_map_once_per_pair_and_origin')],
            },
        ),
        migrations.CreateModel(
            name='Edge',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('source', models.CharField(choices=[('import', 'Bulk import'), ('openlineage', 'OpenLineage'), ('dbt', 'dbt'), ('airflow', 'Airflow'), ('sql', 'SQL'), ('hand', 'By hand')], max_length=12)),
                ('origin', models.CharField(blank=True, default='', max_length=255)),
                ('first_seen_at', models.DateTimeField()),
                ('last_seen_at', models.DateTimeField()),
                ('ended_at', models.DateTimeField(blank=True, null=True)),
                ('downstream', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='edges_up', to='catalog.asset')),
                ('upstream', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='edges_down', to='catalog.asset')),
            ],
            options={
                'indexes': [models.Index(condition=models.Q(('ended_at__isnull', False)), fields=['ended_at'], name='edge_ended'), models.Index(fields=['first_seen_at'], name='edge_first_seen')],
                'constraints': [models.UniqueConstraint(condition=models.Q(('ended_at', None)), fields=('upstream', 'downstream', 'source', 'origin'), name='edge_once_per_pair_and_origin'), models.CheckConstraint(condition=models.Q(('upstream', models.F('downstream')), _negated=True), name='edge_joins_two_assets'), models.CheckConstraint(condition=models.Q(('ended_at', None), ('ended_at__gte', models.F('first_seen_at')), _connector='OR'), name='edge_ends_after_it_was_seen')],
            },
        ),
        migrations.CreateModel(
            name='ImportJob',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('kind', models.CharField(choices=[('dbt', 'dbt project'), ('catalog', 'Catalog as JSON'), ('airflow', 'Airflow DAGs')], max_length=7)),
                ('file_name', models.CharField(blank=True, max_length=200)),
                ('document', models.BinaryField(null=True)),
                ('is_preview', models.BooleanField(default=False)),
                ('state', models.CharField(choices=[('waiting', 'Waiting'), ('running', 'Running'), ('previewed', 'To be looked at'), ('done', 'Done'), ('failed', 'Failed'), ('cancelled', 'Cancelled')], default='waiting', max_length=9)),
                ('created_at', models.DateTimeField()),
                ('started_at', models.DateTimeField(blank=True, null=True)),
                ('alive_at', models.DateTimeField(blank=True, null=True)),
                ('finished_at', models.DateTimeField(blank=True, null=True)),
                ('cancel_asked_at', models.DateTimeField(blank=True, null=True)),
                ('tries', models.PositiveSmallIntegerField(default=0)),
                ('step', models.CharField(blank=True, max_length=60)),
                ('steps_done', models.PositiveIntegerField(default=0)),
                ('steps_total', models.PositiveIntegerField(default=0)),
                ('result', models.JSONField(default=dict)),
                ('problem', models.TextField(blank=True)),
                ('by', models.ForeignKey(null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to=settings.AUTH_USER_MODEL)),
            ],
            options={
                'ordering': ['-pk'],
                'indexes': [models.Index(condition=models.Q(('state__in', ['waiting', 'running'])), fields=['id'], name='import_not_over')],
                'constraints': [models.CheckConstraint(condition=models.Q(models.Q(('finished_at', None), ('state__in', ['waiting', 'running'])), models.Q(('finished_at__isnull', False), ('state__in', ['previewed', 'done', 'failed', 'cancelled'])), _connector='OR'), name='import_finished_at_iff_over')],
            },
        ),
        migrations.CreateModel(
            name='KnownIssue',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('text', models.CharField(max_length=500)),
                ('url', models.URLField(blank=True, max_length=2000)),
                ('starts_at', models.DateTimeField()),
                ('ends_at', models.DateTimeField()),
                ('asset', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='known_issues', to='catalog.asset')),
                ('created_by', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to=settings.AUTH_USER_MODEL)),
            ],
            options={
                'ordering': ['ends_at', 'pk'],
                'indexes': [models.Index(fields=['asset', 'ends_at'], name='known_issue_by_asset')],
                'constraints': [models.CheckConstraint(condition=models.Q(('starts_at__lte', models.F('ends_at'))), name='known_issue_ends_after_it_starts')],
            },
        ),
        migrations.CreateModel(
            name='LineageVersion',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('version', models.BigIntegerField(default=0)),
                ('changed_at', models.DateTimeField(null=True)),
            ],
            options={
                'constraints': [models.CheckConstraint(condition=models.Q(('pk', 1)), name='lineage_version_is_one_row')],
            },
        ),
        migrations.CreateModel(
            name='Load',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('run_id', models.CharField(max_length=300)),
                ('rows', models.PositiveBigIntegerField()),
                ('at', models.DateTimeField()),
                ('asset', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='loads', to='catalog.asset')),
            ],
            options={
                'ordering': ['-at', '-pk'],
                'indexes': [models.Index(fields=['asset', '-at'], name='load_by_asset')],
                'constraints': [models.UniqueConstraint(fields=('asset', 'run_id'), name='load_once_per_run')],
            },
        ),
        migrations.CreateModel(
            name='MergedAsset',
            fields=[
                ('old_id', models.BigIntegerField(primary_key=True, serialize=False)),
                ('namespace', models.CharField(max_length=255)),
                ('name', models.CharField(max_length=400)),
                ('at', models.DateTimeField()),
                ('moved', models.JSONField(default=dict)),
                ('by', models.ForeignKey(null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('into', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='merged_assets', to='catalog.asset')),
            ],
            options={
                'ordering': ['-at'],
            },
        ),
        migrations.CreateModel(
            name='Run',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('run_id', models.CharField(max_length=300)),
                ('state', models.CharField(choices=[('running', 'Running'), ('success', 'Succeeded'), ('failed', 'Failed'), ('skipped', 'Skipped')], max_length=7)),
                ('started_at', models.DateTimeField(blank=True, null=True)),
                ('ended_at', models.DateTimeField(blank=True, null=True)),
                ('updated_at', models.DateTimeField()),
                ('error', models.TextField(blank=True)),
                ('url', models.CharField(blank=True, max_length=2000)),
                ('asset', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='runs', to='catalog.asset')),
            ],
            options={
                'ordering': ['-updated_at'],
                'indexes': [models.Index(fields=['asset', '-updated_at'], name='run_by_asset')],
                'constraints': [models.UniqueConstraint(fields=('asset', 'run_id'), name='run_once_per_asset')],
            },
        ),
        migrations.CreateModel(
            name='Sighting',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('source', models.CharField(choices=[('import', 'Bulk import'), ('openlineage', 'OpenLineage'), ('dbt', 'dbt'), ('airflow', 'Airflow'), ('sql', 'SQL'), ('hand', 'By hand')], max_length=12)),
                ('origin', models.CharField(blank=True, default='', max_length=255)),
                ('first_seen_at', models.DateTimeField()),
                ('last_seen_at', models.DateTimeField()),
                ('ended_at', models.DateTimeField(blank=True, null=True)),
                ('feeds_itself', models.BooleanField(db_default=False, default=False)),
                ('asset', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='sightings', to='catalog.asset')),
            ],
            options={
                'ordering': ['-last_seen_at'],
                'indexes': [models.Index(fields=['source', 'origin'], name='sighting_by_origin')],
                'constraints': [models.UniqueConstraint(fields=('asset', 'source', 'origin'), name='sighting_once_per_asset_and_origin')],
            },
        ),
        migrations.CreateModel(
            name='SqlText',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('source', models.CharField(choices=[('import', 'Bulk import'), ('openlineage', 'OpenLineage'), ('dbt', 'dbt'), ('airflow', 'Airflow'), ('sql', 'SQL'), ('hand', 'By hand')], max_length=12)),
                ('origin', models.CharField(blank=True, default='', max_length=255)),
                ('text', models.TextField()),
                ('dialect', models.CharField(blank=True, max_length=30)),
                ('digest', models.CharField(max_length=64)),
                ('state', models.CharField(choices=[('waiting', 'Waiting to be read'), ('read', 'Read'), ('failed', 'Not understood')], default='waiting', max_length=7)),
                ('problem', models.CharField(blank=True, max_length=300)),
                ('told_at', models.DateTimeField()),
                ('read_at', models.DateTimeField(blank=True, null=True)),
                ('asset', models.OneToOneField(on_delete=django.db.models.deletion.CASCADE, related_name='sql_text', to='catalog.asset')),
            ],
            options={
                'indexes': [models.Index(condition=models.Q(('state', 'waiting')), fields=['id'], name='sql_text_waiting'), models.Index(fields=['source', 'origin', 'state'], name='sql_by_origin')],
            },
        ),
    ]
