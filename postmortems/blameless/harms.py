"""What somebody is said to have done wrong: broke, ignored, ran the wrong query."""

from postmortems.blameless.findings import Finding
from postmortems.blameless.people import Who
from postmortems.blameless.phrases import (
    Phrase,
    is_negated,
    object_end,
    phrase_after,
    subject_before,
)
from postmortems.blameless.rule import Rules, advice, blame
from postmortems.blameless.sentences import Sentence
from postmortems.blameless.verbs import gerund_of_past
from postmortems.blameless.wordlist import words

KIND = "person-as-cause"
WHY = "This makes a person the cause; say what the system allowed or hid."
_WHY_SIGNAL = "This says a person missed a signal; say what the signal looked like."
PEOPLE = (Who.PERSON, Who.SELF, Who.LIKELY)

# Signals people are said to have passed over.
_SIGNAL_VERBS = words("missed ignored overlooked dismissed disregarded")
_SIGNALS = words(
    """
    advice alarm alert bug check checklist comment documentation email error failure
    instruction message mistake note notification page policy problem procedure
    process rule runbook sign signal step symptom warning it this that them these
    those guideline issue regression review
    """
)
_SKIP_VERBS = words("skipped bypassed circumvented omitted violated disobeyed")
_STEPS = words(
    """
    approval approvals check checklist checks ci guardrail guideline instructions
    policy procedure procedures process protocol qa review reviews rule rules
    runbook safeguard safeguards staging step steps test tests testing validation
    verification warning control controls
    """
)
# past form -> base form, for "was easy to ..."
_MUDDLE_VERBS = {
    "misconfigured": "misconfigure", "misread": "misread", "misjudged": "misjudge",
    "misunderstood": "misunderstand", "mistyped": "mistype", "mishandled": "mishandle",
    "misinterpreted": "misinterpret", "miscalculated": "miscalculate",
    "mismanaged": "mismanage", "misspelled": "misspell", "misspelt": "misspell",
    "misdiagnosed": "misdiagnose", "underestimated": "underestimate",
    "rubber-stamped": "approve",
    "botched": "get wrong", "bungled": "get wrong", "fat-fingered": "mistype",
    "fumbled": "get wrong", "misused": "misuse", "mislabelled": "mislabel",
    "mislabeled": "mislabel", "miscommunicated": "miscommunicate",
}  # fmt: skip
_BREAK_VERBS = words(
    """
    broke broken caused crashed corrupted ruined wrecked sabotaged trashed destroyed
    """
)
_PHRASAL = {("messed", "up"), ("screwed", "up"), ("fucked", "up"), ("mixed", "up")}
_TAKE_DOWN = words("took brought taken")
_SERVICES = words(
    """
    production prod site website service services cluster database platform
    warehouse pipeline system systems app application everything server network api
    """
)
_INTO_PIECES = words("into down out up off through away ground")
_INTRODUCED = words(
    """
    bug bugs error errors mistake regression typo defect fault problem
    misconfiguration
    """
)
_OUTAGES = words("outage incident failure downtime breakage disruption")
_WRONG = frozenset(["wrong"])
_FAULTY = words(
    """
    bad broken buggy faulty incorrect invalid untested unreviewed malformed
    half-baked sloppy wrong incomplete
    """
)
_DID = words(
    """
    ran deployed pushed deleted dropped merged committed released applied changed
    edited picked chose selected used typed entered restarted updated set wrote
    uploaded loaded shipped published executed copied passed configured sent
    truncated removed killed clicked pasted scheduled renamed moved granted gave put
    made took got restored paged called opened pointed joined mapped approved
    connected assigned submitted exported imported started triggered backfilled
    filtered specified queried followed targeted hard-coded
    """
)
_SHIPPED = words(
    """
    deployed pushed merged committed released shipped wrote published uploaded
    introduced sent applied approved entered submitted made wrote pushed
    """
)
_JUDGED = words("call decision choice judgement judgment assumption move")
_DESTROYED = words("deleted dropped wiped truncated overwrote erased nuked")
_LIVE = words("production prod live customer")


def actor(s: Sentence, verb: int, *, sure: bool = True) -> Phrase | None:
    """Return the person who did it; with sure=False an operator may be one too."""
    subject = subject_before(s, verb)
    allowed = PEOPLE if sure else (*PEOPLE, Who.MAYBE)
    return subject if subject is not None and subject.who in allowed else None


def _signal(s: Sentence, i: int) -> Finding | None:
    return _passed_over(s, i, _SIGNALS, "did not stand out at that point", _WHY_SIGNAL)


def _skipped(s: Sentence, i: int) -> Finding | None:
    return _passed_over(s, i, _STEPS, "could be left out without notice", WHY)


def _passed_over(
    s: Sentence, i: int, objects: frozenset[str], instead: str, why: str
) -> Finding | None:
    last = object_end(s, i + 1)
    names_it = any(
        s.lower(j) in objects or s.lower(j).removesuffix("s") in objects
        for j in range(i + 1, min(last, i + 8) + 1)
    )
    subject = actor(s, i, sure=not names_it)
    if subject is None or (not names_it and subject.who is not Who.PERSON):
        return None
    if subject.who is Who.MAYBE and s.lower(subject.last) not in {"they", "operator"}:
        return None
    if last <= i:
        return blame(s, subject.first, i, KIND, why, f"this {instead}")
    end = _noun_end(s, i + 1, last)
    text = f"{s.original(i + 1, end)} {instead}"
    write = advice if subject.who is Who.SELF else blame
    return write(s, subject.first, end, KIND, why, text)


def _noun_end(s: Sentence, first: int, last: int) -> int:
    """Return where the noun phrase at `first` ends, within `last`."""
    phrase = phrase_after(s, first)
    return min(phrase.last, last) if phrase is not None else last


def _muddled(s: Sentence, i: int) -> Finding | None:
    subject = actor(s, i, sure=False)
    if subject is None:
        return None
    last = object_end(s, i + 1)
    end = _noun_end(s, i + 1, last) if last > i else i
    what = s.original(i + 1, end) or "this step"
    text = f"{what} was easy to {_MUDDLE_VERBS[s.lower(i)]}"
    write = advice if subject.who is Who.SELF else blame
    return write(s, subject.first, end, KIND, WHY, text)


def _broke(s: Sentence, i: int) -> Finding | None:
    last = object_end(s, i + 1)
    if last <= i or any(s.lower(j) in _INTO_PIECES for j in range(i + 1, last + 1)):
        return None
    if s.lower(i) == "broken" and s.lower(i - 1) not in {"had", "has", "have"}:
        return None
    subject = actor(s, i)
    if subject is None or is_negated(s, i):
        return None
    text = f"a change {'broke' if s.lower(i) == 'broken' else s.original(i, i)}"
    write = advice if subject.who is Who.SELF else blame
    return write(s, subject.first, i, KIND, WHY, text)


def _phrasal(s: Sentence, i: int) -> Finding | None:
    """Messed up, screwed up, dropped the ball, fell asleep."""
    is_ball = s.says(i, "dropped", "the", "ball") or s.says(i, "blew", "it")
    if not is_ball and (s.lower(i), s.lower(i + 1)) not in _PHRASAL:
        return None
    subject = actor(s, i, sure=False)
    if subject is None:
        return None
    last = i + 2 if s.says(i, "dropped", "the", "ball") else i + 1
    text = "something went differently than planned"
    if not is_ball:
        end = object_end(s, last + 1)
        if end > last:
            last = _noun_end(s, last + 1, end)
            text = f"{s.original(i + 2, last)} went differently than planned"
    return blame(s, subject.first, last, KIND, WHY, text)


def _took_down(s: Sentence, i: int) -> Finding | None:
    down = next((j for j in range(i + 1, i + 6) if s.lower(j) == "down"), None)
    if down is None:
        return None
    if not any(s.lower(j) in _SERVICES for j in range(i + 1, down + 5)):
        return None
    subject = actor(s, i)
    if subject is None:
        return None
    text = f"a change {s.original(i, i)}"
    return blame(s, subject.first, i, KIND, WHY, text)


def _did(s: Sentence, i: int) -> Finding | None:
    """Ana ran the wrong query, pushed a broken config, dropped a production table."""
    last = min(object_end(s, i + 1), i + 5)
    near = {s.lower(j) for j in range(i + 1, last + 1)}
    is_wrong = (
        (s.lower(i) in _DID and near & _WRONG)
        or (s.lower(i) in _SHIPPED and near & _FAULTY)
        or (s.lower(i) in _DESTROYED and near & _LIVE)
        or (s.lower(i) == "introduced" and near & _INTRODUCED)
        or (s.lower(i) in {"made", "created"} and near & _INTRODUCED)
        or (s.lower(i) == "triggered" and near & _INTRODUCED | near & _OUTAGES)
        or (s.lower(i) == "made" and near & _JUDGED and near & {"poor", "terrible"})
    )
    subject = actor(s, i, sure=False) if is_wrong else None
    if subject is None or is_negated(s, i):
        return None
    if subject.who is Who.MAYBE and s.lower(subject.last) not in {"operator", "user"}:
        return None
    last = _noun_end(s, i + 1, object_end(s, i + 1))
    if s.lower(i) == "introduced":
        text = f"a change introduced {s.original(i + 1, last)}"
    elif s.lower(i) == "made":
        text = _made(s.lower(last))
    else:
        what = f"{gerund_of_past(s.lower(i))} {s.original(i + 1, last)}"
        text = f"the tooling allowed {what}"
    return blame(s, subject.first, last, KIND, WHY, text)


def _made(noun: str) -> str:
    """Return the rewording of "Ana made a mistake", "made the wrong call"."""
    if noun in _JUDGED:
        return "the decision followed from what was known at the time"
    if noun.endswith("s"):
        return f"the system made {noun} easy to make"
    article = "an" if noun[:1] in "aeiou" else "a"
    return f"the system made {article} {noun} easy to make"


RULES: Rules = (
    (_DID | _SHIPPED | _DESTROYED | {"introduced"}, _did),
    (_SIGNAL_VERBS, _signal),
    (_SKIP_VERBS, _skipped),
    (frozenset(_MUDDLE_VERBS), _muddled),
    (_BREAK_VERBS, _broke),
    (words("messed screwed fucked mixed dropped blew"), _phrasal),
    (_TAKE_DOWN, _took_down),
)
