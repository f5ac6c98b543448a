"""Which of two answers a judge prefers, asked in both orders: judges favour a place (Zheng et al., arXiv 2306.05685)."""

from typing import Any

from pipeline.metrics.code.form import refuses
from pipeline.metrics.judge.port import Bench, Judge, Tab
from pipeline.metrics.judge.prompts import PREFERENCE, evidence, task
from pipeline.metrics.judged.metric import JudgedMetric
from pipeline.metrics.judged.panel import INCONSISTENT, by_majority, inconsistent, settled
from pipeline.metrics.metric import Answer, Measure

TARGET, SAME, SOURCE = 1.0, 0.5, 0.0
SAID = {TARGET: "target better", SAME: "same", SOURCE: "source better"}
# What a ruling means when the source stands first, and when the target does.
_SOURCE_FIRST = {"first": SOURCE, "second": TARGET, "tie": SAME}
_TARGET_FIRST = {"first": TARGET, "second": SOURCE, "tie": SAME}


async def _preference(answer: Answer, bench: Bench, tab: Tab) -> Measure:
    if (found := _plain(answer.text, answer.source_text or "")) is not None:
        return found

    async def by(judge: Judge) -> Measure:
        return await _both_orders(judge, answer, tab)

    return await settled(bench, by, disputed=inconsistent, settle=by_majority)


def _plain(target: str, source: str) -> Measure | None:
    """What needs no judge: equal texts, and answers that are empty or decline."""
    if " ".join(target.split()) == " ".join(source.split()):
        return Measure(value=SAME, reason="both gave the same text")
    absent = [not text.strip() or refuses(text) for text in (target, source)]
    if absent == [True, True]:
        return Measure(value=SAME, reason="both are empty or decline to answer")
    if any(absent):
        return Measure(value=SOURCE if absent[0] else TARGET, reason=f"the {'target' if absent[0] else 'source'} gave no answer")
    return None


async def _both_orders(judge: Judge, answer: Answer, tab: Tab) -> Measure:
    source = answer.source_text or ""
    one = await _asked(judge, answer, source, answer.text, tab)
    other = await _asked(judge, answer, answer.text, source, tab)
    found, turned = _SOURCE_FIRST[one["better"]], _TARGET_FIRST[other["better"]]
    parts = (found, turned)
    if found != turned:
        reason = f"{INCONSISTENT}{SAID[found]} with the source first, {SAID[turned]} with the target first"
        return Measure(value=SAME, reason=reason, parts=parts)
    return Measure(value=found, reason=f"{SAID[found]}, in both orders: {one['reason']} (the source was first)", parts=parts)


async def _asked(judge: Judge, answer: Answer, first: str, second: str, tab: Tab) -> Any:  # noqa: ANN401
    sample = answer.sample
    texts = {"task": task(sample), "evidence": evidence(sample), "reference": answer.reference, "first": first, "second": second}
    return await judge.ask(PREFERENCE.question(texts), tab)


JUDGE_PREFERENCE = JudgedMetric(
    name="judge_preference",
    summary="whom a judge prefers, asked in both orders: 1 = target, 0.5 = same or undecided, 0 = source",
    ask=_preference,
    needs_reference=False,
    needs_source=True,
    empty_is=None,
    refusal_is=None,
    calls=2,
    input_tokens=1800,
    output_tokens=160,
)
