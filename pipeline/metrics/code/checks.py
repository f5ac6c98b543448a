"""Checks: criteria of people that code can test, as metrics. 1 when an answer passes, 0 with what is wrong.

A new rule is a function in `rules` and one line in RULES.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from functools import cache

from pipeline.errors import InputError
from pipeline.metrics.code import rules
from pipeline.metrics.code.rules import Tester
from pipeline.metrics.metric import Answer, CodeMetric, Measure, yes_no
from pipeline.records import Check

SHOWN = 3
"""Terms of a list that a check's name shows."""


@dataclass(frozen=True, slots=True)
class Rule:
    """How a rule is called in a plan (`{}` is its value), and what makes its tester; `make` raises InputError."""

    title: str
    make: Callable[[str], Tester]


RULES: Mapping[str, Rule] = {
    "max_words": Rule("at most {} words", rules.at_most(rules.words, "words")),
    "min_words": Rule("at least {} words", rules.at_least(rules.words, "words")),
    "max_sentences": Rule("at most {} sentences", rules.at_most(rules.sentences, "sentences")),
    "min_sentences": Rule("at least {} sentences", rules.at_least(rules.sentences, "sentences")),
    "max_characters": Rule("at most {} characters", rules.at_most(rules.characters, "characters")),
    "min_characters": Rule("at least {} characters", rules.at_least(rules.characters, "characters")),
    "says": Rule("says {}", rules.says),
    "never_says": Rule("never says {}", rules.never_says),
    "starts_with": Rule("starts with {}", rules.starts_with),
    "never_starts_with": Rule("never starts with {}", rules.never_starts_with),
    "ends_with": Rule("ends with {}", rules.ends_with),
    "matches": Rule("has the pattern {}", rules.matches),
    "never_matches": Rule("lacks the pattern {}", rules.never_matches),
    "no_markdown": Rule("no Markdown", rules.no_markdown),
    "no_urls": Rule("no web addresses", rules.no(rules.URL, "has a web address")),
    "no_xml_tags": Rule("no XML tags", rules.no(rules.XML_TAG, "has an XML tag")),
    "no_first_person": Rule("no first person", rules.no(rules.FIRST_PERSON, 'says "{}"')),
    "neutral_pronouns": Rule("gender-neutral pronouns", rules.no(rules.GENDERED, 'says "{}"')),
    "bullets": Rule("has a list", rules.bullets),
    "json_only": Rule("JSON only", rules.json_only),
    "one_of": Rule("only one of {}", rules.one_of),
    "language": Rule("in {}", rules.in_language),
    "has_number": Rule("has a number", rules.has_number),
    "number_format": Rule("numbers as {}", rules.number_format),
}


def make_check(rule: str, value: str = "", text: str = "") -> Check:
    """A valid check, named after what it tests; `text` is what the person wrote. Raises InputError where it cannot be run."""
    name = _title(rule, value)
    made = Check(name=name, rule=rule, value=value.strip(), text=text.strip() or name)
    validate(made)
    return made


def validate(check: Check) -> None:
    """Raises InputError, in a sentence with the way out, for a check that cannot be run."""
    if check.rule not in RULES:
        raise InputError(f'There is no check called "{check.rule[:40]}". Choose from: {", ".join(RULES)}.')
    RULES[check.rule].make(check.value)


@cache
def check_metric(check: Check) -> CodeMetric:
    """The metric of a check. Raises InputError for one that cannot be run."""
    validate(check)
    test = RULES[check.rule].make(check.value)

    def measure(answer: Answer) -> Measure:
        problem = test(answer.text)
        return yes_no(problem is None, problem or "")

    return CodeMetric(name=check.metric, summary=check.name, measure=measure, needs_reference=False, binary=True)


def check_metrics(checks: Iterable[Check]) -> Mapping[str, CodeMetric]:
    """The metrics of checks, by name."""
    return {check.metric: check_metric(check) for check in checks}


def _title(rule: str, value: str) -> str:
    if rule not in RULES:
        return rule
    terms = [line.strip() for line in value.splitlines() if line.strip()]
    more = f" and {len(terms) - SHOWN} more" if len(terms) > SHOWN else ""
    return RULES[rule].title.format(", ".join(terms[:SHOWN])[:100] + more)
