"""Faults of the reference implementation's comparisons that must not happen here: who saw what, who judged, what was run."""

import ast
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from pipeline.decide.agreement import agree_on_source
from pipeline.decide.compare import compare
from pipeline.decide.guards import check_deciding, judge_flags
from pipeline.errors import InputError
from pipeline.metrics.judge.port import Bench, Question, Tab
from pipeline.metrics.judged.metric import JudgedMetric
from pipeline.metrics.metric import Answer, Measure
from pipeline.prompts.guards import check
from pipeline.records import (
    Criteria,
    JudgeChoice,
    MetricChoice,
    Output,
    Parameters,
    PriorScores,
    PromptVersion,
    RecordedOutput,
    Sample,
)
from tests.pipeline.decide.runs import CRITERIA, run, samples
from tests.pipeline.prompts.asks import ask

ROOT = Path(__file__).parents[3]


class NoJudge:
    """A judge that must not be asked."""

    ref = "scripted:none"

    async def ask(self, question: Question, tab: Tab) -> Any:
        raise AssertionError(f"asked {question.name}")

    async def embed(self, texts: Sequence[str], tab: Tab) -> tuple[tuple[float, ...], ...]:
        raise AssertionError(f"asked to embed {len(texts)} texts")


async def asks(answer: Answer, bench: Bench, tab: Tab) -> Measure:
    await bench.judge.ask(Question(name="q", prompt=answer.text, schema="{}"), tab)
    return Measure(value=1.0)


JUDGED = JudgedMetric(name="grounded", summary="for these tests", needs_reference=False, needs_contexts=True, ask=asks)
BENCH = Bench(judge=NoJudge(), embedder=NoJudge())


def with_context(context: str) -> tuple[Sample, ...]:
    return tuple(replace(s, variables={**s.variables, "context": context}) for s in samples(20))


def test_two_models_that_saw_different_contexts_are_not_compared() -> None:
    of, other = with_context("3M's net income"), with_context("Adobe's net income")
    with pytest.raises(InputError, match="saw another input for sample s0000"):
        compare(of, run(of, [1.0] * 20, label="source"), run(other, [1.0] * 20), CRITERIA)


def test_a_context_is_one_text_and_never_its_characters() -> None:
    def contexts(written: str) -> tuple[str, ...]:
        return Sample(id="s", variables={"context": written}).contexts

    assert contexts("net income 12") == ("net income 12",)
    assert contexts('["first", "second"]') == ("first", "second")


def test_data_is_never_run_as_code() -> None:
    written = "[__import__('pathlib').Path('/nowhere').touch()]"
    assert Sample(id="s", variables={"context": written}).contexts == (written,)
    product = [path for room in ("pipeline", "agent", "bot", "db") for path in (ROOT / room).rglob("*.py")]
    calls = [n.func for p in product for n in ast.walk(ast.parse(p.read_text())) if isinstance(n, ast.Call)]
    assert not {f.id for f in calls if isinstance(f, ast.Name)} & {"eval", "exec", "compile", "__import__"}
    assert not {f.attr for f in calls if isinstance(f, ast.Attribute)} & {"literal_eval", "unpickle"}


async def test_faithfulness_without_contexts_is_no_score_and_asks_nobody() -> None:
    found = await JUDGED.score(Sample(id="s", variables={"q": "?"}), Output(sample_id="s", text="12"), BENCH)
    assert (found.value, found.unscored) == (None, "no contexts")


@pytest.mark.parametrize("text", ["", "I'm sorry, but I cannot answer that."])
async def test_an_abstention_is_never_rewarded(text: str) -> None:
    sample = with_context("net income 12")[0]
    found = await JUDGED.score(sample, Output(sample_id=sample.id, text=text), BENCH)
    assert found.value == 0.0


def test_a_judge_that_is_the_target_is_flagged() -> None:
    claude = "bedrock:anthropic.claude-3-sonnet-20240229-v1:0"
    assert len(judge_flags(JudgeChoice(model=claude), [claude, "bedrock:anthropic.claude-3-haiku-20240307-v1:0"])) == 2


def test_scores_that_hardly_track_right_and_wrong_are_not_validated() -> None:
    """Thirty answers, nine right, and a metric whose scores have next to nothing to do with that."""
    of = tuple(
        replace(s, recorded=RecordedOutput(text="yes"), prior=PriorScores(human=float(i % 10 < 3)))
        for i, s in enumerate(samples(30))
    )
    found = agree_on_source("answer_relevancy", of, run(of, [(i * 7 % 30) / 30 for i in range(30)], metric="answer_relevancy"))
    assert found.n == 30
    assert not found.validated
    assert found.kappa is not None
    assert found.kappa < 0.3


def test_similarity_never_decides() -> None:
    with pytest.raises(InputError, match="cannot decide"):
        check_deciding(Criteria(metrics=(MetricChoice(metric="answer_similarity", primary=True),)))


@pytest.mark.parametrize(
    "changed",
    [
        {"model": "bedrock:amazon.nova-premier-v1:0"},
        {"prompts_hash": "another wording"},
        {"libraries": ("ragas 0.5.0",)},
        {"embedder": "bedrock:amazon.titan-embed-text-v2:0"},
    ],
)
def test_another_judge_wording_or_library_is_another_lock(changed: dict[str, Any]) -> None:
    judge = JudgeChoice(model="bedrock:amazon.nova-pro-v1:0", prompts_hash="as approved", libraries=("ragas 0.4.3",))
    assert Criteria(metrics=(), judge=replace(judge, **changed)).hash != Criteria(metrics=(), judge=judge).hash


@pytest.mark.parametrize(
    "changed",
    [{"system": "Be brief."}, {"parameters": Parameters(max_tokens=4096)}, {"parameters": Parameters(temperature=0.1)}],
)
def test_a_system_prompt_or_parameter_never_changes_unseen(changed: dict[str, Any]) -> None:
    prompt = PromptVersion(user="{question}")
    assert replace(prompt, **changed).hash != prompt.hash


@pytest.mark.parametrize("lost", ["query", "financial_year"])
def test_a_prompt_that_lost_a_variable_is_refused_before_any_call(lost: str) -> None:
    asked = ask("Find {query} in {financial_year}.")
    said = check(replace(asked.prompt, user=asked.prompt.user.replace(f"{{{lost}}}", "it")), asked)
    assert said is not None
    assert said.startswith(f"It lost {{{lost}}}")


def test_a_constraint_that_is_frozen_is_not_dropped() -> None:
    frozen = "<freeze>Use gender neutral pronouns. Explain in 1-2 sentences.</freeze>"
    asked = ask(f"Summarise {{question}}. {frozen}")
    assert check(asked.prompt, asked) is None
    said = check(replace(asked.prompt, user="Summarise {question}. Explain."), asked)
    assert said is not None
    assert "frozen" in said
