"""The shop's data platform: people, teams, assets and how data flows."""

from dataclasses import dataclass

AIRFLOW = "airflow"
SHOP_DB = "postgres://shop-db.example.com:5432"
WAREHOUSE = "snowflake://example-shop"
LOOKER = "looker://bi.example.com"
MLFLOW = "mlflow://ml.example.com"

PASSWORD = "demo-password"  # noqa: S105  # printed at the start of the demonstration


@dataclass(frozen=True, slots=True)
class DemoPerson:
    email: str
    name: str
    role: str
    teams: tuple[str, ...]
    time_zone: str = "Europe/Madrid"


@dataclass(frozen=True, slots=True)
class DemoAsset:
    """`upstream` are the names of what it reads."""

    namespace: str
    name: str
    type: str
    tier: int
    team: str
    upstream: tuple[str, ...] = ()
    owners: tuple[str, ...] = ()
    description: str = ""


INGESTION, ANALYTICS, SCIENCE = "Ingestion", "Analytics", "Data science"
TEAMS = {
    INGESTION: "Brings data in, and keeps it coming.",
    ANALYTICS: "Models, marts and the dashboards everybody reads.",
    SCIENCE: "Features and the models that feed on them.",
}

PEOPLE = (
    DemoPerson("demo@example.com", "Demo Person", "admin", (INGESTION, ANALYTICS)),
    DemoPerson("ingrid.inlet@example.com", "Ingrid Inlet", "responder", (INGESTION,)),
    DemoPerson("marty.mart@example.com", "Marty Mart", "responder", (ANALYTICS,)),
    DemoPerson("dana.dash@example.com", "Dana Dash", "responder", (ANALYTICS,)),
    DemoPerson(
        "felix.feature@example.com",
        "Felix Feature",
        "responder",
        (SCIENCE,),
        "America/Chicago",
    ),
    DemoPerson("vera.viewer@example.com", "Vera Viewer", "viewer", ()),
)

FINANCE = "finance@example.com"
SALES = "sales@example.com"
MARKETING = "marketing@example.com"
DANA = "dana.dash@example.com"


def _source(name: str, namespace: str = SHOP_DB) -> DemoAsset:
    return DemoAsset(namespace, name, "source", 2, INGESTION)


def _job(name: str, reads: str) -> DemoAsset:
    return DemoAsset(AIRFLOW, name, "pipeline", 2, INGESTION, (reads,))


def _table(name: str, tier: int, team: str, *upstream: str) -> DemoAsset:
    return DemoAsset(WAREHOUSE, name, "dataset", tier, team, upstream)


def _dashboard(name: str, tier: int, owner: str, *upstream: str) -> DemoAsset:
    return DemoAsset(LOOKER, name, "dashboard", tier, ANALYTICS, upstream, (owner,))


ASSETS = (
    _source("shop.public.orders"),
    _source("shop.public.customers"),
    _source("shop.public.payments"),
    _source("web.events", "kafka://events.example.com:9092"),
    _source("ecb.fx_rates", "https://rates.example.com"),
    _job("ingest_orders", "shop.public.orders"),
    _job("ingest_customers", "shop.public.customers"),
    _job("ingest_payments", "shop.public.payments"),
    _job("ingest_events", "web.events"),
    _job("ingest_fx_rates", "ecb.fx_rates"),
    _table("RAW.ORDERS", 2, INGESTION, "ingest_orders"),
    _table("RAW.CUSTOMERS", 2, INGESTION, "ingest_customers"),
    _table("RAW.PAYMENTS", 2, INGESTION, "ingest_payments"),
    _table("RAW.EVENTS", 3, INGESTION, "ingest_events"),
    _table("RAW.FX_RATES", 3, INGESTION, "ingest_fx_rates"),
    _table("STAGING.STG_ORDERS", 3, ANALYTICS, "RAW.ORDERS"),
    _table("STAGING.STG_CUSTOMERS", 3, ANALYTICS, "RAW.CUSTOMERS"),
    _table("STAGING.STG_PAYMENTS", 3, ANALYTICS, "RAW.PAYMENTS"),
    _table("STAGING.STG_EVENTS", 3, ANALYTICS, "RAW.EVENTS"),
    _table("STAGING.STG_FX_RATES", 3, ANALYTICS, "RAW.FX_RATES"),
    _table(
        "CORE.INT_ORDER_PAYMENTS",
        3,
        ANALYTICS,
        "STAGING.STG_ORDERS",
        "STAGING.STG_PAYMENTS",
    ),
    _table(
        "CORE.INT_CUSTOMER_COUNTRY",
        3,
        ANALYTICS,
        "STAGING.STG_CUSTOMERS",
        "STAGING.STG_FX_RATES",
    ),
    _table("CORE.INT_SESSIONS", 3, ANALYTICS, "STAGING.STG_EVENTS"),
    _table(
        "MARTS.FCT_ORDERS",
        1,
        ANALYTICS,
        "CORE.INT_ORDER_PAYMENTS",
        "CORE.INT_CUSTOMER_COUNTRY",
    ),
    _table("MARTS.FCT_REFUNDS", 2, ANALYTICS, "CORE.INT_ORDER_PAYMENTS"),
    _table("MARTS.FCT_SESSIONS", 2, ANALYTICS, "CORE.INT_SESSIONS"),
    _table("MARTS.DIM_CUSTOMERS", 2, ANALYTICS, "CORE.INT_CUSTOMER_COUNTRY"),
    _table("MARTS.RPT_DAILY_REVENUE", 1, ANALYTICS, "MARTS.FCT_ORDERS"),
    _table(
        "MARTS.RPT_NET_REVENUE",
        1,
        ANALYTICS,
        "MARTS.FCT_ORDERS",
        "MARTS.FCT_REFUNDS",
    ),
    _table(
        "MARTS.RPT_FUNNEL",
        2,
        ANALYTICS,
        "MARTS.FCT_SESSIONS",
        "MARTS.FCT_ORDERS",
    ),
    _table(
        "ML.FEAT_CUSTOMER_ORDERS",
        3,
        SCIENCE,
        "MARTS.FCT_ORDERS",
        "MARTS.DIM_CUSTOMERS",
    ),
    _table("ML.FEAT_SESSIONS", 3, SCIENCE, "MARTS.FCT_SESSIONS"),
    DemoAsset(
        MLFLOW,
        "churn_score",
        "model",
        2,
        SCIENCE,
        ("ML.FEAT_CUSTOMER_ORDERS", "ML.FEAT_SESSIONS"),
        ("felix.feature@example.com",),
    ),
    DemoAsset(
        MLFLOW,
        "recommendations",
        "model",
        2,
        SCIENCE,
        ("ML.FEAT_SESSIONS",),
        ("felix.feature@example.com",),
    ),
    DemoAsset(
        WAREHOUSE,
        "Customer 360",
        "product",
        1,
        ANALYTICS,
        ("MARTS.DIM_CUSTOMERS", "MARTS.FCT_ORDERS"),
        (DANA,),
        "What every team may know of a customer, one row each.",
    ),
    _dashboard("Revenue today", 1, FINANCE, "MARTS.RPT_DAILY_REVENUE"),
    _dashboard("Finance monthly close", 1, FINANCE, "MARTS.RPT_NET_REVENUE"),
    _dashboard("Sales funnel", 2, SALES, "MARTS.RPT_FUNNEL"),
    _dashboard("Orders by country", 2, SALES, "MARTS.FCT_ORDERS"),
    _dashboard("Site traffic", 3, MARKETING, "MARTS.FCT_SESSIONS"),
    _dashboard("Churn watch", 2, DANA, "churn_score"),
)


def edges() -> list[tuple[DemoAsset, DemoAsset]]:
    """(upstream, downstream) pairs."""
    by_name = {asset.name: asset for asset in ASSETS}
    return [(by_name[name], asset) for asset in ASSETS for name in asset.upstream]
