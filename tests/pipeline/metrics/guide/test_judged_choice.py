"""The metric guide with a judge: what is asked of it, who decides, and what it never is asked."""

import json

import pytest

from pipeline.decide.guards import OVERLAP, SIMILARITY
from pipeline.metrics.guide import propose
from pipeline.metrics.registry import METRICS
from pipeline.records import Criteria, Sample, UseCase
from tests.pipeline.metrics.guide.bench import DEEPEVAL, EVERY, JUDGE, OWN, register
from tests.pipeline.metrics.guide.test_choose import INTENTS, LONG, NAMES, NUMBERS, OBJECTS


def samples(references: list[str] | list[None], contexts: bool = False) -> list[Sample]:
    variables = {"question": "?", "context": json.dumps(["one", "two"])} if contexts else {"question": "?"}
    return [Sample(id=f"s{i}", variables=variables, reference=r) for i, r in enumerate(references)]


def with_judge(use_case: UseCase, given: list[Sample], available: tuple[str, ...] = EVERY) -> Criteria:
    return propose(use_case, given, judge=JUDGE, available=available)


def deciding(criteria: Criteria) -> set[str]:
    return {choice.metric for choice in criteria.primary}


def reported(criteria: Criteria) -> set[str]:
    return {choice.metric for choice in criteria.metrics} - deciding(criteria)


def test_rag_with_references_is_decided_by_correctness_and_overlap_is_only_reported() -> None:
    criteria = with_judge(UseCase.RAG, samples(LONG, contexts=True))
    assert deciding(criteria) == {"ragas_answer_correctness"}
    assert reported(criteria) >= {
        "ragas_answer_precision", "ragas_answer_recall", "ragas_answer_similarity", "deepeval_faithfulness",
        "deepeval_answer_relevancy", "rouge_l", "refusal",
    }  # fmt: skip
    assert criteria.judge == JUDGE
    assert "deepeval_faithfulness" not in reported(with_judge(UseCase.RAG, samples(LONG)))


def test_short_answers_to_questions_are_judged_because_a_sentence_matches_no_name() -> None:
    assert deciding(with_judge(UseCase.RAG, samples(NAMES))) == {"ragas_answer_correctness"}


@pytest.mark.parametrize(
    ("references", "metric"), [(NUMBERS, "number_match"), (OBJECTS, "json_fields"), (INTENTS, "normalised_match")]
)
def test_where_code_tells_right_from_wrong_it_decides(references: list[str], metric: str) -> None:
    criteria = with_judge(UseCase.RAG, samples(references))
    assert deciding(criteria) == {metric}
    assert "ragas_answer_correctness" in reported(criteria)


def test_summaries_are_judged_by_what_they_keep_and_what_they_add() -> None:
    for references in (LONG, [None] * 5):
        criteria = with_judge(UseCase.SUMMARIZATION, samples(references))
        assert deciding(criteria) == {"deepeval_summary_alignment", "deepeval_summary_coverage"}


def test_a_chat_without_references_is_judged_by_relevancy_and_watched_for_manners(monkeypatch: pytest.MonkeyPatch) -> None:
    register(monkeypatch, *DEEPEVAL)
    criteria = with_judge(UseCase.CHAT, samples([None] * 5))
    assert deciding(criteria) == {"deepeval_answer_relevancy"}
    assert "deepeval_g_eval" not in reported(criteria)
    assert "deepeval_g_eval" in reported(with_judge(UseCase.CHAT, samples(LONG)))
    assert reported(criteria) >= {"deepeval_toxicity", "deepeval_bias", "refusal"}


def test_rag_without_references_rests_on_its_contexts() -> None:
    assert deciding(with_judge(UseCase.RAG, samples([None] * 5, contexts=True))) == {
        "deepeval_faithfulness", "deepeval_answer_relevancy",
    }  # fmt: skip


@pytest.mark.parametrize("use_case", [UseCase.CLASSIFICATION, UseCase.EXTRACTION])
@pytest.mark.parametrize("references", [INTENTS, OBJECTS, NAMES])
def test_classification_and_extraction_need_no_judge(use_case: UseCase, references: list[str]) -> None:
    without, by_judge = propose(use_case, samples(references)), with_judge(use_case, samples(references))
    assert by_judge.metrics == without.metrics


def test_only_what_the_catalog_holds_is_proposed_and_own_metrics_stand_in_for_ragas() -> None:
    criteria = with_judge(UseCase.RAG, samples(LONG), (*METRICS, *OWN))
    assert deciding(criteria) == {"answer_correctness"}
    assert not {choice.metric for choice in criteria.metrics} & set(DEEPEVAL)
    assert deciding(with_judge(UseCase.RAG, samples(LONG), tuple(METRICS))) == {"rouge_l"}


@pytest.mark.parametrize("use_case", list(UseCase))
@pytest.mark.parametrize("references", [INTENTS, OBJECTS, NUMBERS, NAMES, LONG, [None] * 5])
@pytest.mark.parametrize("contexts", [True, False])
def test_whatever_the_data_something_decides_likeness_never_does_and_every_metric_has_a_reason_once(
    use_case: UseCase, references: list[str], contexts: bool
) -> None:
    criteria = with_judge(use_case, samples(references, contexts))
    assert criteria.primary
    if {c.metric for c in criteria.metrics} - set(METRICS):
        assert not deciding(criteria) & (OVERLAP | SIMILARITY)
    names = [choice.metric for choice in criteria.metrics]
    assert len(set(names)) == len(names)
    assert all(choice.reason and choice.margin > 0 for choice in criteria.metrics)
    assert all(choice.metric in EVERY for choice in criteria.metrics)
