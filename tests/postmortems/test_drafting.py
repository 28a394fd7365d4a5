import dataclasses
import re
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from postmortems.blameless import check
from postmortems.drafting import SECTIONS, draft
from postmortems.facts import (
    ActionItem,
    Change,
    Dashboard,
    FirstAlert,
    IncidentFacts,
    Moment,
    Page,
    Person,
    RootCause,
    Suspicion,
)
from tests.postmortems.blameless_sentences import ADVICE, BLAME, lines

MADRID = ZoneInfo("Europe/Madrid")
BEGAN = datetime(2026, 1, 10, 2, 10, tzinfo=UTC)


def at(minutes: int) -> datetime:
    return BEGAN + timedelta(minutes=minutes)


FULL = IncidentFacts(
    number=128,
    title="orders_raw arrived empty",
    severity="SEV2",
    url="https://headwater.example.com/incidents/128/",
    impact_started_at=BEGAN,
    detected_at=at(4),
    acknowledged_at=at(6),
    mitigated_at=at(70),
    resolved_at=at(134),
    detected_by="monitor",
    people=(
        Person("incident commander", ("Ana Ruiz", "Ana", "ana@example.com")),
        Person("responder 1", ("Juan Vidal", "Juan")),
    ),
    timeline=(
        Moment(at(30), "Ana Ruiz asked Juan to restart orders_ingest", "responder 1"),
        Moment(at(4), "The first alert arrived"),
        Moment(at(40), "Juan forgot to pause the sensor", "incident commander"),
    ),
    assets=("raw.orders", "mart.revenue"),
    asset_count=12,
    dashboards=(Dashboard("Revenue", owners=2), Dashboard("Board report")),
    dashboard_count=2,
    people_told=5,
    suspicion=Suspicion("orders_ingest", ("its run failed first, 02:14",)),
    root_cause=RootCause("Schema change upstream", "orders_ingest", "A column moved"),
    contributing_factors=("no contract on column types",),
    changes=(Change("Deploy a1b2c3", at(-20), "deploy", "orders_ingest"),),
    alert_count=12,
    first_alert=FirstAlert("orders_raw is empty", at(4)),
    pages=(
        Page(at(4), step=1, to="responder 1", acknowledged_at=at(6)),
        Page(at(9), step=2, to="incident commander"),
    ),
    recurs_from=97,
    action_items=(
        ActionItem("Check the row count", "detect", "data platform", date(2026, 2, 1)),
    ),
)
NOTHING = IncidentFacts(number=1, title="x", severity="SEV4")


def body(facts: IncidentFacts, tz: ZoneInfo = MADRID) -> str:
    return draft(facts, tz=tz).body_markdown


def section(facts: IncidentFacts, heading: str, tz: ZoneInfo = MADRID) -> str:
    _, _, rest = body(facts, tz).partition(f"## {heading}\n")
    return rest.partition("\n## ")[0]


def test_a_draft_has_all_sections_in_order() -> None:
    headings = re.findall(r"^## (.+)$", body(FULL), re.MULTILINE)
    assert tuple(headings) == SECTIONS
    assert draft(FULL, tz=MADRID).title == "Incident #128: orders_raw arrived empty"


def test_the_summary_says_what_when_and_how_far() -> None:
    summary = section(FULL, "Summary")
    assert "[Incident #128](https://headwater.example.com/incidents/128/)" in summary
    assert "10 January 2026, 03:10 CET (02:10 UTC)" in summary
    assert "It lasted 2 h 14 min." in summary
    assert "12 assets, 2 dashboards among them" in summary


def test_the_four_clocks_are_a_table_with_durations() -> None:
    impact = section(FULL, "Impact")
    assert "| Detected | 10 January 2026, 03:14 CET (02:14 UTC) | 4 min |" in impact
    assert (
        "| Resolved | 10 January 2026, 05:24 CET (04:24 UTC) | 2 h 14 min |" in impact
    )


def test_affected_dashboards_come_with_the_number_of_their_owners() -> None:
    impact = section(FULL, "Impact")
    assert "- `Revenue` (2 owners)" in impact
    assert "- `Board report` (no owner on record)" in impact
    assert "`raw.orders`, `mart.revenue` and 10 more" in impact
    assert "5 people were told." in impact


def test_what_people_use_is_named_by_its_kind_wherever_it_is_counted() -> None:
    facts = dataclasses.replace(FULL, reached="1 dashboard and 1 ML model")
    assert "12 assets, 1 dashboard and 1 ML model among them" in body(facts)
    assert "Of these, people use 1 dashboard and 1 ML model:" in body(facts)
    assert "2 dashboards" not in body(facts)


def test_what_was_detected_within_the_second_was_detected_at_once() -> None:
    facts = dataclasses.replace(FULL, detected_at=at(0) + timedelta(milliseconds=4))
    assert "A monitor detected it at once." in section(facts, "Detection")
    assert "A monitor detected it at once." in section(facts, "What went well")


def test_detection_tells_by_whom_how_fast_and_who_was_paged() -> None:
    detection = section(FULL, "Detection")
    assert "A monitor detected it, 4 min after the impact began." in detection
    assert "page at step 1 to responder 1, acknowledged after 2 min" in detection
    assert "to incident commander, no acknowledgement recorded" in detection


def test_the_timeline_is_in_order_and_by_role() -> None:
    timeline = section(FULL, "Timeline")
    entries = [line for line in timeline.splitlines() if line.startswith("- ")]
    assert entries[0] == "- 03:14 CET (02:14 UTC): The first alert arrived"
    assert entries[1].endswith(
        "responder 1: incident commander asked responder 1 to restart orders_ingest"
    )


def test_nobody_appears_by_name() -> None:
    assert not re.search("Ana|Juan|Ruiz|Vidal", body(FULL))


def test_a_note_that_blames_is_quoted_as_it_was_written() -> None:
    assert "“responder 1 forgot to pause the sensor”" in section(FULL, "Timeline")


def test_names_inside_other_words_are_left_alone() -> None:
    moment = Moment(BEGAN, "Anaconda is not @Ana, nor is mañAna")
    facts = dataclasses.replace(FULL, timeline=(moment,))
    assert "Anaconda is not @Ana, nor is mañAna" in section(facts, "Timeline")


def test_causes_changes_and_factors_are_listed() -> None:
    causes = section(FULL, "Root cause and contributing factors")
    assert "Category: Schema change upstream." in causes
    assert "It came from `orders_ingest`." in causes
    assert "- its run failed first, 02:14" in causes
    assert "- no contract on column types" in causes
    assert "It recurs from incident #97." in causes
    assert "deploy to `orders_ingest`: Deploy a1b2c3" in section(FULL, "Trigger")


def test_the_record_itself_says_what_went_well_and_what_was_hard() -> None:
    well, hard = section(FULL, "What went well"), section(FULL, "What was hard")
    assert "- A monitor detected it within 4 min." in well
    assert "- The first page was acknowledged in 2 min." in well
    assert "- The second step of the escalation was needed." in hard
    assert "- 12 alerts arrived for one fault." in hard


def test_slow_detection_by_a_person_is_hard_and_never_praised() -> None:
    facts = dataclasses.replace(FULL, detected_by="person", detected_at=at(50))
    assert "50 min passed before the impact was detected" in section(
        facts, "What was hard"
    )
    assert "detected it within" not in section(facts, "What went well")


def test_luck_is_only_claimed_where_the_record_supports_it() -> None:
    lucky = dataclasses.replace(
        FULL, detected_by="person", alert_count=0, dashboards=(), dashboard_count=0
    )
    assert "- No dashboard was downstream" in section(lucky, "Where we got lucky")
    assert "- " not in section(FULL, "Where we got lucky").replace("--", "")


def test_action_items_have_owner_and_due_date() -> None:
    assert (
        "- [ ] Check the row count (detect, owner: data platform, due 2026-02-01)"
        in section(FULL, "Action items")
    )


def test_what_is_unknown_is_said_to_be_unknown_and_asked_for() -> None:
    text = body(NOTHING)
    assert "When the impact began is not known." in text
    assert "How it was detected is not recorded." in text
    assert "The cause is not recorded yet." in text
    assert text.count("<!-- ") == len(SECTIONS)


def test_times_out_of_order_give_no_duration() -> None:
    facts = dataclasses.replace(FULL, detected_at=at(-5), resolved_at=at(-1))
    assert "How long it lasted is not known." in section(facts, "Summary")


def test_a_utc_reader_sees_each_time_once() -> None:
    assert "- 02:14 UTC: The first" in section(FULL, "Timeline", ZoneInfo("UTC"))


def test_the_hour_that_happens_twice_is_told_apart_by_its_zone() -> None:
    hours = [datetime(2026, 10, 25, hour, 30, tzinfo=UTC) for hour in (0, 1)]
    facts = dataclasses.replace(FULL, timeline=tuple(Moment(h, "x") for h in hours))
    timeline = section(facts, "Timeline")
    assert "02:30 CEST (00:30 UTC)" in timeline
    assert "02:30 CET (01:30 UTC)" in timeline


def test_a_timeline_over_midnight_names_each_local_day() -> None:
    facts = dataclasses.replace(
        FULL, timeline=(Moment(at(0), "x"), Moment(at(21 * 60), "y"))
    )
    timeline = section(facts, "Timeline")
    assert "**10 January 2026**" in timeline
    assert "**11 January 2026**" in timeline


@pytest.mark.parametrize(
    ("title", "shown"),
    [
        ("# a *b* _c_ `d`", r"\# a \*b\* \_c\_ \`d\`"),
        ("a | b\n\n## c", r"a &#124; b \#\# c"),
        ("<script>x</script> <!-- y", "&lt;script&gt;x&lt;/script&gt; &lt;!-- y"),
        ("[x](javascript:y)", r"\[x\](javascript:y)"),
        ("orders_daily & co", "orders_daily &amp; co"),
        ("ab\u202etxt", "abtxt"),
        ("طلب فارغ", "\u2068طلب فارغ\u2069"),
    ],
)
def test_a_title_is_shown_letter_for_letter(title: str, shown: str) -> None:
    facts = dataclasses.replace(FULL, title=title, people=())
    assert f"(SEV2): {shown}\n" in section(facts, "Summary")


def test_a_link_that_is_no_web_address_is_left_out() -> None:
    facts = dataclasses.replace(FULL, url="javascript:alert(1)")
    assert "javascript" not in body(facts)


def test_a_very_long_title_is_cut() -> None:
    facts = dataclasses.replace(FULL, title="x" * 5_000)
    assert len(draft(facts, tz=MADRID).title) < 250


TEXTS = st.one_of(
    st.text(max_size=30),
    st.sampled_from(lines(BLAME) + lines(ADVICE)),
    st.text("“”\"‘’'`*_#|<>!-[]()\\\n @Ana", max_size=12),
    st.just("Ana should have") | st.just("failed to check") | st.just("human"),
)
TIMES = st.timedeltas(timedelta(days=-9_000), timedelta(days=9_000)).map(BEGAN.__add__)
MAYBE_TIMES = st.none() | TIMES
COUNTS = st.integers(0, 20_000)


def tuples(values: st.SearchStrategy[object]) -> st.SearchStrategy[tuple[object, ...]]:
    return st.lists(values, max_size=3).map(tuple)


FACTS = st.builds(
    IncidentFacts,
    number=st.integers(1, 10**6),
    title=TEXTS,
    severity=st.sampled_from(["SEV1", "SEV4"]) | TEXTS,
    url=st.sampled_from(["", "https://x.example.com/a b(", "http://["]) | TEXTS,
    impact_started_at=MAYBE_TIMES,
    detected_at=MAYBE_TIMES,
    acknowledged_at=MAYBE_TIMES,
    mitigated_at=MAYBE_TIMES,
    resolved_at=MAYBE_TIMES,
    detected_by=st.sampled_from(["monitor", "person", ""]),
    people=tuples(st.builds(Person, role=TEXTS, names=tuples(TEXTS))),
    timeline=tuples(st.builds(Moment, at=TIMES, text=TEXTS, actor=TEXTS)),
    assets=tuples(TEXTS),
    asset_count=st.none() | COUNTS,
    dashboards=tuples(st.builds(Dashboard, name=TEXTS, owners=COUNTS)),
    dashboard_count=st.none() | COUNTS,
    people_told=COUNTS,
    suspicion=st.none() | st.builds(Suspicion, asset=TEXTS, reasons=tuples(TEXTS)),
    root_cause=st.none()
    | st.builds(RootCause, category=TEXTS, asset=TEXTS, summary=TEXTS),
    contributing_factors=tuples(TEXTS),
    changes=tuples(
        st.builds(Change, title=TEXTS, at=TIMES, kind=TEXTS, asset=TEXTS, url=TEXTS)
    ),
    alert_count=COUNTS,
    first_alert=st.none() | st.builds(FirstAlert, title=TEXTS, at=TIMES),
    pages=tuples(
        st.builds(Page, at=TIMES, step=COUNTS, to=TEXTS, acknowledged_at=MAYBE_TIMES)
    ),
    recurs_from=st.none() | COUNTS,
    action_items=tuples(
        st.builds(
            ActionItem,
            title=TEXTS,
            kind=TEXTS,
            owner=TEXTS,
            due_on=st.none() | st.dates(),
        )
    ),
)


@settings(max_examples=300, deadline=None)
@given(FACTS, st.sampled_from(["Europe/Madrid", "UTC", "Asia/Kolkata"]))
def test_no_draft_of_any_facts_reads_as_blame_or_loses_its_shape(
    facts: IncidentFacts, zone: str
) -> None:
    text = body(facts, ZoneInfo(zone))
    assert check(text) == []
    headings = re.findall(r"^#+ (.+)$", text, re.MULTILINE)
    assert tuple(headings) == SECTIONS
