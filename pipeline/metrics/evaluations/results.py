"""What Bedrock Evaluations wrote, as scores: every cell that was asked for comes back, with a value or with the reason.

https://docs.aws.amazon.com/bedrock/latest/userguide/model-evaluation-report-s3.html: JSON Lines, one record for each prompt and
file, with a copy of what was sent. There is no id in it, so records are joined by what they say: prompt, answer and reference.
"""

import json
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from pipeline.metrics.evaluations.lines import Line
from pipeline.metrics.evaluations.metric import EvaluatedMetric, unscored
from pipeline.records import Score

Pair = tuple[str, str]


@dataclass(frozen=True, slots=True)
class Said:
    """One figure of the service about one pair."""

    reference: str
    result: object
    explanation: str


def read_results(written: Iterable[str], sent: Sequence[Line], metrics: Sequence[EvaluatedMetric]) -> tuple[Score, ...]:
    """One score for each line of `sent` and metric, by line and metric. `written` are the lines of all result files.

    Lines that are no records, figures of metrics nobody asked for and of pairs nobody sent are left out; a cell that got none
    is unscored. Equal pairs may swap their figures. A pair with more figures than it was sent is unscored unless they agree.
    """
    found: dict[tuple[str, Pair], list[Said]] = defaultdict(list)
    broken = 0
    for line in written:
        figures = _figures(line) if line.strip() else ()
        broken += figures is None
        for builtin, pair, said in figures or ():
            found[builtin, pair].append(said)
    twins: dict[Pair, list[Line]] = defaultdict(list)
    for each in sent:
        twins[_pair(each.prompt, each.response)].append(each)
    scores = {
        (line.sample_id, metric.name): score
        for pair, group in twins.items()
        for metric in metrics
        for line, score in _group(group, found.get((metric.builtin, pair), []), metric, broken)
    }
    return tuple(scores[line.sample_id, metric.name] for line in sent for metric in metrics)


def _group(group: Sequence[Line], said: Sequence[Said], metric: EvaluatedMetric, broken: int) -> Iterator[tuple[Line, Score]]:
    """The lines of one pair with a figure each: of the same reference first, else as they come."""
    if len(said) > len(group) and len({repr(each.result) for each in said}) > 1:
        message = f"the service gave {len(said)} differing figures for {len(group)} answers"
        yield from ((line, unscored(line.sample_id, metric.name, "duplicate", message)) for line in group)
        return
    waiting, left = list(said), list[Line]()
    for line in group:
        same = next((each for each in waiting if each.reference == _key(line.reference or "")), None)
        if same is None:
            left.append(line)
        else:
            waiting.remove(same)
            yield line, metric.score(line.sample_id, same.result, same.explanation)
    for line in left:
        if waiting:
            each = waiting.pop(0)
            yield line, metric.score(line.sample_id, each.result, each.explanation)
        else:
            yield line, _missing(line, metric, broken)


def _missing(line: Line, metric: EvaluatedMetric, broken: int) -> Score:
    aside = f"; {broken} lines of its results could not be read" if broken else ""
    return unscored(line.sample_id, metric.name, "missing", f"the service's results hold no figure for this answer{aside}")


def _figures(line: str) -> tuple[tuple[str, Pair, Said], ...] | None:
    """Metric, pair and figure for each score of one record; None for what is no record."""
    try:
        record = json.loads(line)
        given, response = record["inputRecord"], record["modelResponses"][0]["response"]
        pair, reference = _pair(given["prompt"], response), _key(str(given.get("referenceResponse") or ""))
        scores = record["automatedEvaluationResult"]["scores"]
        return tuple((str(s["metricName"]), pair, Said(reference, s.get("result"), _explanation(s))) for s in scores)
    except (ValueError, KeyError, IndexError, TypeError, AttributeError, RecursionError):
        return None


def _explanation(score: Mapping[str, Any]) -> str:
    details = score.get("evaluatorDetails")
    said = [each.get("explanation") for each in details if isinstance(each, dict)] if isinstance(details, list) else []
    return " ".join(text for text in said if isinstance(text, str))


def _pair(prompt: str, response: str) -> Pair:
    return _key(prompt), _key(response)


def _key(text: str) -> str:
    """A service may trim what it copies."""
    return text.strip()
