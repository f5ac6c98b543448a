"""The runs with their texts, for what reads answers: all samples of a report of usual size, some of a large one."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

from db.records import Run
from db.store import Store
from pipeline.records import RunResult, Sample
from pipeline.report.records import LARGE, Regression

AT_ONCE = 500


@dataclass(frozen=True, slots=True, kw_only=True)
class Whole:
    """Samples with their texts and every run over them by label; `grouped` is how many they are where they are not all."""

    samples: tuple[Sample, ...]
    runs: Mapping[str, RunResult]
    grouped: int = 0


async def whole(
    store: Store,
    dataset_id: str,
    ids: Sequence[str],
    runs: Mapping[str, Run],
    reviewed: Collection[str] = (),
    *,
    large: int = LARGE,
) -> Whole:
    """The runs over the samples `ids`, or over at most `large` of them, spread evenly, with those that people have `reviewed`."""
    step = -(-len(ids) // large)
    chosen = ids if step <= 1 else sorted({*ids[::step], *(frozenset(reviewed) & frozenset(ids))})
    samples = await store.datasets.chosen(dataset_id, chosen)
    found = {label: await _result(store, run, samples) for label, run in runs.items()}
    return Whole(samples=tuple(samples.values()), runs=found, grouped=len(chosen) if step > 1 else 0)


async def _result(store: Store, run: Run, samples: Mapping[str, Sample]) -> RunResult:
    hashes = {name: sample.input_hash for name, sample in samples.items()}
    outputs, scores = await store.runs.outputs(run.id, samples), await store.runs.scores(run.id, samples)
    return RunResult(key=run.key, label=run.label, outputs=outputs, scores=scores, input_hashes=hashes)


async def quotes(
    store: Store, dataset_id: str, runs: Mapping[str, Run], regressions: Sequence[Regression]
) -> tuple[Regression, ...]:
    """The regressions with the texts that belong to them, read a few hundred at a time."""
    from pipeline.report.build import quoted

    found: list[Regression] = []
    for start in range(0, len(regressions), AT_ONCE):
        some = regressions[start : start + AT_ONCE]
        ids = {each.sample_id for each in some}
        samples = await store.datasets.chosen(dataset_id, ids)
        answers = {
            (label, output.sample_id): output
            for label in {"source", *(each.arm for each in some)}
            for output in await store.runs.outputs(runs[label].id, ids)
        }
        found += (
            quoted(each, samples[each.sample_id], answers["source", each.sample_id], answers[each.arm, each.sample_id])
            for each in some
        )
    return tuple(found)
