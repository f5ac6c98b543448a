"""From failures with causes to groups: by kind, by (reference -> answer) in a classification, by likeness of inputs elsewhere."""

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence

from pipeline.dataset.near import compared_text
from pipeline.decide.errors.answers import key, label_in
from pipeline.decide.errors.causes import Scene, Why, why
from pipeline.decide.errors.clusters import cluster, terms, typical_first
from pipeline.decide.errors.failures import Failed
from pipeline.decide.errors.steps import next_step, telling_apart
from pipeline.records import Cause, ErrorGroup

CLUSTERED = frozenset({Cause.RETRIEVAL, Cause.PROMPT, Cause.MODEL})
"""Causes whose failures may have different things in common; the others have one already."""
SHOWN = 60
"""Characters of a label that a group's label shows."""
TOLD = 3
"""Different evidence sentences in one group."""


def grouped(arm: str, failed: Sequence[Failed], scene: Scene) -> tuple[ErrorGroup, ...]:
    """Groups of one arm, the largest first; every failure is in exactly one."""
    kinds: dict[tuple[Cause, str], list[tuple[Failed, Why]]] = defaultdict(list)
    for each in failed:
        found = why(each, scene)
        kinds[found.cause, found.kind].append((each, found))
    groups = [group for (cause, kind), members in kinds.items() for group in _groups(arm, cause, kind, members, scene)]
    order = list(Cause)
    return tuple(sorted(groups, key=lambda g: (-len(g.sample_ids), order.index(g.cause), g.label, g.sample_ids)))


def _groups(arm: str, cause: Cause, kind: str, members: Sequence[tuple[Failed, Why]], scene: Scene) -> Iterable[ErrorGroup]:
    step = next_step(cause, kind)
    if cause is Cause.MODEL and kind == "wrong" and scene.labels:
        yield from _confusions(arm, members, step, scene.labels)
    elif cause in CLUSTERED and kind != "outside":
        yield from _clusters(arm, cause, members, step)
    else:
        yield _group(arm, cause, _label(kind, members), members, step)


def _label(kind: str, members: Sequence[tuple[Failed, Why]]) -> str:
    """The kind's own label; answers outside a closed set are named."""
    label = members[0][1].label
    if kind != "outside":
        return label
    said = _ranked(each.text for each, _ in members)
    more = f" and {len(said) - TOLD} more" if len(said) > TOLD else ""
    return f"{label}: " + ", ".join(f"'{_cut(text)}'" for text in said[:TOLD]) + more


def _confusions(arm: str, members: Sequence[tuple[Failed, Why]], step: str, labels: Mapping[str, str]) -> Iterable[ErrorGroup]:
    """One group for each pair that occurs more than once; single ones together, by their reference where that repeats."""
    pairs = _by(members, lambda f: (key(f.reference), label_in(f.text, labels) or key(f.text)))
    lone = [m for group in pairs.values() if len(group) == 1 for m in group]
    for (_, answer), group in ((pair, g) for pair, g in pairs.items() if len(g) > 1):
        said, wanted = _cut(labels.get(answer) or group[0][0].text), _cut(group[0][0].reference)
        label = f"says '{said}' where the reference says '{wanted}'"
        told = f"{len(group)} samples with this reference get this answer."
        yield _group(arm, Cause.MODEL, label, group, telling_apart(said, wanted), told)
    by_reference = _by(lone, lambda f: (key(f.reference),))
    for group in (g for g in by_reference.values() if len(g) > 1):
        wanted = _cut(group[0][0].reference)
        told = f"{len(group)} samples with this reference get {len(group)} different answers."
        yield _group(arm, Cause.MODEL, f"says various things where the reference says '{wanted}'", group, step, told)
    rest = [m for g in by_reference.values() if len(g) == 1 for m in g]
    if rest:
        yield _group(arm, Cause.MODEL, "single confusions of labels", rest, step, "No two of these confuse the same labels.")


def _clusters(arm: str, cause: Cause, members: Sequence[tuple[Failed, Why]], step: str) -> Iterable[ErrorGroup]:
    """Alike inputs together; the label names the words they share."""
    texts = [compared_text(failed.sample) for failed, _ in members]
    for places in cluster(texts):
        inside, chosen = set(places), [members[place] for place in places]
        others = [text for place, text in enumerate(texts) if place not in inside]
        shared = terms([texts[place] for place in places], others) if len(places) > 1 else ()
        about = f", about {', '.join(shared)}" if shared else ""
        label = f"{members[0][1].label}{about}"
        yield _group(arm, cause, label, chosen, step, ordered=True)


def _group(
    arm: str, cause: Cause, label: str, members: Sequence[tuple[Failed, Why]], step: str, told: str = "", *, ordered: bool = False
) -> ErrorGroup:
    """The typical examples come first, unless the members are `ordered` already."""
    order = range(len(members)) if ordered else typical_first([compared_text(failed.sample) for failed, _ in members])
    regressed = sum(failed.regressed for failed, _ in members)
    lost = f" The source did better on {regressed} of {len(members)}." if regressed else ""
    return ErrorGroup(
        arm=arm,
        cause=cause,
        label=label,
        sample_ids=tuple(members[place][0].sample.id for place in order),
        evidence=(told or _evidence(members)) + lost,
        next_step=step,
        kind=members[0][1].kind,
    )


def _evidence(members: Sequence[tuple[Failed, Why]]) -> str:
    """The sentences the failures were seen by; with several, the most frequent ones."""
    told = _ranked(found.evidence for _, found in members)
    return told[0] if len(told) == 1 else " ".join(told[:TOLD]) + (" And the like." if len(told) > TOLD else "")


def _ranked(texts: Iterable[str]) -> list[str]:
    """Different texts, the most frequent first."""
    counts: dict[str, int] = defaultdict(int)
    for text in texts:
        counts[text] += 1
    return sorted(counts, key=lambda text: (-counts[text], text))


def _by(
    members: Sequence[tuple[Failed, Why]], of: Callable[[Failed], tuple[str, ...]]
) -> Mapping[tuple[str, ...], list[tuple[Failed, Why]]]:
    found: dict[tuple[str, ...], list[tuple[Failed, Why]]] = defaultdict(list)
    for member in members:
        found[of(member[0])].append(member)
    return found


def _cut(text: str) -> str:
    shown = " ".join(text.split())
    return shown if len(shown) <= SHOWN else shown[: SHOWN - 1].rstrip() + "…"
