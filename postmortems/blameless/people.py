"""The words that say who or what a noun phrase is: a person, a system, neither."""

from enum import Enum

from postmortems.blameless.names import FIRST_NAMES
from postmortems.blameless.sentences import Sentence, Word
from postmortems.blameless.wordlist import words


class Who(Enum):
    """What a noun phrase stands for, as far as its words tell."""

    PERSON = "person"
    SELF = "self"  # I, we
    LIKELY = "likely"  # an unknown capitalised word inside a sentence
    MAYBE = "maybe"  # "they", "the operator", an unknown capitalised first word
    NOBODY = "nobody"
    SYSTEM = "system"
    OTHER = "other"  # any other noun


PERSON_PRONOUNS = words(
    "he she you someone somebody anyone anybody everyone everybody who whoever"
    " he/she she/he s/he him her"
)
SELF_PRONOUNS = words("i we us me")
NOBODY_PRONOUNS = words("nobody no-one none neither")
SYSTEM_PRONOUNS = words("it this that these those which there both each itself")

PERSON_NOUNS = words(
    """
    administrator admin analyst apprentice approver architect author boss ceo cio
    coder colleague commander committer consultant contractor coworker co-worker
    crew cto dba department deployer designer developer devs director employee
    engineer expert folk freelancer guy hire human individual intern junior lady
    lead leadership maintainer man manager men newcomer newbie on-call oncall
    on-caller officer owner people person personnel programmer responder reviewer
    rookie scientist scribe senior shift specialist sre squad staff stakeholder
    steward student swe sysadmin team teammate technician tester trainee woman women
    writer releaser
    """
)
# Either people or machines; the verb beside them decides.
MAYBE_NOUNS = words(
    """
    agent business client company consumer controller customer dev finance follower
    group guild it leader legal marketing member operations operator ops
    organisation organization partner platform producer product publisher qa reader
    sales security supplier support user viewer visitor worker
    """
)
# "The resource manager" is software, "the release manager" is not.
_TECHNICAL_MODIFIERS = words(
    """
    alert buffer cache cert certificate cluster config configuration connection
    container context deployment device disk file job lock log memory node package
    plugin pod pool process queue resource secret secrets service session state
    storage task token traffic transaction volume window workload
    """
)
_MANAGERS = words("manager director controller writer")

SYSTEM_NOUNS = words(
    """
    agent alarm alert alerting algorithm analytics api app application archive
    artifact automation autoscaler backend backfill backup balancer batch bot branch
    broker browser bucket bug build cache canary cdn certificate chart check checker
    checkpoint ci cli cloud cluster code collector column commit compaction compiler
    component config configuration connection connector console container controller
    core counter cpu crawler cron cronjob csv cursor cutover daemon dag dashboard
    data database dataset datasource db deadlock dependency deploy deployment
    detector device disk dns domain download driver elt endpoint engine environment
    etl event executor exporter extract extractor failover feature feed field file
    filesystem filter firewall flag flow formatter framework frontend function
    gateway generator graph guard handler hardware heartbeat hook host image import
    importer index ingest ingestion ingress insert instance integration interface
    internet job json kernel key lag lake lambda library lineage link linter
    listener load loader lock log logger logic login logs loop machine mail mailbox
    mart memory merge message messages method metadata metric metrics microservice
    migration model module monitor monitoring mount network node notebook
    notification notifier number object offset operation orchestrator order output
    package page pager parser partition patch path permission phone pipeline
    platform plugin pod pool pooler port prober probe procedure process processor
    product program prompt protocol provider proxy query queue reader reconciler
    record refresh region registry release replica replication report repository
    request resolver resource responses result retry rollback rollout router row
    rule run runner runtime sandbox scan scheduler schema script sdk search secret
    sensor sequence serializer server service session shard sidecar signal site
    snapshot socket software source spark sql stack stage staging standby state
    statement step storage store stream subscriber suite switch sync syncer system
    systems table target task telemetry template test tests thread threshold timeout
    timer token tool tooling topic trace traffic transaction transform
    transformation transformer trigger type update upload upsert uploader validation
    validator value variable vendor version view vm volume warehouse watchdog
    watcher webhook website widget workbook worker workflow workspace writer zone
    """
)
SYSTEM_NAMES = words(
    """
    accumulo adf aerospike airbyte airflow airtable akka alation alertmanager
    alloydb amazon ambari amplitude amundsen android ansible apache appflow apple
    argo argocd asana astronomer athena atlan atlassian aurora auth0 avro aws
    azkaban azure azureml beam bigeye bigquery bigtable bitbucket bokeh braze
    cassandra celery census ceph chef chrome circleci clickhouse cloudflare
    cloudwatch cockroach cockroachdb collibra confluence confluent consul couchbase
    couchdb dagster dash dask databand databricks datadog datafold dataflow datahub
    dataiku dataproc datastream db2 dbt debezium deequ delta django docker domo
    doris dremio druid dynamo dynamodb ecs eks elastic elasticsearch elementary elk
    emr envoy etcd excel facebook fargate fastapi feast firebase firebolt firehose
    fivetran flink fluentd flume gcp gcs gerrit git github gitlab glue gmail google
    grafana graphite great greenplum gunicorn hadoop haproxy hashicorp hbase hdfs
    heap helm heroku hex hightouch hive honeycomb hubspot hudi iceberg impala influx
    influxdb informatica instagram ios istio iterable jaeger java jenkins jetstream
    jira jupyter k8s kafka karpenter keycloak kibana kinesis kong kubeflow
    kubernetes kubelet kyverno lightdash linkedin linux logstash loki looker luigi
    mailchimp mariadb marketo marquez marathon matillion maxcompute meltano
    memcached mesos meta metabase metaflow metaplane microsoft microstrategy minio
    mixpanel mlflow mode mongo mongodb monte mulesoft mysql nagios neo4j netsuite
    netlify netty newrelic nginx nifi nomad numpy okta omni oozie openai openlineage
    opensearch opentelemetry opsgenie oracle outlook pagerduty pandas parquet paypal
    pendo pentaho periscope pgbouncer pinot polars postgres postgresql powerbi power
    presto prefect prometheus pubsub pulsar pulumi puppet pydantic pyspark pytest
    python qlik quicksight rabbitmq rails ranger ray rds redash redis redpanda
    redshift retool rivery rockset rudderstack rust s3 safari sagemaker salesforce
    salt sap scylla scylladb secoda segment selenium sendgrid sentry servicenow sftp
    sharepoint shopify sigma singlestore sisense slack snaplogic snowflake snowpark
    snowpipe snowplow soda solr spanner spark splunk spring sqlite sqlmesh sqs
    square squid starburst statsd stitch storm streamlit stripe superset supabase
    synapse tableau talend teams tecton temporal terraform thanos thoughtspot
    timescale timescaledb traefik trino twilio ubuntu unity unravel vault vercel
    vertica vertex vmware weaviate windows workato workday yarn zapier zeppelin
    zendesk zipkin zookeeper zoom
    """
)
# Capitalised, but neither a person nor a system.
_NOT_NAMES = words(
    """
    monday tuesday wednesday thursday friday saturday sunday january february march
    april may june july august september october november december christmas easter
    europe asia africa america english utc gmt q1 q2 q3 q4 sev1 sev2 sev3 sev4 data
    """
)
_NOT_PERSON_MENTIONS = words(
    """
    @daily @hourly @weekly @monthly @yearly @annually @once @continuous @reboot
    @here @channel @all @task @dag @asset @op @job @flow @retry @property @dataclass
    @app @pytest @override @test @mock @model @hook @service
    """
)
TITLES = words("mr mrs ms dr prof")
_INNER_CAPITAL_PREFIXES = ("Mc", "Mac", "De", "Le", "La", "Di", "Van", "O'", "O’", "D'")


def is_person_noun(lower: str) -> bool:
    """Return whether the word, singular or plural, names people by their role."""
    return lower in PERSON_NOUNS or (lower.endswith("s") and lower[:-1] in PERSON_NOUNS)


def is_maybe_noun(lower: str) -> bool:
    """Return whether the word names people or machines, as the case may be."""
    return lower in MAYBE_NOUNS or (lower.endswith("s") and lower[:-1] in MAYBE_NOUNS)


def is_system_noun(lower: str) -> bool:
    """Return whether the word, singular or plural, names a part of a system."""
    return lower in SYSTEM_NOUNS or any(
        lower.endswith(ending) and stem in SYSTEM_NOUNS
        for ending, stem in (
            ("s", lower[:-1]),
            ("es", lower[:-2]),
            ("ies", f"{lower[:-3]}y"),
        )
    )


def is_identifier(word: Word) -> bool:
    """Return whether the word is code, an address, or written like an identifier."""
    text = word.text
    if not text[0].isalpha():
        return not text.startswith("@")
    if any(c in "_./" or c.isdigit() for c in text):
        return "/" not in word.lower or word.lower not in PERSON_PRONOUNS
    inner = text[1:].replace("-", "")
    if len(text) > 1 and text.isupper():
        return True
    return any(c.isupper() for c in inner) and not _has_split_capitals(text)


def _has_split_capitals(text: str) -> bool:
    """Return whether inner capitals are those of a name: O'Brien, Jean-Luc, McCoy."""
    for part in text.split("-"):
        rest = part
        for prefix in _INNER_CAPITAL_PREFIXES:
            rest = rest.removeprefix(prefix)
        if any(c.isupper() for c in rest[1:]):
            return False
    return True


def is_mention(word: Word) -> bool:
    """Return whether the word is an @mention or an e-mail address of somebody."""
    return "@" in word.text and word.lower not in _NOT_PERSON_MENTIONS


def is_name(word: Word) -> bool:
    """Return whether the word is a first name we know, or a mention."""
    if is_mention(word):
        return True
    return word.is_capitalised and any(
        part in FIRST_NAMES for part in word.lower.split("-")
    )


def may_be_name(word: Word) -> bool:
    """Return whether the word is capitalised and nothing else we know."""
    return (
        len(word.lower) > 1
        and word.is_capitalised
        and not word.lower.endswith("ly")  # "Unfortunately Ana ..."
        and not is_identifier(word)
        and word.lower not in SYSTEM_NAMES
        and word.lower not in _NOT_NAMES
        and not is_system_noun(word.lower)
    )


def classify(sentence: Sentence, head: int) -> Who:
    """Return what the noun phrase whose last word is `head` stands for."""
    word = sentence.words[head]
    for known, who in (
        (PERSON_PRONOUNS, Who.PERSON),
        (SELF_PRONOUNS, Who.SELF),
        (NOBODY_PRONOUNS, Who.NOBODY),
        (SYSTEM_PRONOUNS, Who.SYSTEM),
        (frozenset({"they", "them"}), Who.MAYBE),
    ):
        # "IT" and "US" are no pronouns.
        if word.lower in known and (len(word.text) == 1 or not word.text.isupper()):
            return who
    if is_person_noun(word.lower):
        return _role(sentence, head)
    if is_maybe_noun(word.lower):
        return Who.MAYBE
    return _named(sentence, head)


def _role(sentence: Sentence, head: int) -> Who:
    lower = sentence.lower(head)
    is_software = (
        lower.removesuffix("s") in _MANAGERS
        and sentence.lower(head - 1) in _TECHNICAL_MODIFIERS
    )
    return Who.SYSTEM if is_software else Who.PERSON


def _named(sentence: Sentence, head: int) -> Who:
    word = sentence.words[head]
    if word.text.isdigit() and head and is_person_noun(sentence.lower(head - 1)):
        return Who.PERSON  # "responder 1"
    if is_name(word) or sentence.lower(head - 1) in TITLES:
        return Who.PERSON
    if is_identifier(word) or word.lower in SYSTEM_NAMES or is_system_noun(word.lower):
        return Who.SYSTEM
    if not may_be_name(word):
        return Who.OTHER
    if head and is_name(sentence.words[head - 1]):
        return Who.PERSON  # a surname
    if sentence.is_title_case:
        return Who.OTHER
    return Who.LIKELY if head else Who.MAYBE
