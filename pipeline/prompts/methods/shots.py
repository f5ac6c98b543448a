"""Which dev samples to show: spread over the labels and over the contents, short ones first, the same every time."""

import re
from collections.abc import Sequence

from pipeline.prompts.contract import labels
from pipeline.prompts.methods.layout import Layout
from pipeline.prompts.port import Ask
from pipeline.prompts.template import ANY_FREEZE_TAG
from pipeline.records import Sample

PER_LABEL = 3
OPEN_SHOTS = 6
_WORD = re.compile(r"\w+")


def choose(ask: Ask, layout: Layout, *, room: int) -> tuple[Sample, ...]:
    """Up to PER_LABEL samples of each label (OPEN_SHOTS where answers are open), in turn, while they fit `room` characters.

    A sample with an image or a PDF is never shown: a prompt's text cannot hold it. Never more than half of dev, nor more than
    half of a label's samples as long as it has two: what is shown cannot judge.
    """
    groups = _groups(ask)
    most = PER_LABEL if len(groups) > 1 else OPEN_SHOTS
    shown = dict(layout.solved())
    queues = [_spread(group, min(most - _already(shown, group, groups), max(1, len(group) // 2))) for group in groups]
    chosen: list[Sample] = []
    for turn in range(most):
        for queue in queues:
            if turn >= len(queue) or 2 * (len(chosen) + 1) > len(ask.dev):
                continue
            room -= len(layout.shown(queue[turn])) + 2
            if room < 0:
                return tuple(chosen)
            chosen.append(queue[turn])
    return tuple(chosen)


def _already(shown: dict[str, int], group: Sequence[Sample], groups: Sequence[Sequence[Sample]]) -> int:
    return shown.get((group[0].reference or "").strip(), 0) if len(groups) > 1 else 0


def _groups(ask: Ask) -> list[list[Sample]]:
    known = [s for s in ask.dev if s.reference and s.reference.strip() and not s.attachments and not _marked(s)]
    closed = labels(ask.use_case, ask.dev)
    if not closed:
        return [known] if known else []
    groups = [[s for s in known if (s.reference or "").strip() == label] for label in closed]
    return [group for group in groups if group]


def _marked(sample: Sample) -> bool:
    """Whether a text holds a freeze mark: shown in a prompt, it would be read as one."""
    return any(ANY_FREEZE_TAG.search(text) for text in (*sample.variables.values(), sample.reference or ""))


def _spread(group: Sequence[Sample], number: int) -> list[Sample]:
    """`number` samples of the group: the shortest, then each time the one least like those chosen, shorter first."""
    left = sorted(group, key=lambda s: (_length(s), s.id))
    chosen: list[Sample] = []
    while left and len(chosen) < number:
        best = min(left, key=lambda s: (max((_likeness(s, c) for c in chosen), default=0.0), _length(s), s.id))
        chosen.append(best)
        left.remove(best)
    return chosen


def _likeness(one: Sample, other: Sample) -> float:
    """Shared words over all words of both inputs, 0 to 1."""
    a, b = (set(_WORD.findall(" ".join(s.variables.values()).lower())) for s in (one, other))
    return len(a & b) / len(a | b) if a | b else 0.0


def _length(sample: Sample) -> int:
    return sum(len(value) for value in sample.variables.values())
