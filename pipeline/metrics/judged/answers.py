"""How right an answer is against its reference, counted in statements, and how alike the two are.

The definitions are those of Ragas (https://docs.ragas.io/en/stable/concepts/metrics/available_metrics/) as the fork behind the
AWS model agility solution uses them: precision is its faithfulness of the answer to the reference, recall the other way round.
The words are Ferry's own, and correctness counts with the verdicts of precision and recall: no third judgement that could
contradict them.
"""

from collections.abc import Sequence

from pipeline.metrics.judge.embedders import caveat, correctness_weights, cosine
from pipeline.metrics.judge.port import Bench, Tab
from pipeline.metrics.judge.prompts import task
from pipeline.metrics.judged.metric import JudgedMetric
from pipeline.metrics.judged.statements import Finding, checked, statements
from pipeline.metrics.metric import Answer, Measure

SHOWN = 3  # statements a reason quotes


async def _precision(answer: Answer, bench: Bench, tab: Tab) -> Measure:
    return _share(await _of_answer(answer, bench, tab), "statements of the answer are supported by the reference")


async def _recall(answer: Answer, bench: Bench, tab: Tab) -> Measure:
    return _share(await _of_reference(answer, bench, tab), "statements of the reference are in the answer")


async def _correctness(answer: Answer, bench: Bench, tab: Tab) -> Measure:
    """.75 F1 + .25 cosine, F1 = TP / (TP + (FP + FN) / 2); F1 alone where the embedder knows spelling only."""
    given, wanted = await _of_answer(answer, bench, tab), await _of_reference(answer, bench, tab)
    right, wrong, missing = len(given) - len(_failed(given)), _failed(given), _failed(wanted)
    f1 = right / (right + (len(wrong) + len(missing)) / 2) if right else 0.0
    facts, likeness = correctness_weights(bench.embedder.ref)
    alike = await _likeness(answer, bench, tab) if likeness else 0.0
    counted = f"likeness {alike:.2f}" if likeness else "likeness left out"
    parts = [f"{right} right, {len(wrong)} wrong, {len(missing)} missing statements; {counted}{_said(bench)}"]
    parts += [f"wrong: {_quoted(wrong)}"] if wrong else []
    parts += [f"missing: {_quoted(missing)}"] if missing else []
    return Measure(value=facts * f1 + likeness * alike, reason="; ".join(parts))


async def _similarity(answer: Answer, bench: Bench, tab: Tab) -> Measure:
    alike = await _likeness(answer, bench, tab)
    return Measure(value=alike, reason=f"cosine {alike:.2f}{_said(bench)}")


async def _of_answer(answer: Answer, bench: Bench, tab: Tab) -> Sequence[Finding]:
    given = await statements(bench.judge, task(answer.sample), answer.text, tab)
    return await checked(bench.judge, given, answer.reference, tab)


async def _of_reference(answer: Answer, bench: Bench, tab: Tab) -> Sequence[Finding]:
    wanted = await statements(bench.judge, task(answer.sample), answer.reference, tab)
    return await checked(bench.judge, wanted, answer.text, tab)


async def _likeness(answer: Answer, bench: Bench, tab: Tab) -> float:
    """The cosine; what is less than unlike counts as unlike."""
    one, other = await bench.embedder.embed((answer.text, answer.reference), tab)
    return max(0.0, cosine(one, other))


def _share(findings: Sequence[Finding], what: str) -> Measure:
    failed = _failed(findings)
    reason = f"{len(findings) - len(failed)} of {len(findings)} {what}"
    reason = f"{reason}; not: {_quoted(failed)}" if failed else reason
    return Measure(value=1 - len(failed) / len(findings), reason=reason)


def _failed(findings: Sequence[Finding]) -> tuple[Finding, ...]:
    return tuple(finding for finding in findings if not finding.supported)


def _quoted(findings: Sequence[Finding]) -> str:
    shown = [f'"{finding.statement}" ({finding.reason})' for finding in findings[:SHOWN]]
    more = len(findings) - len(shown)
    return ", ".join([*shown, f"and {more} more"] if more else shown)


def _said(bench: Bench) -> str:
    note = caveat(bench.embedder.ref)
    return f" ({note})" if note else ""


PRECISION = JudgedMetric(
    name="answer_precision",
    summary="share of the answer's statements that the reference supports",
    ask=_precision,
    calls=2,
    input_tokens=1300,
    output_tokens=350,
)
RECALL = JudgedMetric(
    name="answer_recall",
    summary="share of the reference's statements that the answer holds",
    ask=_recall,
    calls=2,
    input_tokens=1300,
    output_tokens=350,
)
CORRECTNESS = JudgedMetric(
    name="answer_correctness",
    summary="right against wrong and missing statements (3/4), and likeness to the reference where meaning is compared (1/4)",
    ask=_correctness,
    calls=4,
    input_tokens=2600,
    output_tokens=700,
)
SIMILARITY = JudgedMetric(
    name="answer_similarity",
    summary="cosine of answer and reference as the embedder sees them; it never decides",
    ask=_similarity,
    calls=2,
    input_tokens=400,
    output_tokens=0,
)
ANSWERS = (PRECISION, RECALL, CORRECTNESS, SIMILARITY)
