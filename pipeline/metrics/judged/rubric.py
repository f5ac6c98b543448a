"""A person's own rubric as a metric: a whole number from 1 to 10 with its reasoning, or yes and no to each of its questions.

The scale and the JSON with "reasoning" and "score" are those of the AWS model agility solution's custom judge.
"""

from collections.abc import Iterable, Mapping
from operator import itemgetter
from typing import Any

from pipeline.errors import InputError
from pipeline.metrics.judge.port import Bench, Judge, Tab
from pipeline.metrics.judge.prompts import SCALE, YES_NO, evidence, task
from pipeline.metrics.judged.metric import Ask, JudgedMetric
from pipeline.metrics.judged.panel import by_median, by_question, near_the_middle, settled
from pipeline.metrics.judged.statements import numbered
from pipeline.metrics.metric import Answer, Measure
from pipeline.records import Rubric, RubricKind

LOWEST, HIGHEST = 1, 10
SUMMARY = 200  # characters of a rubric that stand for it in lists


def rubric_metric(rubric: Rubric) -> JudgedMetric:
    """The metric of `rubric`: (score - 1) / 9, or the share of its questions answered with yes. Higher is better."""
    of_scale = rubric.kind is RubricKind.SCALE
    return JudgedMetric(
        name=rubric.metric,
        summary=" ".join(rubric.text.split())[:SUMMARY],
        ask=_scale(rubric) if of_scale else _yes_no(rubric),
        needs_reference=False,
        refusal_is=None,  # a rubric may ask for one
        binary=not of_scale and len(questions(rubric)) == 1,
        input_tokens=900,
        output_tokens=120 if of_scale else 60 * len(questions(rubric)),
    )


def rubric_metrics(rubrics: Iterable[Rubric]) -> Mapping[str, JudgedMetric]:
    """The metrics of several rubrics by name. InputError for two of one name."""
    found: dict[str, JudgedMetric] = {}
    for rubric in rubrics:
        if rubric.metric in found:
            raise InputError(f'Two rubrics are called "{rubric.name}". Give each its own name.')
        found[rubric.metric] = rubric_metric(rubric)
    return found


def questions(rubric: Rubric) -> tuple[str, ...]:
    """The questions of a yes/no rubric; one without any is itself the question."""
    return rubric.questions or (rubric.text,)


def _scale(rubric: Rubric) -> Ask:
    async def ask(answer: Answer, bench: Bench, tab: Tab) -> Measure:
        question = SCALE.question(_texts(answer), rule=f"Rubric:\n{rubric.text}")

        async def by(judge: Judge) -> Measure:
            ruling = await judge.ask(question, tab)
            value = (ruling["score"] - LOWEST) / (HIGHEST - LOWEST)
            return Measure(value=value, reason=f"{int(ruling['score'])} of {HIGHEST}: {ruling['reasoning']}")

        return await settled(bench, by, disputed=near_the_middle, settle=by_median)

    return ask


def _yes_no(rubric: Rubric) -> Ask:
    asked = questions(rubric)

    async def ask(answer: Answer, bench: Bench, tab: Tab) -> Measure:
        rule = f"Rubric:\n{rubric.text}\n\nQuestions:\n{numbered(asked)}"
        question = YES_NO.question(_texts(answer), rule=rule, items=len(asked))

        async def by(judge: Judge) -> Measure:
            return _answered(asked, await judge.ask(question, tab))

        return await settled(bench, by, disputed=near_the_middle, settle=by_question)

    return ask


def _answered(asked: tuple[str, ...], ruling: Any) -> Measure:  # noqa: ANN401
    verdicts = sorted(ruling["verdicts"], key=itemgetter("item"))
    failed = [verdict for verdict in verdicts if verdict["verdict"] == "no"]
    reason = f"{len(asked) - len(failed)} of {len(asked)} yes"
    if failed:
        reason = f"{reason}; no: " + ", ".join(f'"{asked[int(v["item"]) - 1]}" ({v["reason"]})' for v in failed)
    parts = tuple(float(verdict["verdict"] == "yes") for verdict in verdicts)
    return Measure(value=1 - len(failed) / len(asked), reason=reason, parts=parts)


def _texts(answer: Answer) -> Mapping[str, str]:
    return {
        "task": task(answer.sample),
        "evidence": evidence(answer.sample),
        "reference": answer.reference,
        "answer": answer.text,
    }
