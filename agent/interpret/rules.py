"""The interpreter that needs no model: a small grammar for what carries a value, phrases and their likeness for the rest.

Short texts are compared as a whole, so that a word of ours inside unrelated talk means nothing. What would change something needs
a closer likeness, and a negation in it means that Ferry does not understand.
"""

import re

from rapidfuzz import fuzz, process
from rapidfuzz.distance import OSA

from agent.interpret.intent import CHANGING, UNKNOWN, Facts, Intent, IntentKind
from agent.interpret.phrases import ADDING, CHANGE, MEASURING, NEGATIONS, NO_ANSWERS, PHRASES, REMOVING, WHY_ABOUT, WRONG
from agent.interpret.words import core, plain, words

LIKE, LIKE_TO_CHANGE, ONE_SLIP, SURE = 80.0, 87.0, 90.0, 97.0
LONGEST = 12
"""Words of a text that can still be one of the phrases."""
SHORT_WHY = 7
TYPO = 84.0
ON_DEMAND = re.compile(r"\b(?:ask|call|run|use|go)\b.*\bon[- ]demand\b|^on[- ]demand\b", re.IGNORECASE)
BATCH = re.compile(
    r"\b(?:use|by|in|as|with|without|no|want|run|stop|allow)\s+(?:bedrock\s+)?batch(?:es| jobs?| inference)?\b|"
    + ON_DEMAND.pattern,
    re.IGNORECASE,
)
REF = re.compile(r"\b(?:bedrock|local|scripted):[^\s,;\"')]+", re.IGNORECASE)
NUMBER = re.compile(r"(?<![\w.])(\d+(?:[.,]\d+)?)\s*(%|percent(?:age points?)?|per cent|pp|points?)?", re.IGNORECASE)
TRY = re.compile(
    r"^(?:please\s+)?(?:try|test|run)\s+(?P<prompt>.+?)\s+(?:on|with|against)\s+(?:sample\s+)?(?P<sample>\S+?)[.!?]*$",
    re.IGNORECASE,
)
PUBLISH_AS = re.compile(
    r"\bpublish(?:\s+(?:it|this|(?:(?:the|our)\s+)?(?:signed\s+)?prompt))?(?:\s+(?:to|in)\s+(?:bedrock|prompt management))?"
    r"\s+as\s+(\S+?)[.:?!]*$",
    re.IGNORECASE,
)
PER_1000 = re.compile(r"\b(?:per|for|a|each)\s+(?:1[,.' ]?000|1k|thousand)\s+(?:model\s+)?calls\b", re.IGNORECASE)
CAP = re.compile(r"\b(?:cost|price)s?[ -](?:cap|limit|ceiling)\b|\bcap\s+(?:on\s+)?(?:the\s+)?(?:cost|price)s?\b", re.IGNORECASE)
NO_CAP = re.compile(
    r"\b(?:no|without|remove|drop|lift|delete)\s+(?:the\s+|an?\s+|any\s+)?cost[ -](?:cap|limit|ceiling)\b", re.IGNORECASE
)
USD = re.compile(r"(?<![\w.,])\d+(?:[.,]\d+)?(?![\w%]|[.,]\d)")
AMOUNT = re.compile(
    r"(?<![\w.])\$?\s?(\d{1,3}(?:,\d{3})+(?:\.\d+)?|\d+(?:\.\d+)?)(?:\s*(?:usd|dollars?|\$))?(?![\w%])", re.IGNORECASE
)
MOST_COUNT = 50
ASKING = frozenset({"why", "what", "what's", "how", "which", "who"})


def read(text: str, facts: Facts) -> Intent:
    """The intent of `text`, UNKNOWN when it is none of ours; `sure` when no model could know better."""
    shown = plain(text)
    said = words(shown)
    if not said:
        return UNKNOWN
    found = (
        _cap(shown, said)
        or _margin(shown, said, facts)
        or _judge(shown, said)
        or _measured(said, facts)
        or _optimize(shown, said)
        or _target(shown, said)
        or _try(shown, facts)
        or _publish(shown, said)
        or _budget(shown, said)
        or _batch(shown, said)
        or _worst(said)
        or _why(said)
        or _alike(shown, said)
    )
    taken_back = {"no", "without"} if found.usd == 0 else NEGATIONS if found.kind is IntentKind.NO_BATCH else set()
    if found.kind in CHANGING and (NEGATIONS - taken_back) & set(said) and found.budget != 0:
        return UNKNOWN
    return found


def _cap(shown: str, said: list[str]) -> Intent | None:
    """ "at most 2 USD per 1,000 calls", "set the cost cap to 0.5", "no cost cap"; "what is the cost cap?" is no change."""
    if len(said) > LONGEST or said[0] in ASKING:
        return None
    if NO_CAP.search(shown):
        return Intent(kind=IntentKind.CHANGE_CAP, usd=0.0, sure=True)
    per = PER_1000.search(shown)
    if not per and not CAP.search(shown):
        return None
    numbers = USD.findall(PER_1000.sub(" ", shown.replace("$", " ")))
    if not numbers and (per or not CHANGE & set(said)):
        return None
    return Intent(kind=IntentKind.CHANGE_CAP, usd=float(numbers[-1].replace(",", ".")) if numbers else None, sure=bool(numbers))


def _margin(shown: str, said: list[str], facts: Facts) -> Intent | None:
    """ "margin" with a number, or with a word that changes things; "what is the margin?" is no change."""
    if not any(_is(word, "margin") for word in said) or said[0] in ASKING:
        return None
    after = shown.casefold()
    numbers = list(NUMBER.finditer(_without_metrics(after, facts)))
    if not numbers and not CHANGE & (set(said) - {"margin"}):
        return None
    margin = _fraction(numbers[-1]) if numbers else None
    return Intent(kind=IntentKind.CHANGE_MARGIN, margin=margin, metric=_metric(said, facts), sure=margin is not None)


def _fraction(match: re.Match[str]) -> float | None:
    """3 % -> 0.03, 0.02 -> 0.02, 3 -> 0.03; None for what is no margin."""
    value = float(match.group(1).replace(",", "."))
    fraction = value / 100 if match.group(2) or value >= 1 else value
    return round(fraction, 6) if 0 < fraction < 1 else None


def _metric(said: list[str], facts: Facts) -> str | None:
    """The plan's metric that is named, with or without its underscores."""
    spoken = " ".join(said).replace("_", " ")
    named = [metric for metric in facts.metrics if metric.replace("_", " ") in spoken]
    if named:
        return max(named, key=len)
    best = process.extractOne(spoken, facts.metrics, scorer=_partial, score_cutoff=90)
    return best[0] if best else None


def _partial(spoken: str, metric: str, **_options: object) -> float:
    return fuzz.partial_ratio(metric.replace("_", " "), spoken)


def _without_metrics(text: str, facts: Facts) -> str:
    """Names of metrics may hold figures of their own."""
    for metric in facts.metrics:
        text = text.replace(metric, " ").replace(metric.replace("_", " "), " ")
    return text


def _judge(shown: str, said: list[str]) -> Intent | None:
    """A model's ref with the word "judge"; "remove the judge"; or "use a judge" without saying which."""
    if len(said) > LONGEST or said[0] in ASKING or not any(_is(word, "judge") or word in {"judging", "judges"} for word in said):
        return None
    ref = REF.search(shown)
    if ref:
        return Intent(kind=IntentKind.USE_JUDGE, judge=ref.group().rstrip(".:?!"), sure=True)
    opening = set(said[:3])
    if REMOVING & opening:
        return Intent(kind=IntentKind.USE_JUDGE, judge="", sure=True)
    return Intent(kind=IntentKind.USE_JUDGE) if (ADDING | CHANGE) & opening else None


def _measured(said: list[str], facts: Facts) -> Intent | None:
    """ "add metric chrf", "measure faithfulness too", "drop exact match": a verb at the start, and a metric's name."""
    if len(said) > LONGEST:
        return None
    opening = said[:4]
    removes, adds = bool(REMOVING & set(opening)), bool((ADDING | MEASURING) & set(opening))
    if removes == adds:
        return None
    kind, names = (IntentKind.REMOVE_METRIC, facts.metrics) if removes else (IntentKind.ADD_METRIC, facts.offered)
    spoken = " ".join(said).replace("_", " ").replace(":", " ")
    named = [name for name in names if re.search(rf"\b{re.escape(_spoken(name))}\b", spoken)]
    if named:
        return Intent(kind=kind, metric=max(named, key=len), sure=True)
    return Intent(kind=kind, metric=_after_metric(said)) if any(word in {"metric", "metrics"} for word in said) else None


def _spoken(name: str) -> str:
    """A metric's name as people say it; whose it is may be left out."""
    return name.replace("_", " ").replace(":", " ").removeprefix("deepeval ")


def _after_metric(said: list[str]) -> str | None:
    """The word after "metric", if there is one: a name nobody knows is to be answered, not guessed at."""
    at = next(at for at, word in enumerate(said) if word in {"metric", "metrics"})
    return said[at + 1] if at + 1 < len(said) else None


def _optimize(shown: str, said: list[str]) -> Intent | None:
    """A model's ref in a text that names the service: "optimise bedrock:MODEL-ID with advpo", "stop advpo for MODEL"."""
    ref = REF.search(shown)
    if ref is None or "advpo" not in said or len(said) > LONGEST or said[0] in ASKING:
        return None
    stops = {"stop", "cancel", "abort"} & set(said)
    kind = IntentKind.STOP_OPTIMIZING if stops else IntentKind.OPTIMIZE
    return Intent(kind=kind, target=ref.group().rstrip(".:?!"), sure=True)


def _target(shown: str, said: list[str]) -> Intent | None:
    """A model's ref with a word that adds, or "add a target" without saying which."""
    ref = REF.search(shown)
    adding = any(_is(word, each) for word in said[:6] for each in ADDING)
    if ref and (adding or any(_is(word, "target") for word in said)):
        return Intent(kind=IntentKind.ADD_TARGET, target=ref.group().rstrip(".:?!"), sure=True)
    names_target = any(_is(word, each) for word in said for each in ("target", "targets"))
    if not ref and names_target and said[0] in {"add", "include", "try"} and len(said) <= LONGEST:
        return Intent(kind=IntentKind.ADD_TARGET)
    return None


def _try(shown: str, facts: Facts) -> Intent | None:
    """ "try family rules on s17": one of the candidates, by its method or the start of its hash, and a sample's id."""
    found = TRY.match(shown)
    if found is None or REF.search(shown):
        return None
    named = found["prompt"].casefold().removeprefix("the ").removeprefix("prompt ").removesuffix(" prompt")
    best = process.extractOne(named, facts.prompts, scorer=fuzz.ratio, score_cutoff=TYPO)
    prompt = best[0] if best else named if re.fullmatch(r"[0-9a-f]{6,64}", named) else None
    if prompt is None and "prompt" not in shown.casefold():
        return None
    return Intent(kind=IntentKind.TRY_PROMPT, prompt=prompt, sample=found["sample"], sure=prompt is not None)


def _publish(shown: str, said: list[str]) -> Intent | None:
    """ "publish the prompt as support-intent": the name keeps its letters."""
    named = PUBLISH_AS.search(shown)
    if named is None or len(said) > LONGEST:
        return None
    return Intent(kind=IntentKind.PUBLISH, name=named[1], sure=True)


def _budget(shown: str, said: list[str]) -> Intent | None:
    """ "set the budget to 20 USD", "budget: $1,200"; "no budget" and "remove the budget" take it away."""
    if len(said) > LONGEST or said[0] in ASKING or not any(word.rstrip(":=") == "budget" for word in said):
        return None
    amount = AMOUNT.search(shown)
    if amount:
        usd = float(amount[1].replace(",", ""))
        return Intent(kind=IntentKind.SET_BUDGET, budget=usd, sure=True) if usd else None
    if {"no", "without"} & set(said) or REMOVING & set(said[:3]):
        return Intent(kind=IntentKind.SET_BUDGET, budget=0.0, sure=True)
    return Intent(kind=IntentKind.SET_BUDGET) if (CHANGE | ADDING) & set(said[:3]) else None


def _batch(shown: str, said: list[str]) -> Intent | None:
    """ "use batch jobs", "run the tests by batch"; "no batch", "without batch jobs" and "ask on demand" are the other way."""
    if len(said) > LONGEST or said[0] in ASKING or not BATCH.search(shown):
        return None
    other = ON_DEMAND.search(shown) or {"stop", *NEGATIONS, *REMOVING} & set(said)
    return Intent(kind=IntentKind.NO_BATCH if other else IntentKind.USE_BATCH, sure=True)


def _worst(said: list[str]) -> Intent | None:
    """ "the 5 worst", "worst ten samples": with a number, so that phrases need none."""
    if len(said) > LONGEST or not any(_is(word, each) for word in said for each in ("worst", "regressions", "failures")):
        return None
    counts = [int(word) for word in said if word.isdecimal() and 0 < int(word) <= MOST_COUNT]
    return Intent(kind=IntentKind.SHOW_WORST, count=counts[0], sure=True) if counts else None


def _why(said: list[str]) -> Intent | None:
    """ "why" about something of ours; "why is the sky blue" is not."""
    if said[0] != "why" or len(said) > LONGEST:
        return None
    if WRONG & set(said) and not NO_ANSWERS & set(said) and len(said) <= SHORT_WHY:
        return Intent(kind=IntentKind.SHOW_ERRORS, sure=True)
    if not WHY_ABOUT & set(said):
        return None
    return Intent(kind=IntentKind.WHY, sure=True)


def _alike(shown: str, said: list[str]) -> Intent:
    if len(said) > LONGEST:
        return UNKNOWN
    best = process.extractOne(core(shown), PHRASES.keys(), scorer=_likeness)
    phrase, score = best[0], best[1]
    kind = PHRASES[phrase]
    if score < (LIKE_TO_CHANGE if kind in CHANGING else LIKE):
        return UNKNOWN
    return Intent(kind=kind, sure=score >= SURE)


def _likeness(said: str, phrase: str, **_options: object) -> float:
    if min(len(said), len(phrase)) > 4 and OSA.distance(said, phrase, score_cutoff=1) == 1:
        return ONE_SLIP
    return max(fuzz.ratio(said, phrase), fuzz.token_sort_ratio(said, phrase))


def _is(word: str, wanted: str) -> bool:
    """The word, a typo of it aside."""
    return word == wanted or (len(wanted) > 4 and fuzz.ratio(word, wanted) >= TYPO)
