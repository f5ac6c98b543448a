"""References that may be wrong: models that agree against them, and near duplicates that say something else.

A doubt is not a verdict: it goes to an SME, who keeps or corrects the reference.
"""

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from pipeline.decide.errors.answers import answer_key, key
from pipeline.metrics.code.form import refuses
from pipeline.models.families import family
from pipeline.records import RunResult, Sample

ENOUGH = 3
"""Models that agree against a reference and make it doubtful; two do when they are of different families and agree rarely."""
RARE = 0.01
"""Share of the samples up to which two models' common answer in place of a reference is no habit of theirs."""
MOST_TWINS = 40
"""Near duplicates beyond this are one template filled in, whose references differ by right; equal inputs still count."""
NAMELESS = frozenset({"unknown", "base"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Suspect:
    """A doubted reference. `suggestion` is what it may have to say, as a model or a near duplicate wrote it."""

    sample_id: str
    why: str
    suggestion: str | None
    weight: int


def suspects(samples: Sequence[Sample], runs: Sequence[RunResult]) -> tuple[Suspect, ...]:
    """Doubted references of `samples`, most doubtful first. `runs` are of the same samples, several of one model count once."""
    said = _votes(samples, runs)
    agreed = _agreed(samples, said, {run.key.model for run in runs})
    twins = _twins(samples, said)
    found = [twins.get(s.id) or agreed[s.id] for s in samples if s.id in twins or s.id in agreed]
    return tuple(sorted(found, key=lambda each: (-each.weight, each.sample_id)))


@dataclass(frozen=True, slots=True)
class _Vote:
    """What one model says of a sample in all its runs, as compared and as written."""

    model: str
    key: str
    text: str


def _votes(samples: Sequence[Sample], runs: Sequence[RunResult]) -> Mapping[str, list[_Vote]]:
    """By sample, one vote for each model whose runs all say the same."""
    heard: dict[str, dict[str, list[tuple[str, str]]]] = defaultdict(lambda: defaultdict(list))
    for run in runs:
        for output in run.outputs:
            text = (output.text or "").strip()
            heard[output.sample_id][run.key.model].append(("" if refuses(text) else answer_key(output), text))
    return {
        s.id: [
            _Vote(model, *said[0]) for model, said in heard[s.id].items() if said[0][0] and len({each for each, _ in said}) == 1
        ]
        for s in samples
        if s.id in heard
    }


def _agreed(samples: Sequence[Sample], said: Mapping[str, list[_Vote]], models: set[str]) -> Mapping[str, Suspect]:
    """All models that answered give one answer, and it is not the reference."""
    against = {s.id: votes for s in samples if (votes := said.get(s.id)) and _against(s, votes)}
    habits = Counter((key(s.reference), against[s.id][0].key) for s in samples if s.id in against)
    found = {}
    for sample in (s for s in samples if s.id in against):
        votes = against[sample.id]
        rare = habits[key(sample.reference), votes[0].key] <= max(1, RARE * len(samples))
        if len(votes) >= ENOUGH or (len(votes) == len(models) == 2 and rare and _unrelated(votes)):
            why = f"{len(votes)} models give the same answer, and it is not the reference."
            found[sample.id] = Suspect(sample_id=sample.id, why=why, suggestion=votes[0].text, weight=len(votes))
    return found


def _against(sample: Sample, votes: Sequence[_Vote]) -> bool:
    reference = key(sample.reference)
    return bool(reference) and len({vote.key for vote in votes}) == 1 and votes[0].key != reference


def _unrelated(votes: Sequence[_Vote]) -> bool:
    kinds = {family(vote.model) for vote in votes}
    return len(kinds) == len(votes) and not kinds & NAMELESS


def _twins(samples: Sequence[Sample], said: Mapping[str, list[_Vote]]) -> Mapping[str, Suspect]:
    """Near duplicates with different short references: equal inputs are always in doubt, others where the models say so."""
    found: dict[str, Suspect] = {}
    for group in _kin(samples):
        members = [sample for sample in group if key(sample.reference)]
        counts = Counter(key(s.reference) for s in members)
        if len(counts) > 1:
            for sample in members:
                doubt = _twin(sample, members, counts, said.get(sample.id, []))
                if doubt is not None:
                    found[sample.id] = doubt
    return found


def _kin(samples: Sequence[Sample]) -> Iterable[Sequence[Sample]]:
    """Near duplicates; of a large group the equal inputs, a bounded number."""
    from pipeline.dataset import near  # brings numpy, which the Slack process does without

    for places in near.alike(samples):
        members = [samples[place] for place in places]
        if len(members) <= MOST_TWINS:
            yield members
            continue
        equal: dict[str, list[Sample]] = defaultdict(list)
        for sample in members:
            equal[near.compared_text(sample)].append(sample)
        yield from (same[:MOST_TWINS] for same in equal.values() if len(same) > 1)


def _twin(sample: Sample, members: Sequence[Sample], counts: Counter[str], votes: Sequence[_Vote]) -> Suspect | None:
    own = key(sample.reference)
    others = [s for s in members if key(s.reference) != own]
    for_other = Counter(vote.key for vote in votes if vote.key in {key(s.reference) for s in others})
    if for_other and 2 * for_other.total() > len(votes):
        wanted = for_other.most_common(1)[0][0]
        other = next(s for s in others if key(s.reference) == wanted)
        why = f"A nearly identical input ({other.id}) has another reference, and it is what the models answer here."
        return Suspect(sample_id=sample.id, why=why, suggestion=other.reference, weight=ENOUGH + for_other.total())
    equal = [s for s in others if _input(s) == _input(sample)]
    if equal and counts[own] <= max(counts[key(s.reference)] for s in equal) and not _settled(own, votes):
        why = f"The same input ({equal[0].id}) has another reference."
        return Suspect(sample_id=sample.id, why=why, suggestion=equal[0].reference, weight=ENOUGH)
    return None


def _input(sample: Sample) -> str:
    from pipeline.dataset.near import compared_text

    return compared_text(sample)


def _settled(own: str, votes: Sequence[_Vote]) -> bool:
    """Whether the models side with this reference, so that the other one is to be doubted."""
    return any(vote.key == own for vote in votes)
