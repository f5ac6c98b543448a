"""Scoring a run: streaming, and refusing outputs that are not this dataset's."""

from collections.abc import Iterator

import pytest

from pipeline.errors import InputError
from pipeline.metrics import score_run
from pipeline.records import Output, Sample

SAMPLES = [Sample(id=f"s{i}", variables={"q": str(i)}, reference=str(i)) for i in range(3)]


def test_every_output_gets_every_score_as_it_comes() -> None:
    pulled: list[str] = []

    def outputs() -> Iterator[Output]:
        for sample in SAMPLES:
            pulled.append(sample.id)
            yield Output(sample_id=sample.id, text=sample.reference)

    scores = score_run(SAMPLES, outputs(), ["exact_match", "refusal"])
    assert (next(scores).metric, next(scores).metric, pulled) == ("exact_match", "refusal", ["s0"])
    assert [s.value for s in scores] == [1.0] * 4


def test_another_runs_output_is_refused() -> None:
    with pytest.raises(InputError, match=r"sample other.*another run"):
        list(score_run(SAMPLES, [Output(sample_id="other", text="1")], ["exact_match"]))


def test_a_second_output_of_a_sample_is_refused() -> None:
    twice = [Output(sample_id="s1", text="1"), Output(sample_id="s1", text="2")]
    with pytest.raises(InputError, match="s1 has two outputs"):
        list(score_run(SAMPLES, twice, ["exact_match"]))


def test_an_unknown_metric_is_refused_at_once_with_what_exists() -> None:
    with pytest.raises(InputError, match=r"no metric called bleurt.*exact_match"):
        score_run(SAMPLES, [], ["bleurt"])
