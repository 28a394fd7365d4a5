"""Forms of English verbs, and whether they are what people do or machines do."""

from postmortems.blameless.wordlist import words

_IRREGULAR = """
    be was been; bear bore borne; become became become; begin began begun; break
    broke broken; bring brought brought; build built built; burn burnt burnt; buy
    bought bought; catch caught caught; choose chose chosen; come came come; cut cut
    cut; deal dealt dealt; do did done; draw drew drawn; drive drove driven; eat ate
    eaten; fall fell fallen; feel felt felt; fight fought fought; find found found;
    forget forgot forgotten; foresee foresaw foreseen; freeze froze frozen; get got
    gotten; give gave given; go went gone; grow grew grown; have had had; hear heard
    heard; hide hid hidden; hit hit hit; hold held held; keep kept kept; know knew
    known; lead led led; learn learnt learnt; leave left left; let let let; lose
    lost lost; make made made; mean meant meant; meet met met; misread misread
    misread; mistake mistook mistaken; misunderstand misunderstood misunderstood;
    overwrite overwrote overwritten; oversee oversaw overseen; override overrode
    overridden; overlook overlooked overlooked; pay paid paid; put put put; quit
    quit quit; read read read; rebuild rebuilt rebuilt; redo redid redone; rerun
    reran rerun; re-run re-ran re-run; reset reset reset; rewrite rewrote rewritten;
    run ran run; say said said; see saw seen; seek sought sought; send sent sent;
    set set set; shut shut shut; sit sat sat; speak spoke spoken; spend spent spent;
    split split split; spot spotted spotted; stand stood stood; stick stuck stuck;
    take took taken; teach taught taught; tell told told; think thought thought;
    throw threw thrown; undo undid undone; understand understood understood; wake
    woke woken; win won won; withdraw withdrew withdrawn; write wrote written;
    double-check double-checked double-checked; cross-check cross-checked
    cross-checked
"""
_ROWS = [row.split() for row in _IRREGULAR.split(";")]
_PAST_TO_BASE = {form: base for base, past, done in _ROWS for form in (past, done)}
_PARTICIPLES = frozenset(done for _, _, done in _ROWS)
_PASTS = frozenset(past for _, past, _ in _ROWS)

# Words in -ed that are no participles.
_NOT_PARTICIPLES = words(
    """
    need speed feed seed embed bleed exceed proceed indeed hundred weed breed
    succeed red bed shed led sacred naked wicked rugged aged biweekly coloured
    """
)
# In "should have limited access" the word describes the noun.
DESCRIBING_PARTICIPLES = words(
    """
    limited elevated dedicated detailed shared restricted unlimited increased
    reduced advanced automated improved named designated trusted privileged scoped
    delegated separated documented written defined assigned fixed nested encrypted
    managed read set cut experienced qualified trained redundant supervised
    unrestricted updated extended standardised standardized
    """
)
_DOUBLING = words(
    """
    run stop set put get cut plan drop skip tag map log scan ship commit submit
    admit forget refer let begin occur prefer quit shut sit spin split swap trim
    wrap plug ping pin hit dig chat stub grep snap step clip chop flip strip slip
    rebut defer rerun re-run reset
    """
)


def gerund(base: str) -> str:
    """Return the -ing form of a base form: "check" -> "checking"."""
    if base.endswith("ie"):
        return f"{base[:-2]}ying"
    if base.endswith("e") and not base.endswith(("ee", "oe", "ye")) and base != "be":
        return f"{base[:-1]}ing"
    if base in _DOUBLING:
        return f"{base}{base[-1]}ing"
    return f"{base}ing"


def gerund_of_past(past: str) -> str:
    """Return the -ing form of a past form: "checked" -> "checking"."""
    if past in _PAST_TO_BASE:
        return gerund(_PAST_TO_BASE[past])
    if past.endswith("ied"):
        return f"{past[:-3]}ying"
    if past.endswith("eed"):
        return f"{past[:-1]}ing"
    return f"{past.removesuffix('ed')}ing"


def is_participle(lower: str) -> bool:
    """Return whether the word can follow "should have"."""
    return lower in _PARTICIPLES or _is_regular(lower)


def is_past(lower: str) -> bool:
    """Return whether the word can be the verb of a clause in the past tense."""
    return lower in _PASTS or _is_regular(lower)


def _is_regular(lower: str) -> bool:
    return lower.endswith("ed") and len(lower) > 3 and lower not in _NOT_PARTICIPLES


def _forms(bases: str) -> frozenset[str]:
    forms: set[str] = set()
    for base in bases.split():
        irregular = {form for form, of in _PAST_TO_BASE.items() if of == base}
        ing = gerund(base)
        forms |= {base, f"{base}s", ing} | (irregular or {f"{ing[:-3]}ed"})
        if not irregular and base.endswith("y") and base[-2] not in "aeiou":
            forms.add(f"{base[:-1]}ied")
    return frozenset(forms)


def bases_by_form(bases: str) -> dict[str, str]:
    """Return {form: base} for the verbs named: {"told": "tell", "tells": "tell"}."""
    return {form: base for base in bases.split() for form in _forms(base)}


# What only people do.
HUMAN_VERBS = _forms(
    """
    acknowledge anticipate announce appreciate approve ask audit bother care check
    communicate consider consult coordinate cross-check decide disclose discuss
    document double-check escalate follow foresee flag hand inform investigate
    involve know learn listen look mention notice own pay plan prepare question
    raise read realise realize recognise recognize remember request review speak
    spot study talk tell test think train understand verify warn watch
    """
)
# What machines do; of an unknown subject these say nothing about people.
MACHINE_VERBS = _forms(
    """
    access alert allocate appear arrive authenticate bind boot build clear close
    commit compile complete connect consume converge decode decrypt deliver display
    download drain elect emit evict execute export extract fetch finish fire flush
    import ingest initialise initialize insert join land launch load log lose
    materialise materialize match mount open page parse persist place populate
    process produce propagate publish reach receive recover refresh register render
    renew replicate report resolve respond restart retry return rotate run scale
    schedule send serialise serialize show sign start stop sync terminate transform
    trigger upload upsert work write
    """
)
# What reaches a person or does not: the signal is to be reworded, not the person.
PERCEIVING_VERBS = _forms(
    """
    notice see spot realise realize recognise recognize know understand foresee
    anticipate catch appreciate detect
    """
)
# What reviewers say was not done to a change.
CARING_VERBS = _forms(
    """
    add allow announce approve avoid catch check communicate configure do enable fix
    give grant handle inform notify page remove renew tell coordinate cross-check
    detect document double-check escalate flag foresee investigate notice plan
    prevent question review spot test verify validate mitigate anticipate rehearse
    stop
    """
)


def base_of_past(past: str) -> str | None:
    """Return the base of an irregular past form, None for others."""
    return _PAST_TO_BASE.get(past)
