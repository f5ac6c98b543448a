"""Which column is what: the specification's names, common names, similar names, content."""

import json
from pathlib import Path

import pytest

from pipeline.dataset.columns import ColumnMapping, latency_unit, propose
from pipeline.dataset.freeze import freeze
from pipeline.dataset.names import plain

SPECIFICATION = (
    "sample_id", "question", "content", "prompt_source_llm", "answer_ground_truth", "answer_source_llm", "latency_source_llm",
    "input_token_source_llm", "output_token_source_llm", "llm_judge_score_source_llm", "human_score_source_llm",
    "human_score_reasoning_source_llm",
)  # fmt: skip


def head(columns: tuple[str, ...], *lines: tuple[str, ...]) -> list[dict[str, str]]:
    return [dict(zip(columns, line, strict=True)) for line in lines]


def test_the_specification_is_understood_without_a_question() -> None:
    proposal = propose(SPECIFICATION, [])
    assert proposal.unsure == ()
    assert proposal.mapping == ColumnMapping(
        sample_id="sample_id",
        question="question",
        context="content",
        prompt_source="prompt_source_llm",
        reference="answer_ground_truth",
        source_output="answer_source_llm",
        source_latency="latency_source_llm",
        source_input_tokens="input_token_source_llm",
        source_output_tokens="output_token_source_llm",
        judge_score="llm_judge_score_source_llm",
        human_score="human_score_source_llm",
        human_reason="human_score_reasoning_source_llm",
        latency_unit="s",
    )


@pytest.mark.parametrize("name", ["Answer_ground truth", "answer_ source_llm", "groundTruth", "Ground-Truth"])
def test_names_are_compared_without_case_space_and_punctuation(name: str) -> None:
    mapping = propose(("question", name), []).mapping
    assert name in (mapping.reference, mapping.source_output)
    assert plain(" Über-Wert (ms)") == "über_wert_ms"


@pytest.mark.parametrize("reference", ["expected", "label", "ground_truth", "target", "category", "intent"])
@pytest.mark.parametrize("output", ["output", "completion", "response"])
@pytest.mark.parametrize("question", ["text", "input", "query", "Message"])
def test_common_names_are_certain(question: str, reference: str, output: str) -> None:
    proposal = propose((question, reference, output, "country"), [])
    assert proposal.unsure == ()
    assert proposal.mapping == ColumnMapping(question=question, reference=reference, source_output=output, variables=("country",))


def test_the_better_name_wins_and_the_other_stays_an_input() -> None:
    mapping = propose(("text", "question"), []).mapping
    assert (mapping.question, mapping.variables) == ("question", ("text",))


def test_answer_is_the_reference_only_where_there_is_no_other() -> None:
    alone, beside = propose(("question", "answer"), []), propose(("question", "answer", "label"), [])
    assert (alone.mapping.reference, beside.mapping.source_output) == ("answer", "answer")
    assert alone.unsure == ("Is the column “answer” the reference (the ideal answer)? Its name leaves it open.",)


def test_prompt_is_the_input_unless_it_is_the_same_for_all() -> None:
    columns = ("prompt", "label")
    different, same = head(columns, ("a", "x"), ("b", "y")), head(columns, ("a", "x"), ("a", "y"))
    assert propose(columns, different).mapping.question == "prompt"
    assert propose(columns, same).mapping.prompt_source == "prompt"


def test_a_misspelt_name_is_proposed_with_a_question() -> None:
    proposal = propose(("question", "anser_ground_truth"), [])
    assert proposal.mapping.reference == "anser_ground_truth"
    assert len(proposal.unsure) == 1


def test_content_decides_where_no_name_does() -> None:
    columns = ("nr", "spalte_a", "spalte_b")
    lines = [(str(i), f"a longer sentence number {i}", "yes" if i % 2 else "no") for i in range(12)]
    proposal = propose(columns, head(columns, *lines))
    assert (proposal.mapping.question, proposal.mapping.reference) == ("spalte_a", "spalte_b")
    assert proposal.mapping.variables == ("nr",)
    assert [sentence.split("”")[0] for sentence in proposal.unsure] == ["Is the column “spalte_b", "Is the column “spalte_a"]


def test_a_text_column_is_no_figure_whatever_its_name() -> None:
    columns = ("question", "latency", "rating", "output_tokens")
    mapping = propose(columns, head(columns, ("a", "slow", "great", "many"))).mapping
    assert mapping.variables == ("latency", "rating", "output_tokens")


@pytest.mark.parametrize(
    ("name", "values", "unit"),
    [
        ("latency_ms", ["5", "7"], "ms"),
        ("latency", ["0.8", "1.2", "3000"], "s"),
        ("latency", ["830", "1200", "3000"], "ms"),
        ("latency", ["1200 s", "2000 s"], "s"),
        ("latency", ["", "n/a"], "s"),
    ],
)
def test_the_unit_of_latency(name: str, values: list[str], unit: str) -> None:
    assert latency_unit(name, [{name: value} for value in values]) == unit


def test_inputs_in_a_wrapper_are_fields_of_their_own(tmp_path: Path) -> None:
    path = tmp_path / "support.json"
    answers = [{"urgency": "high"}, {"urgency": "low"}]
    rows = [{"fields": {"input": f"Please help with {n}."}, "answer": answer} for n, answer in enumerate(answers)]
    path.write_text(json.dumps(rows))
    found = freeze(path, name="support").samples
    assert {s.variables["input"] for s in found} == {"Please help with 0.", "Please help with 1."}
    assert {s.variables["question"] for s in found} == {s.variables["input"] for s in found}
    assert {s.reference for s in found} == {json.dumps(answer) for answer in answers}


def test_a_wrapper_that_would_hide_a_field_stays_closed(tmp_path: Path) -> None:
    path = tmp_path / "twice.json"
    path.write_text(json.dumps([{"input": "out", "vars": {"input": "in"}, "answer": str(n)} for n in range(2)]))
    assert all(s.variables["vars"] == '{"input": "in"}' and s.variables["input"] == "out" for s in freeze(path, name="x").samples)
