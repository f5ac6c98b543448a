"""Planted failures come back with their causes, in groups of their own kind, each failure once and the same on every look."""

from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.decide.errors import group_failures
from pipeline.decide.errors.summary import dumps, loads, summarise
from pipeline.records import Cause, Criteria, ErrorGroup, MetricChoice, Output, Sample
from tests.pipeline.decide.errors import planted
from tests.pipeline.decide.errors.planted import MATCH, Planted, answered, run

DEMO = planted.classification(planted.demo_samples())
QUESTIONS = planted.questions(120)


def groups_of(given_: Planted) -> tuple[ErrorGroup, ...]:
    return group_failures(given_.samples, given_.source, given_.arm, given_.criteria, others=given_.others)


@pytest.mark.parametrize("name", ["classification", "questions"])
def test_planted_causes_are_found_and_groups_are_of_one_kind(name: str) -> None:
    chosen = {"classification": DEMO, "questions": QUESTIONS}[name]
    found = planted.figures(chosen, groups_of(chosen))
    assert found.found == 1.0
    assert found.right_cause >= 0.95
    assert found.purity >= 0.9
    assert min(found.recall.values()) >= 0.9


def test_every_failure_is_in_one_group_and_nothing_else_is() -> None:
    ids = [i for group in groups_of(DEMO) for i in group.sample_ids]
    assert sorted(ids) == sorted(DEMO.causes)


def test_the_order_of_samples_and_outputs_changes_no_group() -> None:
    turned = replace(DEMO, samples=DEMO.samples[::-1], arm=replace(DEMO.arm, outputs=DEMO.arm.outputs[::-1]))
    kinds = [{(g.cause, g.label, frozenset(g.sample_ids)) for g in groups_of(each)} for each in (DEMO, turned)]
    assert kinds[0] == kinds[1]
    assert groups_of(DEMO) == groups_of(DEMO)


def test_a_confusion_says_what_stands_where() -> None:
    told = next(g for g in groups_of(DEMO) if g.label.startswith("says 'change_pin'"))
    assert told.label == "says 'change_pin' where the reference says 'card_swallowed'"
    assert told.next_step == "Edit the prompt: say what tells 'card_swallowed' from 'change_pin', with an example of each."
    assert told.evidence.startswith(f"{len(told.sample_ids)} samples with this reference get this answer. The source did better")


def test_groups_of_free_texts_are_named_by_the_words_they_share() -> None:
    many = planted.questions(400)
    labels = {g.label for g in groups_of(many) if g.cause is Cause.MODEL}
    assert {f"wrong answers, about {topic}" for topic in planted.TOPICS} <= labels


def test_a_run_without_failures_has_no_groups() -> None:
    right = run("local:arm", DEMO.samples, answered(DEMO.samples, {}))
    assert group_failures(DEMO.samples, DEMO.source, right, MATCH) == ()


def test_graded_metrics_fail_below_good_or_when_they_fall() -> None:
    samples = tuple(Sample(id=f"s{n}", variables={"q": f"{n}"}, reference="one two three four five six") for n in range(3))
    criteria = Criteria(metrics=(MetricChoice(metric="rouge_l", primary=True, margin=0.05),))
    texts = {"s0": "one two three four five six", "s1": "one two three four five", "s2": "none of it"}
    source = run("recorded:a", samples, answered(samples, {}), criteria)
    arm = run("local:b", samples, answered(samples, texts), criteria)
    same = run("local:b", samples, answered(samples, {"s1": texts["s1"]}), criteria)
    assert {i for g in group_failures(samples, source, arm, criteria) for i in g.sample_ids} == {"s1", "s2"}
    assert group_failures(samples, same, same, criteria) == ()


def test_a_summary_keeps_counts_and_examples_and_comes_back_as_it_was() -> None:
    groups = groups_of(DEMO)
    told = summarise("local:arm · winner", groups, DEMO.samples, DEMO.arm)
    assert loads(dumps([told])) == (told,)
    assert (told.failed, told.samples) == (len(DEMO.causes), 91)
    assert [group.count for group in told.groups] == [len(group.sample_ids) for group in groups]
    assert all(len(group.examples) == min(2, group.count) for group in told.groups)


@settings(max_examples=25, deadline=None)
@given(st.lists(st.tuples(st.text(max_size=30), st.text(max_size=30), st.none() | st.text(max_size=40)), min_size=1, max_size=8))
def test_any_texts_are_grouped(rows: list[tuple[str, str, str | None]]) -> None:
    samples = [Sample(id=f"s{n}", variables={"q": q, "context": q}, reference=r) for n, (q, r, _) in enumerate(rows)]
    outputs = [Output(sample_id=f"s{n}", text=text) for n, (_, _, text) in enumerate(rows)]
    arm = run("local:arm", samples, outputs)
    failed = {s.sample_id for s in arm.scores if s.value == 0} | {o.sample_id for o in outputs if o.text is None}
    assert {i for g in group_failures(samples, arm, arm, MATCH) for i in g.sample_ids} == failed
