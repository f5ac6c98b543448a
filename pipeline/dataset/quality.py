"""What a person should know about a dataset before they trust a verdict on it. Messages count; they never quote a sample."""

import math
import re
import unicodedata
from collections import Counter, defaultdict
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence

from pipeline.dataset import attached, near, personal
from pipeline.dataset.split import DEV_SHARE, short_reference
from pipeline.decide.statistics import PLANNING_SD, required_n
from pipeline.records import Finding, Sample, Split

MAX_IDS = 20
USUAL_MARGIN = 0.05
FEW_IN_CLASS = 5
RARE_SHARE = 0.1
SCRIPT_CHARACTERS = 200
SENTENCE_END = re.compile(r"[.!?…。！？。」』\"'”’)\]}>*`|:;\d]\s*$")
LONG_OUTPUT = 200
FORMULA = re.compile(r"^(=\S|[+\-@]\s*[A-Za-z_.]+\(|[+\-@].*\|.*!|[+\-]\$?[A-Z]{1,3}\$?\d)")
Check = Callable[[Sequence[Sample]], Iterable[Finding]]


def findings(samples: Sequence[Sample], splits: Mapping[str, Split], alike: near.Groups | None = None) -> tuple[Finding, ...]:
    """Everything noticed about frozen samples and their split, most serious first; `alike` as in `split`."""
    found = [finding for check in CHECKS for finding in check(samples)]
    found += _near_duplicates(samples, near.alike(samples) if alike is None else alike)
    found += few_samples(sum(side is Split.TEST for side in splits.values()))
    return tuple(sorted(found, key=lambda finding: ("error", "warning", "info").index(finding.level)))


def few_samples(test: int) -> list[Finding]:
    """Before any run, by the planning spread; a plan with several targets or deciding metrics asks for more."""
    needed = required_n(PLANNING_SD, USUAL_MARGIN)
    in_all = math.ceil(needed / (1 - DEV_SHARE))
    if test >= needed:
        return []
    margin = min(1.0, USUAL_MARGIN * math.sqrt(needed / test)) if test else 1.0
    message = (
        f"{test} test samples can show a difference of about {100 * margin:.0f} points; the usual margin of "
        f"{100 * USUAL_MARGIN:.0f} points needs about {needed} test samples, {in_all} samples in all."
    )
    return [Finding(level="warning", code="few_samples", message=message)]


def _empty_inputs(samples: Sequence[Sample]) -> list[Finding]:
    empty = [s.id for s in samples if not any(value.strip() for value in s.variables.values())]
    return _finding("warning", "empty_input", empty, "No input at all in {}: fill it in or remove the sample.")


def _missing_references(samples: Sequence[Sample]) -> list[Finding]:
    missing = [s.id for s in samples if s.reference is None]
    if len(missing) == len(samples):
        message = "No sample has a reference: only metrics without one, and people, can judge the answers."
        return [Finding(level="info", code="no_references", message=message)]
    return _finding("warning", "missing_reference", missing, "No reference in {}: metrics that need one leave these unscored.")


def _missing_outputs(samples: Sequence[Sample]) -> list[Finding]:
    missing = [s.id for s in samples if s.recorded is None]
    if len(missing) == len(samples):
        return []
    return _finding(
        "warning", "missing_output", missing, "No answer of the source model in {}: there is nothing to compare with."
    )


def _duplicates(samples: Sequence[Sample]) -> list[Finding]:
    by_input: dict[tuple[object, ...], list[Sample]] = defaultdict(list)
    for sample in samples:
        by_input[(near.contents(sample), *sorted(_words(sample).items()))].append(sample)
    same = [group for group in by_input.values() if len(group) > 1]
    conflicting = [s.id for group in same if len({s.reference for s in group}) > 1 for s in group]
    repeated = [s.id for group in same for s in group[1:]]
    return [
        *_finding(
            "warning",
            "conflicting_references",
            conflicting,
            "Different references for the same input in {}: settle which one is right.",
        ),
        *_finding("warning", "duplicate", repeated, "The same input as an earlier sample in {}: it counts twice."),
    ]


def _words(sample: Sample) -> Mapping[str, str]:
    """The variables that are text: the same image under another name is the same input."""
    files = {each.variable for each in sample.attachments}
    return {name: value for name, value in sample.variables.items() if name not in files}


def _shared_files(samples: Sequence[Sample]) -> list[Finding]:
    """Several questions about one document are relatives; only a column can say so, where all share a form or a logo."""
    times = Counter(content for sample in samples for content in near.contents(sample))
    ids = [s.id for s in samples if s.cluster is None and any(times[content] > 1 for content in near.contents(s))]
    sentence = "The same image or PDF as another sample in {}: name a column `document_id` to keep its samples on one side."
    return _finding("info", "shared_file", ids, sentence)


def _near_duplicates(samples: Sequence[Sample], alike: near.Groups) -> list[Finding]:
    texts = {place: near.compared_text(samples[place]) for group in alike for place in group}
    different = [group for group in alike if len({texts[place] for place in group}) > 1]
    close = [samples[place].id for group in different for place in group]
    return _finding(
        "info", "near_duplicate", close, "Almost the input of another sample in {}: relatives stay on one side of the split."
    )


def _truncated_outputs(samples: Sequence[Sample]) -> list[Finding]:
    """A long answer that stops without the end of a sentence, where most answers have one."""
    long = [s for s in samples if s.recorded and len(s.recorded.text) >= LONG_OUTPUT]
    cut = [s.id for s in long if s.recorded and not SENTENCE_END.search(s.recorded.text)]
    if len(cut) > len(long) / 2:
        return []
    return _finding(
        "warning",
        "truncated_output",
        cut,
        "An answer of the source model that seems cut off in {}: raise its token limit and record it again.",
    )


def _imbalance(samples: Sequence[Sample]) -> list[Finding]:
    counts = Counter(reference for s in samples if (reference := short_reference(s)))
    if not 2 <= len(counts) <= len(samples) / 3:
        return []
    usual = max(counts.values())
    rare = sorted(name for name, count in counts.items() if count < FEW_IN_CLASS or count < RARE_SHARE * usual)
    ids = [s.id for s in samples if short_reference(s) in rare]
    sentence = f"{len(rare)} of {len(counts)} different references are rare ({{}}): a verdict says little about them."
    return _finding("warning", "imbalance", ids, sentence)


def _personal_data(samples: Sequence[Sample]) -> list[Finding]:
    found: list[Finding] = []
    for kind, holds in personal.KINDS.items():
        ids = [s.id for s in samples if any(map(holds, _texts(s)))]
        found += _finding(
            "warning", "personal_data", ids, f"What looks like {kind} in {{}}: check that every model in the plan may see it."
        )
    return found


def _formulas(samples: Sequence[Sample]) -> list[Finding]:
    ids = [s.id for s in samples if any(FORMULA.match(text) for text in _texts(s))]
    return _finding("info", "formula_like", ids, "A text that a spreadsheet would run as a formula in {}: it is kept as text.")


def _scripts(samples: Sequence[Sample]) -> list[Finding]:
    """More than one alphabet among the inputs: a cheap sign of several languages."""
    by_script: dict[str, list[str]] = defaultdict(list)
    for sample in samples:
        by_script[_script(near.compared_text(sample))].append(sample.id)
    by_script.pop("", None)
    if len(by_script) < 2:
        return []
    main, *others = sorted(by_script, key=lambda script: -len(by_script[script]))
    ids = [i for script in others for i in by_script[script]]
    names = ", ".join(script.title() for script in others[:3])
    return _finding(
        "info",
        "language_mix",
        ids,
        f"Other letters ({names}) than the usual {main.title()} ones in {{}}: look at each language apart.",
    )


def _script(text: str) -> str:
    start = text[:SCRIPT_CHARACTERS]
    if start.isascii():
        return "LATIN" if start.strip() else ""
    names = Counter(unicodedata.name(char, "").split(" ")[0] for char in start if char.isalpha())
    return names.most_common(1)[0][0] if names else ""


def _texts(sample: Sample) -> Iterable[str]:
    yield from sample.variables.values()
    yield sample.reference or ""
    yield sample.recorded.text if sample.recorded else ""


def _finding(level: str, code: str, ids: Collection[str], sentence: str) -> list[Finding]:
    """One finding, or none without ids; the ids of a few of the samples go with it."""
    if not ids:
        return []
    count = "1 sample" if len(ids) == 1 else f"{len(ids):,} samples"
    return [Finding(level=level, code=code, message=sentence.format(count), sample_ids=tuple(sorted(ids)[:MAX_IDS]))]


CHECKS: tuple[Check, ...] = (
    _empty_inputs, _missing_references, _missing_outputs, _duplicates, _truncated_outputs, _imbalance,
    _personal_data, _formulas, _scripts, _shared_files, attached.findings,
)  # fmt: skip
