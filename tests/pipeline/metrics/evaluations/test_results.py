"""What is sent and what comes back: every cell asked for is a score or a reason, whatever the service writes."""

import json
from collections import Counter

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.metrics.evaluations import EVALUATED, Line, lines, parts, read_results
from pipeline.metrics.evaluations.lines import LONGEST, dumps, identifier
from pipeline.models.failures import failure
from pipeline.records import Output, PromptVersion, Sample
from tests.pipeline.aws.wire import violations
from tests.pipeline.metrics.evaluations.peer import result_line

CORRECT, HARM = EVALUATED["bedrock_correctness"], EVALUATED["bedrock_harmfulness"]
PROMPT = PromptVersion(user="Q: {question}", system="Be terse.")
SENT = tuple(Line(sample_id=f"s{n}", prompt=f"p{n}", response=f"r{n}") for n in range(3))


def written(line: Line, result: object = 0.5, metric: str = CORRECT.builtin) -> str:
    record = json.loads(dumps([line], "m"))
    return result_line(record, metric, result)


def kinds(scores: object) -> list[str | None]:
    return [s.unscored and s.unscored.partition(":")[0].removeprefix("second opinion ") for s in scores]  # type: ignore[attr-defined]


def test_the_prompt_is_sent_as_the_model_saw_it_and_what_is_no_answer_is_not() -> None:
    samples = [Sample(id=f"s{n}", variables={"question": f"how {n}?"}, reference="so" if n else " ") for n in range(5)]
    outputs = [
        Output(sample_id="s0", text="yes\ud800"),
        Output(sample_id="s1", text=" \n"),
        Output(sample_id="s2", text=None, failure=failure("throttled")),
        Output(sample_id="s3", text="x" * LONGEST),
        Output(sample_id="s4", text="no"),
    ]
    sent, unsent = lines(samples, outputs, PROMPT, (CORRECT, HARM))
    assert sent[0] == Line(sample_id="s0", prompt="Be terse.\n\nQ: how 0?", response="yes\ud800", reference=None)
    assert sent[1].reference == "so"
    assert [s.sample_id for s in unsent] == ["s1", "s1", "s2", "s2", "s3", "s3"]
    assert kinds(unsent)[::2] == ["empty", "call failed (throttled)", "too_long"]
    assert all(s.value is None for s in unsent)
    assert [json.loads(line)["modelResponses"][0]["response"] for line in dumps(sent, "m").splitlines()] == ["yes\ud800", "no"]


def test_a_job_takes_a_thousand_prompts() -> None:
    many = [Line(sample_id=str(n), prompt="p", response="r") for n in range(2001)]
    made = list(parts(many))
    assert [len(part) for part in made] == [1000, 1000, 1]
    assert [line for part in made for line in part] == many
    assert list(parts([])) == []


@given(st.text(max_size=300))
def test_every_ref_is_an_identifier_the_service_takes(ref: str) -> None:
    shape = "EvaluationPrecomputedInferenceSourceIdentifier"
    assert list(violations(shape, identifier(ref))) == []


@pytest.mark.parametrize("metric", EVALUATED.values(), ids=EVALUATED)
def test_higher_is_better_whatever_the_service_means(metric: object) -> None:
    assert list(EVALUATED.values()).count(metric) == 1  # type: ignore[arg-type]
    turned = {m.name for m in EVALUATED.values() if m.turned}
    assert turned == {"bedrock_harmfulness", "bedrock_stereotyping", "bedrock_refusal"}
    score = HARM.score("s1", 1, "It is rude.")
    assert (score.value, score.reason) == (0.0, "Builtin.Harmfulness 1, turned round. It is rude.")
    assert CORRECT.score("s1", 1).value == 1.0


@pytest.mark.parametrize(
    ("result", "kind"),
    [
        (None, "not_applicable"),
        ("1", "malformed"),
        (True, "malformed"),
        (1.5, "malformed"),
        (-1, "malformed"),
        (float("nan"), "malformed"),
    ],
)
def test_what_is_no_figure_is_no_score(result: object, kind: str) -> None:
    assert kinds(read_results([written(SENT[0], result)], SENT[:1], (CORRECT,))) == [kind]


def test_a_cell_that_never_came_is_unscored_and_never_full() -> None:
    scores = read_results([written(SENT[1])], SENT, (CORRECT, HARM))
    assert [s.value for s in scores] == [None, None, 0.5, None, None, None]
    assert Counter(kinds(scores)) == {"missing": 5, None: 1}
    assert kinds(read_results([], SENT, (CORRECT,))) == ["missing"] * 3


@pytest.mark.parametrize(
    "line", ["{", "[]", "null", '{"inputRecord": {}}', '{"inputRecord":{"prompt":1},"modelResponses":[{}]}', "{}" * 9]
)
def test_a_line_that_is_no_record_is_counted_and_costs_no_other(line: str) -> None:
    scores = read_results([line, "", written(SENT[0])], SENT[:2], (CORRECT,))
    assert scores[0].value == 0.5
    assert "1 lines of its results could not be read" in (scores[1].unscored or "")


def test_a_metric_nobody_asked_for_and_a_pair_nobody_sent_are_left_out() -> None:
    foreign = Line(sample_id="x", prompt="p0", response="another run's")
    scores = read_results([written(SENT[0], 0.9, HARM.builtin), written(foreign, 0.8)], SENT[:1], (CORRECT,))
    assert kinds(scores) == ["missing"]


def test_the_same_line_twice_counts_once_and_a_contradiction_counts_not_at_all() -> None:
    assert [s.value for s in read_results([written(SENT[0], 0.3)] * 2, SENT[:1], (CORRECT,))] == [0.3]
    assert kinds(read_results([written(SENT[0], 0.3), written(SENT[0], 0.4)], SENT[:1], (CORRECT,))) == ["duplicate"]


def test_equal_pairs_share_their_figures_and_keep_to_their_references() -> None:
    twins = [Line(sample_id=f"s{n}", prompt="p", response="r", reference=reference) for n, reference in enumerate("ab")]
    crossed = [written(twins[1], 0.2), written(twins[0], 0.9)]
    assert [s.value for s in read_results(crossed, twins, (CORRECT,))] == [0.9, 0.2]
    same = [Line(sample_id=f"s{n}", prompt="p", response="r") for n in range(3)]
    scores = read_results([written(same[0], 0.2), written(same[0], 0.9)], same, (CORRECT,))
    assert sorted(s.value or 0 for s in scores) == [0, 0.2, 0.9]
    assert kinds(scores) == [None, None, "missing"]


TEXT = st.text("ab \n", min_size=1, max_size=3).filter(str.strip)
ANY_LINES = st.lists(
    st.builds(Line, sample_id=st.uuids().map(str), prompt=TEXT, response=TEXT, reference=st.none() | TEXT), max_size=8
)


@settings(max_examples=40, deadline=None)
@given(ANY_LINES, st.randoms(use_true_random=False))
def test_shuffled_results_find_their_samples(sent: list[Line], chance: object) -> None:
    """Each pair gets its own figure back, whatever order the service wrote in; equal ones are told apart by nothing."""
    figures: dict[tuple[str, str, str], float] = {}
    for number, line in enumerate(sent):
        figures.setdefault((line.prompt.strip(), line.response.strip(), (line.reference or "").strip()), number / 10)
    wanted = [figures[line.prompt.strip(), line.response.strip(), (line.reference or "").strip()] for line in sent]
    found = [written(line, figure) for line, figure in zip(sent, wanted, strict=True)]
    chance.shuffle(found)  # type: ignore[attr-defined]
    assert [s.value for s in read_results(found, sent, (CORRECT,))] == wanted
