"""Sentences as people write them in postmortems, sorted by what they are."""

BLAME = """
The outage was caused by human error.
Human error led to the loss of yesterday's partition.
This was a case of user error.
Due to operator error, the wrong table was truncated.
Operator error during the failover made things worse.
We put it down to human error and moved on.
The postmortem concluded: simple human error.
Maria forgot to update the config.
Engineers forgot to rotate the key again.
The on-call engineer forgot about the second region.
Somebody forgot the flag.
John failed to follow the runbook.
The on-call failed to acknowledge the page.
She failed to notice that the disk was filling up.
The data team has repeatedly failed to document its tables.
@ana failed to check the row counts.
ana@example.com failed to tell the finance team.
The engineer on the payments team failed to test the migration.
The operator failed to notice the warning.
Priya failed to restart the job.
The developer neglected to add tests.
The reviewers neglected their duty.
The on-call didn't bother to check the dashboard.
Nobody bothered to check.
Nobody thought to check the row counts.
The engineers couldn't be bothered to write a test.
Ana should have checked the logs.
The engineer should have tested the change before deploying.
He should've known that the table was shared.
The team should have noticed this earlier.
We should have caught this.
You should have told us.
They should have asked before renaming the column.
The reviewer should never have approved the change.
Ana should not have deployed on a Friday.
The DBA shouldn't have run this in production.
Someone should have escalated sooner.
The analyst could have asked first.
We could have rolled back an hour earlier.
The new hire ought to have read the runbook.
Ana should have been more careful.
The on-call engineer should have been paying attention.
Should have tested the migration.
If Ana had checked the logs, this would not have happened.
If only Juan had asked.
Had the engineer read the runbook, the load would have finished.
If she had been paying attention, we would have known.
Why didn't the on-call check the alert?
Why did the reviewer not notice the typo?
Pedro knew better.
The engineer was supposed to check the totals.
Ana is to blame for the outage.
We blame the platform team for the delay.
The blame lies with the release manager.
It was Ana's fault.
This is our own fault.
It's the intern's fault that the table was dropped.
The on-call engineer was at fault.
The fault lies with the DBA.
Whose fault is this?
The culprit was Ana.
The culprit turned out to be the new intern.
The guilty party has been informed.
Juan was guilty of skipping the review.
The outage was caused by Ana.
The incident was caused by the new hire.
The table was broken by Pedro.
The mistake was made by the new hire.
An error made by the on-call engineer took the site down.
The bug was introduced by Maria.
Because of Ana, the report was late.
The delay was due to the on-call engineer.
The root cause was Ana.
The problem was the on-call engineer.
Ana was the root cause of the outage.
Juan is responsible for the outage.
The platform team is solely responsible for this incident.
A mistake by the on-call engineer deleted the index.
The incident was due to negligence on the part of the platform team.
The root cause was the engineer's inattention.
Due to Tom's oversight, the key expired.
Their carelessness cost us a day.
Her mistake was easy to see.
Ana's failure to check the logs delayed us.
The engineer's lack of experience showed.
This happened because Bob was careless.
It failed because of a careless change.
The change was careless.
The query was carelessly merged on Friday.
Pure carelessness.
The ops team was negligent.
This was gross negligence.
They were too lazy to write a test.
The lazy engineer skipped the tests.
The DBA made a stupid mistake.
That was a stupid decision.
Only an idiot would run this in production.
The incompetent vendor manager signed it off.
It was a rookie mistake.
An inexperienced developer ran the script.
We were sloppy.
There was a lack of discipline in the team.
The engineer wasn't careful enough.
Engineers must be more careful.
Please remind everyone to be more careful.
Ana was not paying attention.
The team needs to pay more attention.
Poor judgement by the release manager led to the outage.
The team was asleep at the wheel.
The engineer had no clue and didn't know what he was doing.
Someone messed up the deployment.
Ana screwed up.
The data team dropped the ball.
Pedro broke production.
The new engineer broke the nightly load.
Ana caused the outage.
The intern corrupted the table.
He ignored the warnings.
The on-call engineer ignored three alerts.
The team missed the alert.
Ana overlooked the failing check.
The engineer skipped the review.
Juan bypassed the approval process.
The analyst ran the wrong query.
Maria pushed a broken config.
Someone deployed an untested change.
Juan deleted the wrong table.
The contractor dropped the production database.
Ana introduced a bug in the parser.
Ana made a mistake.
The operator misconfigured the job.
Ana misread the dashboard.
She misunderstood the runbook.
Someone accidentally deleted the bucket.
The engineer mistakenly restarted the primary.
Ana blindly copied the command.
Ana let the certificate expire.
The on-call panicked.
The support team was too slow to respond.
The engineer took too long to answer.
Ana deployed without testing.
The developer merged the change without asking.
Ana did not check the logs.
The engineer never tested the rollback.
He didn't follow the process.
Ana restarted the job and forgot to disable the alert.
Ana, on call that night, forgot to escalate.
The engineer who ran the backfill forgot to stop the schedule.
The person on call missed the page.
Yesterday Wojtek forgot to unpause the DAG.
**Ana** forgot to add the index.
- 03:12 the on-call engineer failed to escalate
Disciplinary action will follow.
The team never tells us about renames.
We will hold the engineer accountable.
Ana was reprimanded.
The junior analyst carelessly overwrote the customer dimension.
If Sarah had run the tests locally, the bug would never have reached production.
The migration went wrong because Tomasz did not read the documentation.
This incident was entirely the fault of the data engineering team.
Dave's sloppy SQL caused the duplicate rows.
The release manager neglected to notify downstream consumers.
Why was nobody paying attention to the alerts?
It was a stupid mistake by the on-call.
The engineer who wrote this DAG clearly didn't think it through.
Kevin pushed straight to main without review.
The data platform team should have had monitoring in place.
Our vendor manager forgot to renew the licence.
Someone on the BI team fat-fingered the filter.
The operator entered the wrong date, which wiped the partition.
The root cause of this incident was human error on the part of the DBA.
The on-call person ignored the page for twenty minutes.
She could have prevented the outage by checking the freshness dashboard.
The blame for this rests with the analytics engineers.
Marketing failed to inform us about the campaign.
He was too lazy to add a uniqueness test.
Mike broke the build again.
The intern accidentally dropped the orders table.
The responder took the wrong action and made things worse.
Poor judgment on Lena's part delayed the rollback.
Carlos was supposed to verify the backfill but didn't.
The failure happened due to the engineer's negligence.
Nobody on the team bothered to read the runbook.
The developer was negligent in not testing the change.
User error: the analyst selected the wrong warehouse.
You should have known that the key was shared.
The mistake could have been avoided if the engineer had been more careful.
Whoever merged this PR did not look at the diff.
The infra team is responsible for the outage.
It's obvious that the reviewer wasn't paying attention.
The DBA's incompetence led to four hours of downtime.
I forgot to re-enable the trigger.
I should have double-checked the date range.
They failed to communicate the schema change.
The deployer skipped the canary step.
The culprit was an engineer who changed the column type.
Jonas mistakenly granted public access to the bucket.
The lead engineer overlooked the warning in the logs.
The outage happened because someone did not follow the procedure.
The analysts caused this by running heavy queries at peak time.
Incident caused by a careless deployment by Anna.
Lack of attention by the night shift led to a late response.
The team underestimated the volume.
The new engineer lacked the competence to run a failover.
We failed to test the rollback.
Alex never should have touched the production cluster.
The on-call had fallen asleep at the wheel.
The contractor botched the migration.
The manager refused to approve the fix.
It was irresponsible to deploy on a Friday.
Peter is the reason the dashboards were empty.
People keep forgetting to update the schema registry.
The engineer misjudged the risk.
The finger-pointing started when Sam's change broke the dashboard.
The error was made by an inexperienced colleague.
The SRE on duty did not escalate in time.
Engineer error.
This would not have happened if Bob had done his job.
The product owner didn't tell anyone about the launch.
@maria forgot to add the partition filter.
The team lead's decision to skip staging was reckless.
Ben ran the delete statement against production by mistake.
Laziness on the team's side meant that no tests were written.
The reviewer rubber-stamped the pull request.
The data engineer, Lucía, forgot to enable the sensor after maintenance.
Had Omar escalated immediately, the downtime would have been shorter.
Our on-call responder should really have looked at the lineage first.
Nobody from the analytics team bothered to validate the numbers.
It's clear that the vendor's account manager dropped the ball here.
A developer carelessly hard-coded the production credentials.
The team lead should have stopped the release.
She didn't think to check whether the job had finished.
Anyone competent would have seen this coming.
The on-call engineer was not paying attention to the dashboards.
Paul made a bad call by restarting the database.
We were careless with the permissions.
The failure to escalate was Julia's mistake.
Blame it on the new hires.
The main culprit here is the DBA, who ignored the warnings.
The data scientist didn't bother reading the contract.
This was an avoidable human mistake.
The problem was caused by an engineer who ran a manual update.
Greg messed up the permissions again.
It was the on-call's fault that nobody noticed.
The ETL developer failed to account for time zones.
Someone should have told the stakeholders.
The QA team failed to catch the defect.
The operator mistyped the partition date.
He deleted production data without asking anyone.
The root cause: Mark forgot to merge the hotfix.
They were negligent in rotating the credentials.
The backend team broke the contract by renaming the field.
The engineers never bothered to set up alerts.
The issue was caused by Lena's negligence.
The release engineer was guilty of not reading the notes.
Only the intern could make such a stupid error.
The maintainers ignored our request for a deprecation notice.
The outage is the fault of the infrastructure team.
Roberto is responsible for this mess.
An analyst ran an expensive query without thinking.
The incident would not have occurred if the engineer had followed the runbook.
Why did Ana not escalate?
You need to be more careful next time.
The on-call could have acknowledged sooner.
Luis incorrectly configured the retention policy.
The retention policy was misconfigured by Luis.
The DBA team neglected the backups for months.
A lazy copy-paste by the developer caused the bug.
The engineer should have had a rollback plan.
They just didn't care about data quality.
Nina should of tested it.
The scheduler was turned off by mistake by the on-call.
The person on duty slept through the page.
Operator mistake caused the wrong partition to be dropped.
It was the result of an engineer not following procedure.
The engineer made the wrong assumption about the schema.
The release was botched by the platform team.
The alert was ignored by the on-call engineer.
The warning signs were missed by the team.
This is on Ana.
Ana was careless when she ran the script.
The analyst was clearly incompetent.
If the team had tested the change, the outage could have been prevented.
The DBA had forgotten to restore the grants.
The on-call never looked at the alert.
The developers should not have merged on a Friday.
The engineer should have known better.
They could have just asked us.
Everyone should have read the announcement.
Whose mistake was it?
A fat-finger error by the operator deleted the bucket.
Samir's negligence cost us four hours.
The new guy broke the pipeline.
A colleague mistakenly disabled the check.
The contractor's sloppy work led to the incident.
Tom ran the migration without approval.
The service owner failed to respond to the page.
It happened because nobody was paying attention.
The team was too lazy to automate the check.
We have a careless engineer on the team.
My mistake led to the wrong totals.
This was due to the ignorance of the on-call engineer.
Ops forgot to renew the certificate.
The on-call missed it completely.
The engineer didn't think about the consequences.
Luca should have been more attentive.
He has only himself to blame.
The staff member neglected to log the change.
The responsible engineer should have noticed the spike.
The person who wrote the query should have used a limit.
Human mistakes caused the outage.
Anna's code broke the load.
The DevOps team failed to apply the patch.
"""

ADVICE = """
Mistakes were made.
There should have been an alert on the row count.
This could have been avoided.
The outage could easily have been prevented.
The migration should have been tested.
This should not have happened.
If only the alert had fired.
The root cause was a renamed column.
The root cause of the outage was a full disk.
The single root cause is missing monitoring.
The only cause was the deploy.
Obviously, the column was renamed.
The threshold was clearly wrong.
Of course the replica lagged.
Everyone knows that the job is slow.
You simply restart the job.
The fix just needed to be deployed.
In hindsight, the threshold was too high.
With hindsight the choice of key was odd.
It was decided to skip the backfill.
The alert was ignored.
The incident was entirely preventable.
The culprit was a missing index.
Engineers always restart the job by hand.
We did not test the migration on a copy.
Nobody reviewed the change.
The change should have been reviewed.
Mistakes were made during the rollout.
In retrospect, the alert threshold was too high.
An alert should have been configured for this table.
This incident was avoidable.
The root cause was a missing index.
Clearly the retry policy was wrong.
There could have been a check on row counts.
The regression should have been caught by CI.
It would have been better to roll back first.
We simply need to add a test.
The root cause was that the disk was full.
There should've been a second approver.
In hindsight we would do this differently.
The gap could have been detected earlier.
It was decided that the backfill could wait.
It is obvious that the index was missing.
"""

CLEAN = """
No human error was involved.
Human error was ruled out.
This was not human error.
We look at the system rather than at human error.
The user error message was shown to everyone.
User errors rose to 5 percent.
We should have coffee.
The team should have access to the logs.
The team should have read access to the bucket.
Analysts should have limited access to raw data.
Each engineer should have a test account.
The on-call should have their phone with them.
The commit author should have permissions.
Nobody should have to wake up at 3 a.m. for this.
You should have received an e-mail.
Users should have seen the new prices.
Support should have a dashboard of their own.
The service account should have elevated permissions.
Every dataset should have an owner.
The fault tolerance of the cluster held.
The default was changed.
This is a blameless review.
We ran a fault injection test.
The faulty disk was replaced.
A segmentation fault stopped the loader.
A page fault is cheap.
The error handling worked.
It is nobody's fault.
It was no one's fault.
Nobody is to blame.
The engineer was not at fault.
This document is not about blame.
We do not look for a culprit.
git blame shows the commit.
The blame view was slow.
The load failed because the column was renamed.
The on-call engineer acknowledged at 03:12.
She restarted the job.
The operator (KubernetesPodOperator) failed.
The KubernetesPodOperator failed to start.
Someone from finance noticed.
The job failed to start.
The nightly job failed to write its output.
Airflow failed to schedule the DAG.
PostgreSQL failed to start.
Snowflake failed to resume the warehouse.
The scheduler should have retried.
orders_daily failed.
orders_daily failed to load.
dbt.orders failed to build.
`load_orders` failed to start.
Kafka ignored the header.
The consumer failed to commit its offset.
The worker forgot its lease.
The pod forgot about the volume.
Redis forgot the keys.
Terraform ignored the tag.
The parser ignored empty lines.
The load balancer ignored the health check.
The vendor API failed to respond.
Fivetran failed to sync.
Tableau failed to refresh.
Retries failed to help.
Ingestion failed to complete.
Two of the replicas failed to start.
The pods restarted but they failed to mount the volume.
They failed to reach quorum.
Users failed to log in because the token had expired.
Customers failed to check out for ten minutes.
The alert that Ana acknowledged failed to clear.
Ana noticed that the job failed to start.
Ana said the query failed to finish.
The job owned by Ana failed to start.
The PR by Ana failed to build.
A note from Ana failed to render.
The engineer's laptop failed to connect.
The data team's pipeline failed to load.
The table of the finance team failed to load.
The team failed over to the replica.
The resource manager failed to allocate memory.
If the on-call fails to acknowledge within five minutes, the page goes on.
When a responder fails to answer, the second step starts.
Nobody failed to answer.
Ana did not forget to escalate.
So that nobody forgets to update it, the key is now in the vault.
A person can forget this step.
The neglected table had no owner.
The missed alert was low priority.
Ana could not have known.
Nobody could have known about the rename.
The engineer could have been reached by phone.
Customers could have seen stale prices.
It could have been worse.
This could have affected payments.
The rename could have broken the view.
We could have up to three retries.
The data should have arrived by 06:00.
The check should have fired at 02:10.
Orders should have landed by six.
The totals should have matched.
If the check had fired, the load would have stopped.
If we had an alert on freshness, it would have fired.
If the on-call had been paged, the load would have been stopped.
The team was supposed to move to the new cluster in May, and did.
The job was supposed to run at two.
Ana restarted the loader.
Ana fixed the wrong filter in the query.
Ana found the wrong partition in the log.
Ana restarted the broken job.
She removed the faulty disk.
Ana replaced the bad config with the good one.
The engineer dropped the temporary table.
Ana deployed the fix at 04:10.
The change was deployed by Ana at 04:10.
The column was renamed by the finance team.
The backfill was started by the on-call engineer.
The page was acknowledged by Ana.
The failure was caused by a renamed column.
The delay was caused by the analytics team's backfill.
The outage was caused by Snowflake.
The lag was caused by a burst of late events.
Because of Black Friday, traffic doubled.
Because of the on-call engineer's quick response, no dashboard was stale.
Thanks to Ana, the load finished in time.
The team is responsible for the orders pipeline.
Ana was responsible for communication during the incident.
The person responsible for the dashboard was told.
The cause was a full disk.
The cause is unknown.
Root cause analysis starts tomorrow.
We are looking for the root cause.
The commander did not receive the page.
The on-call did not have access to the vault.
The primary did not acknowledge within five minutes, so the second step started.
They did not know about the rename.
Nobody noticed until 09:00.
The page never arrived.
The job never started.
The load always runs at two.
We always run the backfill at night.
Just after 03:12 the first alert arrived.
The backfill took just under an hour.
The columns are clearly labelled.
Put simply, the disk was full.
Lazy loading was switched off.
The view is lazily evaluated.
The dumb terminal showed nothing.
The naive query took an hour.
There was no negligence.
Carelessness was not a factor.
No mistake was made by the new hire.
The form made this mistake easy to make.
A mistake in the query doubled the totals.
The error rate of the API rose.
Our error budget is spent.
Their error rate doubled.
Ana and Juan split the work.
The incident commander decided to fail over.
The query was too slow.
The job took too long to finish.
The responder broke the work into two parts.
The team shut the cluster down for maintenance without incident.
The change was deployed without a review because reviews are optional.
> Ana should have checked the logs.
Ana said: "I should have checked the logs".
The note read “human error”.
The page is titled 'Human error and you'.
The command is `blame --human-error`.
See [the guide](https://example.com/human-error/it-was-your-fault).
See https://example.com/ana-should-have-known for more.
<!-- Who should have noticed? -->
The user table failed to load.
The customer job failed to write.
The author field was empty.
The operator ran the job with the agreed options.
The team agreed that the runbook needs a check.
It took 40 minutes until the owner of the dashboard was told.
The first page was acknowledged in 2 minutes.
The report for the finance team was late by three hours.
The process did not include a step to check the logs.
There was no reminder to rotate the key.
The freshness monitor failed to fire because its schedule was paused.
The engineer on call acknowledged the page within three minutes.
dbt Cloud failed to start the job, so the mart was stale.
Looker should have shown yesterday's numbers.
Great Expectations failed to load the suite.
The Spark driver could have run out of memory.
The deploy at 14:02 renamed the column user_id to customer_id.
The runbook did not mention the second region.
Ana paged the platform team, who rolled back the deploy.
The team should have a shared calendar.
All engineers should have production read-only access.
The default timeout was 30 seconds, which is the default.
The pipeline is fault tolerant by design.
The analyst reported that totals were missing.
The upstream team was not told about the change because there is no channel for it.
We got lucky: the backfill finished before the board meeting.
The retry logic did not handle a 429.
The alert fired but was routed to an archived channel.
Two engineers worked on the rollback in parallel.
The service failed over to the secondary region without errors.
The incident was detected by a stakeholder, 50 minutes after impact started.
The load missed its deadline by two hours.
The finance dashboard missed yesterday's data.
The task skipped 300 rows with invalid dates.
The consumer skipped the offset.
The exporter ignored the null values.
The validation step was skipped by the scheduler because of a flag.
Error handling in the sensor swallows timeouts.
The failure to load was reported at 06:12.
The system allowed the wrong table to be selected.
Nobody was paged because the schedule had a gap.
No one is on call on Sundays.
The on-call schedule had a gap between 02:00 and 03:00.
The responder could not reach the warehouse because the VPN was down.
The commander handed over to the next shift at 09:00.
The data contract between the two teams does not cover column types.
Dagster marked the asset as stale.
The user agent header was wrong.
The user-defined function failed to compile.
Customer orders failed to load into the mart.
The owner column was null.
The team column should have been populated by the import.
The producer should have sent a tombstone.
The broker should have rejected the message.
Stripe's API failed to return the invoices.
Monte Carlo raised an alert at 05:10.
The job was killed by the OOM killer.
The incident was caused by a schema change upstream.
It was triggered by the deploy of a1b2c3.
The outage was triggered by a certificate that expired.
The change was reviewed by two engineers and tested in staging.
The on-call engineer followed the runbook, which was out of date.
The engineer believed that the table was unused, because its name said so.
The rollback took longer than expected because the image had been deleted.
We could have lost data, had the WAL not been archived.
It is not the engineer's fault.
The commit author is listed in the log.
The reviewers should have a checklist.
Nobody should have direct access to production.
Should the on-call fail to respond, the page escalates.
The query failed, and Ana reran it at 04:00.
The night load always finishes before 05:00.
Never run the migration twice.
Just before the deploy, latency was normal.
The faults were injected by the chaos test.
The disk at fault was replaced.
The root cause category is recorded as schema change.
The team practises blameless postmortems.
Postgres blamed a deadlock in its log.
The dashboards were wrong for 4 h.
Add a test that fails when the column is missing.
Remind the on-call of open action items.
The API returned an error because the token was missing.
The alert should fire when the table is empty.
We have decided to move the check before the load.
The incident review is on Thursday with the finance team.
Sales numbers failed to update.
The orders team was told at 07:40.
The lineage picture showed three failing assets.
The lock was held by a long-running query.
The engineer had no way to see that the replica was behind.
The tool asked for no confirmation before deleting the table.
The second step of the escalation was needed.
Twelve alerts arrived for one fault.
The on-call engineer was asleep when the page arrived and acknowledged it at 03:20.
A human reviewed the output before it was published.
The human-readable error was logged.
Fault isolation kept the damage to one region.
The circuit breaker should open after five errors.
The fallback should have kicked in after 30 seconds.
Salesforce could have sent the records twice.
The tests should have failed on the missing column.
The alert should've paged the data team.
The new version failed to parse the header.
The vendor failed to deliver the file before 06:00.
The upstream API failed to authenticate our token.
The cron daemon forgot the schedule after the restart.
The customer table missed 12 rows.
The warehouse ignored the hint.
The second replica refused the connection.
The team has an on-call rotation of six people.
The team decided to pause the pipeline at 04:00.
Engineers on both teams worked through the night.
The analyst who reported the issue was thanked.
She asked the commander for the runbook and restarted the ingestion.
He rolled back the release at 14:20.
The responder checked the logs and found a deadlock.
The team did a rollback and then told the stakeholders.
The engineer had followed the runbook, whose third step was outdated.
The reviewers approved the change because the tests were green.
The page woke the secondary, because the primary had no signal.
The responder was not able to log in.
The responder did not have the permission to restart the job.
The page was not acknowledged for 12 minutes, because the phone was in silent mode.
Nobody on call had access to the account.
Nobody knew that the table fed the board report.
No one could have predicted the spike.
Anyone with the link could have opened the report.
Users could not see their orders.
Users reported stale numbers at 09:10.
The owner of the dashboard asked why the number was zero.
The finance team used yesterday's numbers for the close.
The error was introduced by the March release.
The bug was introduced in version 2.3.
The duplicate rows were caused by a retry of the sink.
The delay was due to a lock on the orders table.
Because of the lock, the load waited.
The load waited because of a backfill.
This is the fault line between two systems.
The tolerance for faults is one node.
We assign no blame.
Do not blame people.
The word blame does not occur here.
The deploy was rolled back by the platform team at 03:40.
The incident commander asked everyone to be ready for the switch.
Make the script refuse to run against production.
Make it impossible to drop a table without a second approval.
Add an alert for late files; owner: data platform.
We will move the check so that the load stops when the file is empty.
The backup should be tested every month.
The team should be told when a column is renamed.
The team should have two approvers for schema changes.
All teams should have written runbooks.
The service should have restarted by itself.
Alerts that were missed are listed below.
The migration is easy to run and hard to undo.
It took a long time to find the cause.
Restarting the job fixed it.
The operator pattern is documented.
The Airflow operator failed after three retries.
The manager node failed to elect a leader.
The Flink job manager failed to restart.
The agent failed to report its status.
The client failed to reconnect.
Workers failed to pick up tasks.
Brokers failed to replicate the partition.
The user session failed to refresh.
The admin UI failed to load.
The team's dashboard failed to refresh.
The engineer's change was rolled back.
Ana's fix was merged at 05:00.
Ana's note says that the replica lagged.
The author of the change was asked for context.
The person who deployed the change was in a meeting.
The commander, Ana, opened the call at 03:20.
Ana and the platform team found the lock at 03:45.
The operator restarted the pod at 04:00.
The Postgres operator failed to reconcile.
The error was logged by the worker.
The error was caught by the retry.
A bug in the parser dropped the last row.
The table was deleted by the retention job.
The retention job deleted the wrong partition.
The script pushed a broken config.
The deploy broke production.
The migration broke the view.
The sensor missed the file.
The agent ignored the signal.
CI should have caught the missing column.
The linter should have flagged it.
The schema registry should have rejected the event.
The cache could have been stale.
The team could see the numbers at 09:00.
The team would have been paged by the new alert.
The lineage would have shown the dashboards.
The responder had the password but not the permission.
The responder made the decision to roll back at 04:00.
The commander made a call to the vendor.
The platform team made a change to the retry policy.
The team introduced a check on row counts.
Ana wrote a script to repair the rows.
The person on call had 40 minutes of sleep.
The alert went to the wrong channel.
The alert was sent to the wrong team.
The on-call engineer was paged for the wrong service.
The responders looked at the wrong dashboard first because both have the same name.
An engineer ran the documented command, which targeted production by default.
The documentation said to run it without checking.
The default made it possible to run without testing.
The load ran without a check.
The page said nothing about the cause.
It was not obvious that the table was shared.
We do not yet know who or what deleted the file.
The vendor took responsibility.
The support team told customers at 10:00.
The reviewers had no way to see the plan.
Everyone should have two-factor authentication.
Everyone in the team should have a backup contact.
The mistake is easy to make.
To err is human.
Errors by type: timeouts 40, bad requests 12.
The faulty deploy was reverted.
The job is always late on Mondays.
Only the first alert paged somebody.
The only alert was routed to an archived channel.
"""


def lines(table: str) -> list[str]:
    """Return the sentences of a table."""
    return [line for line in table.splitlines() if line]
