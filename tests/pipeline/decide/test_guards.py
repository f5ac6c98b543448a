"""Likeness never decides, and a judge of the target's family is named."""

import pytest

from pipeline.decide.guards import check_deciding, judge_flags, same_family
from pipeline.errors import InputError
from pipeline.records import Criteria, JudgeChoice, MetricChoice

HAIKU, SONNET = "bedrock:us.anthropic.claude-haiku-4-5", "bedrock:eu.anthropic.claude-sonnet-4-5"
NOVA, JUDGE = "bedrock:amazon.nova-pro-v1:0", JudgeChoice(model=SONNET)


@pytest.mark.parametrize("metric", ["answer_similarity", "ragas_answer_similarity"])
@pytest.mark.parametrize("judge", [None, JUDGE])
def test_similarity_never_decides(metric: str, judge: JudgeChoice | None) -> None:
    beside = MetricChoice(metric="answer_correctness", primary=True)
    with pytest.raises(InputError, match=f"{metric} cannot decide"):
        check_deciding(Criteria(metrics=(beside, MetricChoice(metric=metric, primary=True)), judge=judge))
    check_deciding(Criteria(metrics=(beside, MetricChoice(metric=metric)), judge=judge))


def test_a_second_opinion_never_decides() -> None:
    beside = MetricChoice(metric="exact_match", primary=True)
    with pytest.raises(InputError, match="bedrock_correctness cannot decide"):
        check_deciding(Criteria(metrics=(beside, MetricChoice(metric="bedrock_correctness", primary=True))))
    check_deciding(Criteria(metrics=(beside, MetricChoice(metric="bedrock_correctness"))))


@pytest.mark.parametrize("metric", ["rouge_l", "chrf"])
def test_overlap_decides_only_where_no_judge_could(metric: str) -> None:
    criteria = MetricChoice(metric=metric, primary=True)
    check_deciding(Criteria(metrics=(criteria,)))
    with pytest.raises(InputError, match="while there is a judge"):
        check_deciding(Criteria(metrics=(criteria,), judge=JUDGE))


@pytest.mark.parametrize(
    ("judge", "target", "related"),
    [
        (SONNET, HAIKU, True),
        (SONNET, NOVA, False),
        ("openai:gpt-4o", "recorded:gpt-4-turbo", True),
        ("scripted:judge", "scripted:target", False),
        ("bedrock:application-inference-profile/x", "bedrock:application-inference-profile/x", True),
    ],
)
def test_relatives_are_known_by_name(judge: str, target: str, related: bool) -> None:
    assert same_family(judge, target) is related


def test_each_relative_among_judge_and_panel_is_flagged_once() -> None:
    judge = JudgeChoice(model=NOVA, panel=(SONNET, SONNET))
    (flag,) = judge_flags(judge, [HAIKU, HAIKU, "bedrock:mistral.mistral-large-2402-v1:0"])
    assert f"The judge {SONNET} is of the family of {HAIKU} (anthropic)" in flag
    assert (judge_flags(None, [HAIKU]), judge_flags(JudgeChoice(model=NOVA), [HAIKU])) == ((), ())
