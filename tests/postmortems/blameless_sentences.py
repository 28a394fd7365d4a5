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
"""


def lines(table: str) -> list[str]:
    """Return the sentences of a table."""
    return [line for line in table.splitlines() if line]
