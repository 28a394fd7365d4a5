import django.contrib.postgres.fields
import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):

    initial = True

    dependencies = [
        ('accounts', '0001_initial'),
        ('accounts', '__first__'),
        ('alerts', '0001_initial'),
        ('catalog', '0001_initial'),
        ('oncall', '0001_initial'),
    ]

    operations = [
        migrations.CreateModel(
            name='AssetHabit',
            fields=[
                ('asset', models.OneToOneField(on_delete=django.db.models.deletion.CASCADE, primary_key=True, related_name='+', serialize=False, to='catalog.asset')),
                ('spoke', models.PositiveIntegerField(default=0)),
                ('silent', models.FloatField(default=0)),
            ],
        ),
        migrations.CreateModel(
            name='Incident',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('title', models.CharField(max_length=1024)),
                ('status', models.CharField(choices=[('triggered', 'Triggered'), ('investigating', 'Investigating'), ('identified', 'Identified'), ('monitoring', 'Monitoring'), ('resolved', 'Resolved')], default='triggered', max_length=13)),
                ('severity', models.CharField(choices=[('SEV1', 'SEV1'), ('SEV2', 'SEV2'), ('SEV3', 'SEV3'), ('SEV4', 'SEV4')], default='SEV3', max_length=4)),
                ('severity_is_set_by_hand', models.BooleanField(default=False)),
                ('severity_reason', models.CharField(blank=True, max_length=500)),
                ('private', models.BooleanField(default=False)),
                ('situation', models.TextField(blank=True)),
                ('impact_started_at', models.DateTimeField()),
                ('detected_at', models.DateTimeField()),
                ('triggered_at', models.DateTimeField()),
                ('acknowledged_at', models.DateTimeField(blank=True, null=True)),
                ('mitigated_at', models.DateTimeField(blank=True, null=True)),
                ('resolved_at', models.DateTimeField(blank=True, null=True)),
                ('snoozed_until', models.DateTimeField(blank=True, null=True)),
                ('last_alert_at', models.DateTimeField(blank=True, null=True)),
                ('detected_by', models.CharField(choices=[('monitor', 'A monitor'), ('person', 'A person')], default='monitor', max_length=7)),
                ('causes', models.JSONField(default=list)),
                ('root_cause_category', models.CharField(blank=True, choices=[('code', 'Code or query change'), ('schema', 'Schema change upstream'), ('data', 'Bad or missing source data'), ('late', 'Late source data'), ('infrastructure', 'Infrastructure'), ('configuration', 'Configuration or credentials'), ('capacity', 'Capacity or cost limit'), ('vendor', 'Vendor outage'), ('monitor', 'The monitor itself'), ('other', 'Other')], max_length=14)),
                ('root_cause_summary', models.TextField(blank=True)),
                ('contributing_factors', models.TextField(blank=True)),
                ('affected_assets', models.PositiveIntegerField(default=0)),
                ('affected_dashboards', models.PositiveIntegerField(default=0)),
                ('alert_count', models.PositiveIntegerField(default=0)),
                ('acknowledged_by', models.ForeignKey(blank=True, db_index=False, null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('declared_by', models.ForeignKey(blank=True, db_index=False, null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('merged_into', models.ForeignKey(blank=True, db_index=False, null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='merged', to='incidents.incident')),
                ('recurs_from', models.ForeignKey(blank=True, db_index=False, null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='recurrences', to='incidents.incident')),
                ('root_cause_asset', models.ForeignKey(blank=True, db_index=False, null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to='catalog.asset')),
                ('suspected_asset', models.ForeignKey(blank=True, db_index=False, null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to='catalog.asset')),
                ('team', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='incidents', to='accounts.team')),
            ],
            options={
                'ordering': ['-triggered_at', '-pk'],
                'indexes': [models.Index(condition=models.Q(('status', 'resolved'), _negated=True), fields=['-triggered_at'], name='incident_open'), models.Index(fields=['-triggered_at', '-id'], name='incident_newest_first'), models.Index(condition=models.Q(('snoozed_until__isnull', False)), fields=['snoozed_until'], name='incident_snoozed'), models.Index(condition=models.Q(('acknowledged_by__isnull', False)), fields=['acknowledged_by'], name='incident_acknowledged_by'), models.Index(condition=models.Q(('declared_by__isnull', False)), fields=['declared_by'], name='incident_declared_by'), models.Index(condition=models.Q(('recurs_from__isnull', False)), fields=['recurs_from'], name='incident_recurs_from'), models.Index(condition=models.Q(('merged_into__isnull', False)), fields=['merged_into'], name='incident_merged_into'), models.Index(condition=models.Q(('suspected_asset__isnull', False)), fields=['suspected_asset'], name='incident_suspected_asset'), models.Index(condition=models.Q(('root_cause_asset__isnull', False)), fields=['root_cause_asset'], name='incident_root_cause_asset')],
                'constraints': [models.CheckConstraint(condition=models.Q(models.Q(('resolved_at__isnull', False), ('status', 'resolved')), models.Q(models.Q(('status', 'resolved'), _negated=True), ('resolved_at', None)), _connector='OR'), name='incident_resolved_at_iff_resolved'), models.CheckConstraint(condition=models.Q(models.Q(('status', 'triggered'), _negated=True), ('acknowledged_at', None), _connector='OR'), name='incident_triggered_is_not_acknowledged'), models.CheckConstraint(condition=models.Q(('impact_started_at__lte', models.F('detected_at'))), name='incident_impact_not_after_detection'), models.CheckConstraint(condition=models.Q(('merged_into', None), ('status', 'resolved'), _connector='OR'), name='incident_merged_is_resolved')],
            },
        ),
        migrations.CreateModel(
            name='NextWord',
            fields=[
                ('incident', models.OneToOneField(on_delete=django.db.models.deletion.CASCADE, primary_key=True, related_name='next_word', serialize=False, to='incidents.incident')),
                ('due_at', models.DateTimeField(db_index=True)),
                ('waits', models.DurationField()),
            ],
        ),
        migrations.CreateModel(
            name='FailingAsset',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('since', models.DateTimeField()),
                ('until', models.DateTimeField(blank=True, null=True)),
                ('asset', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='failures', to='catalog.asset')),
                ('incident', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name='failing_assets', to='incidents.incident')),
            ],
            options={
                'ordering': ['since', 'pk'],
                'constraints': [models.UniqueConstraint(fields=('incident', 'asset'), name='failing_asset_once_per_incident')],
            },
        ),
        migrations.CreateModel(
            name='CauseVerdict',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('verdict', models.CharField(choices=[('confirmed', 'That is it'), ('rejected', 'It is not')], max_length=9)),
                ('rank', models.PositiveSmallIntegerField(blank=True, null=True)),
                ('at', models.DateTimeField()),
                ('asset', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='+', to='catalog.asset')),
                ('by', models.ForeignKey(null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('incident', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='verdicts', to='incidents.incident')),
            ],
            options={
                'constraints': [models.UniqueConstraint(fields=('incident', 'asset'), name='one_verdict_per_suspect')],
            },
        ),
        migrations.CreateModel(
            name='IncidentAlert',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('added_at', models.DateTimeField()),
                ('reason', models.CharField(max_length=300)),
                ('status', models.CharField(choices=[('firing', 'Firing'), ('resolved', 'Resolved')], default='firing', max_length=8)),
                ('acknowledge_seen_at', models.DateTimeField(blank=True, null=True)),
                ('is_placed', models.BooleanField(default=False)),
                ('alert', models.OneToOneField(on_delete=django.db.models.deletion.CASCADE, related_name='membership', to='alerts.alert')),
                ('incident', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='members', to='incidents.incident')),
            ],
            options={
                'ordering': ['added_at', 'pk'],
                'indexes': [models.Index(condition=models.Q(('status', 'firing')), fields=['incident'], name='member_firing'), models.Index(condition=models.Q(('is_placed', True)), fields=['incident'], name='member_placed')],
            },
        ),
        migrations.CreateModel(
            name='MergeOffer',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('at', models.DateTimeField()),
                ('asset', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='+', to='catalog.asset')),
                ('incident', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='merge_offers', to='incidents.incident')),
                ('other', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='merge_offers_from', to='incidents.incident')),
            ],
            options={
                'constraints': [models.UniqueConstraint(fields=('incident', 'other'), name='merge_offered_once'), models.CheckConstraint(condition=models.Q(('incident', models.F('other')), _negated=True), name='merge_offer_joins_two_incidents')],
            },
        ),
        migrations.CreateModel(
            name='Regrouping',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('kind', models.CharField(choices=[('merged', 'Merged'), ('moved', 'Moved'), ('split', 'Split')], max_length=6)),
                ('alerts', django.contrib.postgres.fields.ArrayField(base_field=models.BigIntegerField(), size=None)),
                ('why', models.CharField(blank=True, max_length=500)),
                ('at', models.DateTimeField()),
                ('undone_at', models.DateTimeField(blank=True, null=True)),
                ('is_by_hand', models.BooleanField(default=False)),
                ('by', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('source', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='regroupings_from', to='incidents.incident')),
                ('target', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='regroupings_to', to='incidents.incident')),
                ('undone_by', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to=settings.AUTH_USER_MODEL)),
            ],
            options={
                'ordering': ['-at', '-pk'],
                'constraints': [models.CheckConstraint(condition=models.Q(('source', models.F('target')), _negated=True), name='regrouping_between_two_incidents')],
            },
        ),
        migrations.CreateModel(
            name='RoleAssignment',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('role', models.CharField(choices=[('commander', 'Incident commander'), ('communications', 'Communications lead'), ('scribe', 'Scribe'), ('responder', 'Responder')], max_length=14)),
                ('assigned_at', models.DateTimeField()),
                ('incident', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='roles', to='incidents.incident')),
                ('user', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='incident_roles', to=settings.AUTH_USER_MODEL)),
            ],
            options={
                'ordering': ['role', 'assigned_at'],
                'constraints': [models.UniqueConstraint(condition=models.Q(('role', 'responder'), _negated=True), fields=('incident', 'role'), name='role_held_by_one'), models.UniqueConstraint(fields=('incident', 'role', 'user'), name='role_once_per_user')],
            },
        ),
        migrations.CreateModel(
            name='Stakeholder',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('email', models.EmailField(max_length=254)),
                ('mode', models.CharField(choices=[('now', 'At once'), ('digest', 'In a daily summary'), ('off', 'Not at all')], default='now', max_length=6)),
                ('assets', django.contrib.postgres.fields.ArrayField(base_field=models.BigIntegerField(), default=list, size=None)),
                ('owns', models.BooleanField(default=True)),
                ('round', models.PositiveSmallIntegerField(default=1)),
                ('told_at', models.DateTimeField(blank=True, null=True)),
                ('told_of_end_at', models.DateTimeField(blank=True, null=True)),
                ('digested_at', models.DateTimeField(blank=True, null=True)),
                ('muted_at', models.DateTimeField(blank=True, null=True)),
                ('incident', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='stakeholders', to='incidents.incident')),
            ],
            options={
                'ordering': ['email'],
                'indexes': [models.Index(condition=models.Q(('digested_at', None), ('mode', 'digest')), fields=['email'], name='stakeholder_for_digest')],
                'constraints': [models.UniqueConstraint(fields=('incident', 'email'), name='stakeholder_once_per_incident')],
            },
        ),
        migrations.CreateModel(
            name='StatusUpdate',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('text', models.TextField()),
                ('audience', models.CharField(choices=[('internal', 'Responders'), ('stakeholders', 'Owners of affected assets'), ('public', 'Everyone')], default='internal', max_length=12)),
                ('at', models.DateTimeField()),
                ('by', models.ForeignKey(null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('incident', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='updates', to='incidents.incident')),
            ],
            options={
                'ordering': ['-at'],
            },
        ),
        migrations.CreateModel(
            name='Subscription',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('created_at', models.DateTimeField()),
                ('asset', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.CASCADE, related_name='subscriptions', to='catalog.asset')),
                ('team', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.CASCADE, related_name='subscriptions', to='accounts.team')),
                ('user', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='subscriptions', to=settings.AUTH_USER_MODEL)),
            ],
            options={
                'ordering': ['created_at', 'pk'],
                'constraints': [models.CheckConstraint(condition=models.Q(models.Q(('asset', None), ('team__isnull', False)), models.Q(('asset__isnull', False), ('team', None)), _connector='OR'), name='subscription_to_asset_or_team'), models.UniqueConstraint(fields=('user', 'asset'), name='subscription_once_per_asset'), models.UniqueConstraint(fields=('user', 'team'), name='subscription_once_per_team')],
            },
        ),
        migrations.CreateModel(
            name='TellingPreference',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('email', models.EmailField(max_length=254, unique=True)),
                ('sev1', models.CharField(choices=[('now', 'At once'), ('digest', 'In a daily summary'), ('off', 'Not at all')], default='now', max_length=6)),
                ('sev2', models.CharField(choices=[('now', 'At once'), ('digest', 'In a daily summary'), ('off', 'Not at all')], default='now', max_length=6)),
                ('sev3', models.CharField(choices=[('now', 'At once'), ('digest', 'In a daily summary'), ('off', 'Not at all')], default='now', max_length=6)),
                ('sev4', models.CharField(choices=[('now', 'At once'), ('digest', 'In a daily summary'), ('off', 'Not at all')], default='digest', max_length=6)),
                ('scope', models.CharField(choices=[('all', 'What I own and what I subscribed to'), ('own', 'Only what I own')], default='all', max_length=3)),
                ('start', models.BooleanField(default=True)),
                ('updates', models.BooleanField(default=True)),
                ('end', models.BooleanField(default=True)),
                ('reminders', models.BooleanField(default=True)),
                ('stopped_at', models.DateTimeField(blank=True, null=True)),
                ('method', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to='oncall.contactmethod')),
            ],
            options={
                'ordering': ['email'],
            },
        ),
        migrations.CreateModel(
            name='TimelineEntry',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('kind', models.CharField(choices=[('opened', 'Opened'), ('alert', 'Alert'), ('acknowledged', 'Acknowledged'), ('status', 'Status'), ('severity', 'Severity'), ('role', 'Role'), ('note', 'Note'), ('update', 'Update'), ('cause', 'Cause'), ('times', 'Times'), ('paged', 'Paged'), ('told', 'Told'), ('merged', 'Merged'), ('changed', 'Changed'), ('resolved', 'Resolved'), ('reopened', 'Reopened')], max_length=12)),
                ('at', models.DateTimeField()),
                ('recorded_at', models.DateTimeField()),
                ('text', models.TextField(blank=True)),
                ('pinned', models.BooleanField(default=False)),
                ('actor', models.ForeignKey(blank=True, db_index=False, null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('incident', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name='timeline', to='incidents.incident')),
                ('repeats_of', models.ForeignKey(blank=True, db_index=False, null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to='alerts.alert')),
            ],
            options={
                'ordering': ['at', 'pk'],
                'indexes': [models.Index(fields=['incident', 'at', 'id'], name='timeline_in_order'), models.Index(condition=models.Q(('actor__isnull', False)), fields=['actor'], name='timeline_by_actor'), models.Index(condition=models.Q(('repeats_of__isnull', False)), fields=['repeats_of'], name='timeline_of_repeats')],
            },
        ),
        migrations.CreateModel(
            name='UncorrelatedAlert',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('at', models.DateTimeField()),
                ('problem', models.TextField()),
                ('tries', models.PositiveSmallIntegerField(default=1)),
                ('next_try_at', models.DateTimeField(db_index=True)),
                ('alert', models.OneToOneField(on_delete=django.db.models.deletion.CASCADE, related_name='uncorrelated', to='alerts.alert')),
            ],
            options={
                'ordering': ['-at'],
            },
        ),
        migrations.CreateModel(
            name='EdgeHabit',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('passed', models.PositiveIntegerField(default=0)),
                ('held', models.PositiveIntegerField(default=0)),
                ('lag_seconds', models.FloatField(blank=True, null=True)),
                ('downstream', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='+', to='catalog.asset')),
                ('upstream', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='+', to='catalog.asset')),
            ],
            options={
                'constraints': [models.UniqueConstraint(fields=('upstream', 'downstream'), name='habit_once_per_edge')],
            },
        ),
    ]
