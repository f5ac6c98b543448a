"""Which runs a stage needs: pure, with ids made from what a run is, so that making it again makes the same one."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace

from db.records import DatasetVersion, Monitor, Plan, Run, RunStatus
from pipeline.hashing import content_hash
from pipeline.prompts.search.halving import rungs
from pipeline.records import Candidate, PromptVersion, RunKey, Split
from pipeline.report.records import AS_IS, FORMAT_FIXED, WINNER

BASELINE, CANDIDATES, TARGETS, MONITOR = "baseline", "candidates", "targets", "monitor"


def candidates_stage(number: int) -> str:
    return f"{CANDIDATES}:{number}"


def targets_stage(number: int) -> str:
    return f"{TARGETS}:{number}"


def short_id(*parts: object) -> str:
    """An id of 20 hexadecimal characters that is the same for the same parts."""
    return content_hash([str(part) for part in parts])[:20]


def baseline(plan: Plan, dataset: DatasetVersion, prompt: PromptVersion) -> tuple[Run, ...]:
    """The source on both splits: dev shows where it fails, test is what targets are compared with."""
    return tuple(_run(plan, dataset, BASELINE, plan.source, prompt, split, f"source · {split}") for split in Split)


def candidates(plan: Plan, dataset: DatasetVersion, proposed: Sequence[Candidate]) -> tuple[Run, ...]:
    """Every candidate that passed the guards, once for each text, on the first rung of dev."""
    passed = _once(candidate(plan, dataset, each) for each in proposed if each.refusal is None)
    rivals = Counter(run.key.model for run in passed)
    return tuple(replace(run, total=rungs(dataset.dev, rivals[run.key.model])[0]) for run in passed)


def candidate(plan: Plan, dataset: DatasetVersion, proposed: Candidate) -> Run:
    """One candidate on all of dev."""
    stage, prompt = candidates_stage(plan.number), proposed.prompt
    return _run(plan, dataset, stage, proposed.target, prompt, Split.DEV, prompt.method)


def is_candidate(run: Run) -> bool:
    """Whether a run covers dev rung by rung, in the shuffled order."""
    return run.stage.startswith(f"{CANDIDATES}:")


def targets(
    plan: Plan, dataset: DatasetVersion, original: PromptVersion, proposed: Sequence[Candidate], selected: Mapping[str, str]
) -> tuple[Run, ...]:
    """Each target with the prompt as it is, format-fixed, and as chosen on dev; equal texts run once under a joint label."""
    stage = targets_stage(plan.number)
    return tuple(
        _run(plan, dataset, stage, target, prompt, Split.TEST, ", ".join(bars))
        for target in plan.targets
        for prompt, bars in _bars(target, original, proposed, selected)
    )


def monitored(monitor: Monitor, tick: str, dataset: DatasetVersion) -> Run:
    """The signed target on the frozen test split, once for each tick of its monitor."""
    stage = f"{MONITOR}:{tick}"
    key = RunKey(model=monitor.target, prompt_hash=monitor.prompt_hash, split=Split.TEST, purpose=f"{MONITOR}:{monitor.id}")
    return _queued(monitor.migration_id, dataset, stage, key, f"monitor · {tick}")


def digest_of(run: Run) -> tuple[str, str] | None:
    """Monitor id and tick of a monitor's run; None for any other."""
    stage, _, tick = run.stage.partition(":")
    return (run.key.purpose.partition(":")[2], tick) if stage == MONITOR else None


def _bars(
    target: str, original: PromptVersion, proposed: Sequence[Candidate], selected: Mapping[str, str]
) -> Iterable[tuple[PromptVersion, list[str]]]:
    """Prompt versions with the names of the bars they stand for; as is first."""
    known = {c.prompt.hash: c.prompt for c in proposed if c.target == target and c.refusal is None}
    method = {prompt.method: prompt for prompt in reversed(known.values())}
    as_is = known.get(original.hash) or method.get(AS_IS)
    wanted = ((AS_IS, as_is), (FORMAT_FIXED, method.get(FORMAT_FIXED)), (WINNER, known.get(selected.get(target, ""))))
    bars: dict[str, tuple[PromptVersion, list[str]]] = {}
    for name, prompt in wanted:
        if prompt is not None:
            bars.setdefault(prompt.hash, (prompt, []))[1].append(name)
    return bars.values()


def _run(plan: Plan, dataset: DatasetVersion, stage: str, model: str, prompt: PromptVersion, split: Split, label: str) -> Run:
    purpose = "compare" if dataset.number == 1 else f"compare on dataset {dataset.number}"
    key = RunKey(model=model, prompt_hash=prompt.hash, split=split, purpose=purpose)
    return _queued(plan.migration_id, dataset, stage, key, label)


def _queued(migration_id: str, dataset: DatasetVersion, stage: str, key: RunKey, label: str) -> Run:
    return Run(
        id=short_id(migration_id, stage, key),
        migration_id=migration_id,
        dataset_id=dataset.id,
        stage=stage,
        key=key,
        label=label,
        status=RunStatus.QUEUED,
        total=dataset.dev if key.split is Split.DEV else dataset.test,
    )


def _once(runs: Iterable[Run]) -> tuple[Run, ...]:
    return tuple({run.id: run for run in reversed(tuple(runs))}.values())[::-1]
