import datetime
import django.contrib.postgres.fields
import django.db.models.constraints
import django.db.models.deletion
import django.db.models.functions.text
import oncall.channels.registry
import oncall.models.habits
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
            name='EngineHeartbeat',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('duty', models.CharField(max_length=40, unique=True)),
                ('finished_at', models.DateTimeField()),
                ('detail', models.CharField(blank=True, max_length=300)),
            ],
        ),
        migrations.CreateModel(
            name='Finding',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('key', models.CharField(max_length=120, unique=True)),
                ('text', models.CharField(max_length=500)),
                ('since', models.DateTimeField()),
                ('told_at', models.DateTimeField(blank=True, null=True)),
            ],
            options={
                'ordering': ['since', 'key'],
            },
        ),
        migrations.CreateModel(
            name='RestingProvider',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('provider', models.CharField(max_length=300, unique=True)),
                ('since', models.DateTimeField()),
                ('until', models.DateTimeField()),
                ('detail', models.CharField(blank=True, max_length=300)),
            ],
        ),
        migrations.CreateModel(
            name='Bundle',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('created_at', models.DateTimeField()),
                ('user', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='+', to=settings.AUTH_USER_MODEL)),
            ],
        ),
        migrations.CreateModel(
            name='ContactMethod',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('kind', models.CharField(choices=oncall.channels.registry.choices, max_length=20)),
                ('address', models.CharField(max_length=1000)),
                ('position', models.PositiveSmallIntegerField(default=0)),
                ('delay', models.DurationField(default=datetime.timedelta(0))),
                ('delays', models.JSONField(blank=True, default=dict)),
                ('verified_at', models.DateTimeField(blank=True, null=True)),
                ('failing_since', models.DateTimeField(blank=True, null=True)),
                ('code_hash', models.CharField(blank=True, max_length=64)),
                ('code_expires_at', models.DateTimeField(blank=True, null=True)),
                ('code_tries', models.PositiveSmallIntegerField(default=0)),
                ('user', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='contact_methods', to=settings.AUTH_USER_MODEL)),
            ],
            options={
                'ordering': ['position', 'pk'],
                'constraints': [models.UniqueConstraint(fields=('user', 'kind', 'address'), name='contact_method_once_per_user')],
            },
        ),
        migrations.CreateModel(
            name='EscalationPolicy',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('name', models.CharField(max_length=120)),
                ('repeats', models.PositiveSmallIntegerField(default=2)),
                ('is_default', models.BooleanField(default=False)),
                ('version', models.PositiveIntegerField(default=1)),
                ('when', models.JSONField(blank=True, db_default=models.Value({}, models.JSONField()), default=dict)),
                ('lapses_after', models.DurationField(blank=True, null=True)),
                ('team', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='policies', to='accounts.team')),
            ],
            options={
                'verbose_name_plural': 'escalation policies',
                'ordering': ['name'],
                'constraints': [models.UniqueConstraint(django.db.models.functions.text.Lower('name'), name='policy_name_unique_ignoring_case'), models.UniqueConstraint(condition=models.Q(('is_default', True)), fields=('team',), name='one_default_policy_per_team', nulls_distinct=False)],
            },
        ),
        migrations.CreateModel(
            name='Escalation',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('subject', models.CharField(max_length=100)),
                ('title', models.CharField(max_length=1024)),
                ('body', models.TextField(blank=True)),
                ('url', models.CharField(max_length=2000)),
                ('severity', models.CharField(default='SEV3', max_length=4)),
                ('policy_name', models.CharField(max_length=120)),
                ('policy_version', models.PositiveIntegerField()),
                ('steps', models.JSONField()),
                ('repeats', models.PositiveSmallIntegerField()),
                ('urgencies', models.JSONField(default=dict)),
                ('labels', models.JSONField(db_default=models.Value({}, models.JSONField()), default=dict)),
                ('tells_channels', models.BooleanField(db_default=True, default=True)),
                ('lapses_after', models.DurationField(blank=True, null=True)),
                ('look_at', models.DateTimeField(blank=True, null=True)),
                ('warned_at', models.DateTimeField(blank=True, null=True)),
                ('lap', models.PositiveSmallIntegerField(default=0)),
                ('step', models.PositiveSmallIntegerField(default=0)),
                ('next_step_at', models.DateTimeField(blank=True, null=True)),
                ('state', models.CharField(choices=[('running', 'Paging'), ('acknowledged', 'Acknowledged'), ('stopped', 'Stopped'), ('exhausted', 'Nobody answered')], default='running', max_length=12)),
                ('started_at', models.DateTimeField()),
                ('ended_at', models.DateTimeField(blank=True, null=True)),
                ('acknowledged_by', models.ForeignKey(blank=True, db_index=False, null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('policy', models.ForeignKey(null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='escalations', to='oncall.escalationpolicy')),
            ],
            options={
                'ordering': ['-started_at'],
                'indexes': [models.Index(condition=models.Q(('state', 'running')), fields=['severity', 'next_step_at'], name='escalation_due'), models.Index(fields=['subject'], name='escalation_by_subject'), models.Index(condition=models.Q(('look_at__isnull', False)), fields=['look_at'], name='escalation_to_look_at'), models.Index(condition=models.Q(('acknowledged_by__isnull', False)), fields=['acknowledged_by'], name='escalation_acknowledged')],
                'constraints': [models.UniqueConstraint(condition=models.Q(('state', 'running')), fields=('subject',), name='one_running_escalation_per_subject'), models.CheckConstraint(condition=models.Q(('look_at', None), ('state', 'acknowledged'), _connector='OR'), name='escalation_lapses_once_acknowledged'), models.CheckConstraint(condition=models.Q(models.Q(('ended_at', None), ('state', 'running')), models.Q(models.Q(('state', 'running'), _negated=True), ('ended_at__isnull', False)), _connector='OR'), name='escalation_ended_at_iff_not_running')],
            },
        ),
        migrations.CreateModel(
            name='EscalationStep',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('position', models.PositiveSmallIntegerField()),
                ('delay', models.DurationField(default=datetime.timedelta(seconds=300))),
                ('when', models.JSONField(blank=True, default=dict)),
                ('policy', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='steps', to='oncall.escalationpolicy')),
            ],
            options={
                'ordering': ['position'],
                'constraints': [models.UniqueConstraint(deferrable=django.db.models.constraints.Deferrable['DEFERRED'], fields=('policy', 'position'), name='step_position_once_per_policy')],
            },
        ),
        migrations.CreateModel(
            name='Fallback',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('is_only', models.BooleanField(default=True, editable=False, unique=True)),
                ('targets', models.JSONField()),
            ],
            options={
                'constraints': [models.CheckConstraint(condition=models.Q(('is_only', True)), name='one_fallback'), models.CheckConstraint(condition=models.Q(('targets', []), _negated=True), name='fallback_is_not_empty')],
            },
        ),
        migrations.CreateModel(
            name='InboxMessage',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('message_id', models.CharField(max_length=300)),
                ('recipient', models.CharField(max_length=254)),
                ('subject', models.CharField(max_length=1024)),
                ('body', models.TextField()),
                ('received_at', models.DateTimeField()),
            ],
            options={
                'ordering': ['-received_at', '-pk'],
                'constraints': [models.UniqueConstraint(fields=('message_id', 'recipient'), name='inbox_message_once')],
            },
        ),
        migrations.CreateModel(
            name='Notice',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('lap', models.PositiveSmallIntegerField()),
                ('step', models.PositiveSmallIntegerField()),
                ('channel', models.CharField(max_length=20)),
                ('address', models.CharField(max_length=1000)),
                ('label', models.CharField(max_length=200)),
                ('created_at', models.DateTimeField()),
                ('escalation', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name='notices', to='oncall.escalation')),
            ],
            options={
                'ordering': ['created_at', 'pk'],
                'constraints': [models.UniqueConstraint(fields=('escalation', 'lap', 'step', 'channel', 'address'), name='notice_once_per_step_and_address')],
            },
        ),
        migrations.CreateModel(
            name='OnCallImport',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('tool', models.CharField(choices=[('grafana', 'Grafana OnCall'), ('opsgenie', 'Opsgenie'), ('pagerduty', 'PagerDuty')], max_length=10)),
                ('documents', models.JSONField()),
                ('created_at', models.DateTimeField()),
                ('applied_at', models.DateTimeField(blank=True, null=True)),
                ('report', models.JSONField(blank=True, default=dict)),
                ('created_by', models.ForeignKey(null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to=settings.AUTH_USER_MODEL)),
            ],
            options={
                'ordering': ['-created_at'],
            },
        ),
        migrations.CreateModel(
            name='Page',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('lap', models.PositiveSmallIntegerField()),
                ('step', models.PositiveSmallIntegerField()),
                ('created_at', models.DateTimeField()),
                ('ended_at', models.DateTimeField(blank=True, null=True)),
                ('acknowledged_at', models.DateTimeField(blank=True, null=True)),
                ('held_until', models.DateTimeField(blank=True, null=True)),
                ('held_for', models.CharField(blank=True, max_length=13)),
                ('released_at', models.DateTimeField(blank=True, null=True)),
                ('bundle', models.ForeignKey(blank=True, db_index=False, null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='pages', to='oncall.bundle')),
                ('escalation', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name='pages', to='oncall.escalation')),
                ('user', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name='pages', to=settings.AUTH_USER_MODEL)),
            ],
            options={
                'ordering': ['created_at', 'pk'],
                'indexes': [models.Index(condition=models.Q(('ended_at', None), ('held_until__isnull', False), ('released_at', None)), fields=['held_until'], name='page_held'), models.Index(fields=['user', 'created_at'], name='page_recent'), models.Index(condition=models.Q(('bundle__isnull', False)), fields=['bundle'], name='page_by_bundle')],
                'constraints': [models.UniqueConstraint(fields=('escalation', 'lap', 'step', 'user'), name='page_once_per_step_and_user'), models.CheckConstraint(condition=models.Q(models.Q(('held_for', ''), ('held_until', None), ('released_at', None)), models.Q(('held_until__isnull', False), models.Q(('held_for', ''), _negated=True)), _connector='OR'), name='page_held_until_iff_held_for')],
            },
        ),
        migrations.CreateModel(
            name='Notification',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('subject', models.CharField(blank=True, max_length=100)),
                ('channel', models.CharField(max_length=20)),
                ('address', models.CharField(max_length=1000)),
                ('title', models.CharField(max_length=1024)),
                ('body', models.TextField(blank=True)),
                ('url', models.CharField(blank=True, max_length=2000)),
                ('urgent', models.BooleanField(default=False)),
                ('rank', models.PositiveSmallIntegerField(default=9)),
                ('idempotency_key', models.CharField(max_length=255)),
                ('state', models.CharField(choices=[('due', 'Due'), ('sending', 'Sending'), ('sent', 'Sent'), ('failed', 'Failed'), ('cancelled', 'Not needed')], default='due', max_length=9)),
                ('created_at', models.DateTimeField()),
                ('due_at', models.DateTimeField()),
                ('lease_until', models.DateTimeField(blank=True, null=True)),
                ('attempts', models.PositiveSmallIntegerField(default=0)),
                ('first_attempt_at', models.DateTimeField(blank=True, null=True)),
                ('sent_at', models.DateTimeField(blank=True, null=True)),
                ('delivered_at', models.DateTimeField(blank=True, null=True)),
                ('provider_id', models.CharField(blank=True, max_length=300)),
                ('detail', models.TextField(blank=True)),
                ('answer_lost', models.BooleanField(db_default=False, default=False)),
                ('possibly_twice', models.BooleanField(default=False)),
                ('method', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to='oncall.contactmethod')),
                ('notice', models.ForeignKey(blank=True, db_index=False, null=True, on_delete=django.db.models.deletion.CASCADE, related_name='notifications', to='oncall.notice')),
                ('user', models.ForeignKey(blank=True, db_index=False, null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('page', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.CASCADE, related_name='notifications', to='oncall.page')),
            ],
            options={
                'ordering': ['due_at', 'pk'],
                'indexes': [models.Index(condition=models.Q(('state', 'due')), fields=['rank', 'due_at', 'id'], name='notification_due'), models.Index(condition=models.Q(('state', 'sending')), fields=['lease_until'], name='notification_leased'), models.Index(fields=['subject'], name='notification_by_subject'), models.Index(condition=models.Q(('notice__isnull', False)), fields=['notice'], name='notification_by_notice'), models.Index(condition=models.Q(('provider_id', ''), _negated=True), fields=['provider_id'], name='notification_by_provider')],
                'constraints': [models.UniqueConstraint(fields=('idempotency_key',), name='notification_owed_once'), models.CheckConstraint(condition=models.Q(models.Q(('lease_until__isnull', False), ('state', 'sending')), models.Q(models.Q(('state', 'sending'), _negated=True), ('lease_until', None)), _connector='OR'), name='notification_lease_iff_sending'), models.CheckConstraint(condition=models.Q(models.Q(('sent_at__isnull', False), ('state', 'sent')), models.Q(models.Q(('state', 'sent'), _negated=True), ('sent_at', None)), _connector='OR'), name='notification_sent_at_iff_sent')],
            },
        ),
        migrations.CreateModel(
            name='PagingHabits',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('urgencies', models.JSONField(default=dict)),
                ('work_days', django.contrib.postgres.fields.ArrayField(base_field=models.SmallIntegerField(), default=oncall.models.habits.monday_to_friday, size=None)),
                ('work_start', models.TimeField(default=datetime.time(9, 0))),
                ('work_end', models.TimeField(default=datetime.time(18, 0))),
                ('digest_at', models.TimeField(default=datetime.time(9, 0))),
                ('quiet_start', models.TimeField(blank=True, null=True)),
                ('quiet_end', models.TimeField(blank=True, null=True)),
                ('breaks_through', models.BooleanField(default=False)),
                ('most_pages', models.PositiveSmallIntegerField(blank=True, null=True)),
                ('user', models.OneToOneField(on_delete=django.db.models.deletion.CASCADE, related_name='paging_habits', to=settings.AUTH_USER_MODEL)),
            ],
            options={
                'verbose_name_plural': 'paging habits',
                'constraints': [models.CheckConstraint(condition=models.Q(models.Q(('quiet_end', None), ('quiet_start', None)), models.Q(('quiet_end__isnull', False), ('quiet_start__isnull', False)), _connector='OR'), name='quiet_hours_have_both_ends'), models.CheckConstraint(condition=models.Q(('work_days__len__gt', 0)), name='somebody_works_some_day')],
            },
        ),
        migrations.CreateModel(
            name='PersonalFeed',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('secret', models.CharField(max_length=64, unique=True)),
                ('user', models.OneToOneField(on_delete=django.db.models.deletion.CASCADE, related_name='calendar_feed', to=settings.AUTH_USER_MODEL)),
            ],
        ),
        migrations.CreateModel(
            name='Schedule',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('name', models.CharField(max_length=120)),
                ('timezone', models.CharField(default='UTC', max_length=64)),
                ('layers', models.JSONField(default=list)),
                ('temporary_schedules', models.JSONField(blank=True, default=list)),
                ('history', models.JSONField(blank=True, default=list)),
                ('recorded_from', models.DateTimeField(blank=True, null=True)),
                ('recorded_until', models.DateTimeField(blank=True, null=True)),
                ('version', models.PositiveIntegerField(default=1)),
                ('feed_secret', models.CharField(max_length=64, unique=True)),
                ('updated_at', models.DateTimeField(auto_now=True)),
                ('team', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='schedules', to='accounts.team')),
            ],
            options={
                'ordering': ['name'],
                'constraints': [models.UniqueConstraint(django.db.models.functions.text.Lower('name'), name='schedule_name_unique_ignoring_case')],
            },
        ),
        migrations.CreateModel(
            name='RoundRobin',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('taken', models.JSONField(default=list)),
                ('schedule', models.OneToOneField(on_delete=django.db.models.deletion.CASCADE, related_name='round_robin', to='oncall.schedule')),
            ],
        ),
        migrations.CreateModel(
            name='RecordedShift',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('start_at', models.DateTimeField()),
                ('end_at', models.DateTimeField(blank=True, null=True)),
                ('user', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='recorded_shifts', to=settings.AUTH_USER_MODEL)),
                ('schedule', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='recorded_shifts', to='oncall.schedule')),
            ],
            options={
                'ordering': ['start_at', 'pk'],
                'indexes': [models.Index(fields=['schedule', 'start_at'], name='recorded_by_schedule')],
                'constraints': [models.UniqueConstraint(condition=models.Q(('end_at', None)), fields=('schedule', 'user'), name='one_running_recorded_shift_per_person'), models.CheckConstraint(condition=models.Q(('end_at', None), ('end_at__gt', models.F('start_at')), _connector='OR'), name='recorded_shift_ends_after_it_starts')],
            },
        ),
        migrations.CreateModel(
            name='PlannedChange',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('effective_at', models.DateTimeField()),
                ('timezone', models.CharField(max_length=64)),
                ('layers', models.JSONField()),
                ('created_at', models.DateTimeField()),
                ('created_by', models.ForeignKey(null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('schedule', models.OneToOneField(on_delete=django.db.models.deletion.CASCADE, related_name='planned_change', to='oncall.schedule')),
            ],
        ),
        migrations.CreateModel(
            name='Override',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('type', models.CharField(choices=[('add', 'Add'), ('remove', 'Take off'), ('replace', 'Replace'), ('cover', 'Cover')], default='cover', max_length=7)),
                ('start_at', models.DateTimeField()),
                ('end_at', models.DateTimeField()),
                ('priority', models.IntegerField(default=0)),
                ('add', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.CASCADE, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('created_by', models.ForeignKey(null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('remove', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.CASCADE, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('schedule', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='overrides', to='oncall.schedule')),
            ],
            options={
                'ordering': ['start_at'],
                'constraints': [models.CheckConstraint(condition=models.Q(('end_at__gt', models.F('start_at'))), name='override_ends_after_it_starts'), models.CheckConstraint(condition=models.Q(models.Q(('add__isnull', False), ('type__in', ['add', 'cover'])), models.Q(('remove__isnull', False), ('type', 'remove')), models.Q(('add__isnull', False), ('remove__isnull', False), ('type', 'replace')), _connector='OR'), name='override_names_who_its_type_needs')],
            },
        ),
        migrations.CreateModel(
            name='ImportedCalendar',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('name', models.CharField(blank=True, max_length=80)),
                ('url', models.CharField(max_length=2048)),
                ('priority', models.IntegerField(default=0)),
                ('events', models.JSONField(default=list)),
                ('unmatched', models.JSONField(default=list)),
                ('etag', models.CharField(blank=True, max_length=300)),
                ('error', models.TextField(blank=True)),
                ('fetched_at', models.DateTimeField(blank=True, null=True)),
                ('tried_at', models.DateTimeField(blank=True, null=True)),
                ('next_fetch_at', models.DateTimeField()),
                ('user', models.OneToOneField(blank=True, null=True, on_delete=django.db.models.deletion.CASCADE, related_name='vacation_calendar', to=settings.AUTH_USER_MODEL)),
                ('schedule', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.CASCADE, related_name='calendars', to='oncall.schedule')),
            ],
            options={
                'ordering': ['pk'],
                'indexes': [models.Index(fields=['next_fetch_at'], name='calendar_due')],
                'constraints': [models.CheckConstraint(condition=models.Q(models.Q(('schedule__isnull', False), ('user', None)), models.Q(('schedule', None), ('user__isnull', False)), _connector='OR'), name='imported_calendar_is_of_a_schedule_or_a_person')],
            },
        ),
        migrations.CreateModel(
            name='HandoffNote',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('is_open', models.TextField(blank=True)),
                ('is_known', models.TextField(blank=True)),
                ('written_at', models.DateTimeField()),
                ('send_at', models.DateTimeField()),
                ('sent_at', models.DateTimeField(blank=True, null=True)),
                ('author', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('sent_to', models.ManyToManyField(blank=True, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('schedule', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='handoff_notes', to='oncall.schedule')),
            ],
            options={
                'ordering': ['-written_at', '-pk'],
                'indexes': [models.Index(condition=models.Q(('sent_at', None)), fields=['send_at'], name='handoff_note_due')],
            },
        ),
        migrations.CreateModel(
            name='ShiftNotices',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('before', models.DurationField(default=datetime.timedelta(seconds=43200))),
                ('at_start', models.BooleanField(default=True)),
                ('at_end', models.BooleanField(default=False)),
                ('user', models.OneToOneField(on_delete=django.db.models.deletion.CASCADE, related_name='shift_notices', to=settings.AUTH_USER_MODEL)),
            ],
        ),
        migrations.CreateModel(
            name='StepTarget',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('who', models.CharField(choices=[('current', 'whoever is on call'), ('next', 'whoever is on call next'), ('everyone', 'everyone in its rotations'), ('turns', 'one of its rotations, in turn')], db_default='current', default='current', max_length=8)),
                ('channel', models.CharField(blank=True, db_default='', default='', max_length=20)),
                ('address', models.CharField(blank=True, db_default='', default='', max_length=1000)),
                ('schedule', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.CASCADE, related_name='+', to='oncall.schedule')),
                ('step', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='targets', to='oncall.escalationstep')),
                ('team', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.CASCADE, related_name='+', to='accounts.team')),
                ('user', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.CASCADE, related_name='+', to=settings.AUTH_USER_MODEL)),
            ],
            options={
                'constraints': [models.CheckConstraint(condition=models.Q(models.Q(('channel', ''), ('schedule', None), ('team', None), ('user__isnull', False)), models.Q(('channel', ''), ('schedule__isnull', False), ('team', None), ('user', None)), models.Q(('channel', ''), ('schedule', None), ('team__isnull', False), ('user', None)), models.Q(('schedule', None), ('team', None), ('user', None), models.Q(('channel', ''), _negated=True)), _connector='OR'), name='step_target_is_exactly_one_thing'), models.CheckConstraint(condition=models.Q(models.Q(('address', ''), ('channel', '')), models.Q(models.Q(('channel', ''), _negated=True), models.Q(('address', ''), _negated=True)), _connector='OR'), name='step_target_channel_has_an_address'), models.CheckConstraint(condition=models.Q(('who', 'current'), ('schedule__isnull', False), _connector='OR'), name='step_target_who_is_of_a_schedule')],
            },
        ),
        migrations.CreateModel(
            name='Swap',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('start_at', models.DateTimeField()),
                ('end_at', models.DateTimeField()),
                ('taken_at', models.DateTimeField(blank=True, null=True)),
                ('note', models.CharField(blank=True, max_length=300)),
                ('reminded_at', models.DateTimeField(blank=True, null=True)),
                ('giver', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('offered_to', models.ManyToManyField(blank=True, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('schedule', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='swaps', to='oncall.schedule')),
                ('taker', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.CASCADE, related_name='+', to=settings.AUTH_USER_MODEL)),
            ],
            options={
                'ordering': ['start_at'],
                'constraints': [models.CheckConstraint(condition=models.Q(('end_at__gt', models.F('start_at'))), name='swap_ends_after_it_starts'), models.CheckConstraint(condition=models.Q(('taken_at', None), ('taker__isnull', False), _connector='OR'), name='swap_has_a_taker_when_taken')],
            },
        ),
        migrations.CreateModel(
            name='TeamPaging',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('urgencies', models.JSONField(default=dict)),
                ('team', models.OneToOneField(on_delete=django.db.models.deletion.CASCADE, related_name='paging', to='accounts.team')),
            ],
            options={
                'verbose_name_plural': 'team paging',
            },
        ),
        migrations.CreateModel(
            name='Vacation',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('start_at', models.DateTimeField()),
                ('end_at', models.DateTimeField()),
                ('note', models.CharField(blank=True, max_length=200)),
                ('calendar', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.CASCADE, related_name='+', to='oncall.importedcalendar')),
                ('user', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='vacations', to=settings.AUTH_USER_MODEL)),
            ],
            options={
                'ordering': ['start_at'],
                'indexes': [models.Index(fields=['end_at'], name='vacation_by_end')],
                'constraints': [models.CheckConstraint(condition=models.Q(('end_at__gt', models.F('start_at'))), name='vacation_ends_after_it_starts')],
            },
        ),
    ]
