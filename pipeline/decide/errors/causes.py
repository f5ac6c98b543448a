"""The likely cause of a failure, by rules from the surest to the least sure; what no rule explains is the model's."""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from pipeline.decide.errors import retrieval
from pipeline.decide.errors.answers import closed_set, holds, label_in, language
from pipeline.decide.errors.failures import Failed
from pipeline.decide.errors.suspects import Suspect
from pipeline.metrics.code.form import BLOCKED, refuses
from pipeline.metrics.code.matching import normalise
from pipeline.metrics.code.structure import FENCED, NotJsonError, parse
from pipeline.metrics.metric import CUT_OFF
from pipeline.records import Cause, Criteria, RunResult, Sample

JSON_METRICS = frozenset({"json_valid", "json_fields"})
LONGEST_VALUE = 12
"""Words of a reference that is a value to be found inside an answer, not a text."""
LIKE_OTHERS = 0.5
"""A model does as the arm does when it shows the kind at least half as often."""
EMBEDDED = re.compile(r"[{\[].*[}\]]", re.DOTALL)


@dataclass(frozen=True, slots=True, kw_only=True)
class Why:
    """A cause, its kind (failures of one kind have one next step), what is shown of it, and what it was seen by."""

    cause: Cause
    kind: str
    label: str
    evidence: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Scene:
    """What the rules look at besides the failure: allowed labels, doubted references, other models with this prompt."""

    labels: Mapping[str, str]
    json: bool
    suspects: Mapping[str, Suspect]
    peers: int
    alike: Mapping[str, int]  # kind of INSTRUCTIONS -> peers that show it as often
    all_fail: frozenset[str]


def scene(
    samples: Sequence[Sample], arm: RunResult, criteria: Criteria, doubted: Sequence[Suspect], others: Sequence[RunResult]
) -> Scene:
    by_model = {o.key.model: o for o in others if o.key.prompt_hash == arm.key.prompt_hash and o.key.model != arm.key.model}
    is_json = any(choice.metric in JSON_METRICS for choice in criteria.metrics)
    peers, labels = tuple(by_model.values()), {} if is_json else closed_set(samples)
    return Scene(
        labels=labels,
        json=is_json,
        suspects={each.sample_id: each for each in doubted},
        peers=len(peers),
        alike={kind: _alike(kind, samples, arm, peers, labels) for kind in INSTRUCTIONS} if peers else {},
        all_fail=_failed_by_all(peers, criteria) if len(peers) >= 2 else frozenset(),
    )


def _failed_by_all(peers: Sequence[RunResult], criteria: Criteria) -> frozenset[str]:
    """Samples on which every peer has a primary score of 0."""
    primary = {choice.metric for choice in criteria.primary or criteria.metrics}
    none_right = [{s.sample_id for s in peer.scores if s.metric in primary and s.value == 0} for peer in peers]
    return frozenset(set.intersection(*none_right))


def why(failed: Failed, scene: Scene) -> Why:
    """The first rule that explains the failure."""
    return next((found for rule in RULES if (found := rule(failed, scene)) is not None), UNEXPLAINED)


UNEXPLAINED = Why(cause=Cause.MODEL, kind="wrong", label="wrong answers", evidence="No rule explains these answers.")


def _failed_call(failed: Failed, _: Scene) -> Why | None:
    failure = failed.output.failure
    if failure is not None and failure.kind != "guardrail":
        return Why(
            cause=Cause.FAILED_CALL,
            kind=failure.kind,
            label=f"the call failed: {failure.kind}",
            evidence=f"The provider's failure is of the kind {failure.kind}.",
        )
    if failure is None and failed.output.text is None and not failed.output.tool_calls:
        none = "no answer was stored"
        return Why(cause=Cause.FAILED_CALL, kind="no answer", label=none, evidence="The run holds neither answer nor failure.")
    return None


def _truncation(failed: Failed, _: Scene) -> Why | None:
    reason = failed.output.stop_reason
    if reason not in CUT_OFF:
        return None
    told = f"Every one of these calls ended with the stop reason {reason}."
    return Why(cause=Cause.TRUNCATION, kind=reason or "", label=f"cut off ({reason})", evidence=told)


def _refusal(failed: Failed, _: Scene) -> Why | None:
    if failed.output.failure is not None or failed.output.stop_reason in BLOCKED:
        told = "The provider's filter or guardrail stopped these answers."
        return Why(cause=Cause.REFUSAL, kind="filter", label="stopped by a filter", evidence=told)
    if refuses(failed.text):
        told = "These answers open with the words of a refusal."
        return Why(cause=Cause.REFUSAL, kind="words", label="the model refuses", evidence=told)
    return None


def _form(failed: Failed, scene: Scene) -> Why | None:
    if not failed.text:
        return None if failed.output.tool_calls else _of_form("empty", "says nothing", "These answers are empty.")
    if scene.json or _is_json(failed.reference):
        return _json(failed.text)
    answer, wanted = normalise(failed.text), normalise(failed.reference)
    if answer == wanted:
        return _of_form("spelling", "right but for spelling", "Only case, blanks or punctuation differ from the reference.")
    says = label_in(failed.text, scene.labels) == wanted if scene.labels else holds(answer, wanted)
    if len(wanted.split()) > LONGEST_VALUE or not says:
        return None
    told = "The reference stands inside the answer, with other words around it."
    return _of_form("words", "the right answer with words around it", told)


def _of_form(kind: str, label: str, told: str) -> Why:
    return Why(cause=Cause.FORMAT, kind=kind, label=label, evidence=told)


def _json(text: str) -> Why | None:
    if _is_json(text, scalar=True):
        return None
    fenced = FENCED.search(text)
    if fenced and _is_json(fenced[1], scalar=True):
        return _of_form("fenced", "JSON inside a Markdown fence", "Without the fence these answers are valid JSON.")
    inside = EMBEDDED.search(text)
    if inside and _is_json(inside[0]):
        return _of_form("prose", "JSON with words around it", "Without the words around it these answers are valid JSON.")
    return _of_form("invalid", "no valid JSON", "No part of these answers can be read as JSON.")


def _is_json(text: str, *, scalar: bool = False) -> bool:
    try:
        parsed = parse(text)
    except NotJsonError:
        return False
    return scalar or isinstance(parsed, dict | list)


def _retrieval(failed: Failed, _: Scene) -> Why | None:
    """The source saw the same contexts: where it was right, the evidence was there."""
    lacks = None if failed.source_was_right else retrieval.lacking(failed.sample)
    label = "the contexts lack the answer"
    return Why(cause=Cause.RETRIEVAL, kind="absent", label=label, evidence=lacks) if lacks else None


def _reference(failed: Failed, scene: Scene) -> Why | None:
    doubt = scene.suspects.get(failed.sample.id)
    if doubt is None:
        return None
    return Why(cause=Cause.REFERENCE, kind="doubt", label="the reference may be wrong", evidence=doubt.why)


def _instruction(failed: Failed, scene: Scene) -> Why | None:
    """A kind of failure that words in the prompt prevent; only this model's where the others follow them."""
    kind = next((kind for kind, (_, shows) in INSTRUCTIONS.items() if shows(failed.text, failed.sample, scene.labels)), None)
    if kind is None:
        return None
    label, told = INSTRUCTIONS[kind][0], f"No other model ran with this prompt, {ALONE}"
    if scene.peers:
        told = f"{scene.alike[kind]} of {scene.peers} other models with this prompt do the same."
        if 2 * scene.alike[kind] < scene.peers:
            return Why(cause=Cause.MODEL, kind=kind, label=label, evidence=told)
    return Why(cause=Cause.PROMPT, kind=kind, label=label, evidence=told)


ALONE = "so whether it is the prompt's or the model's is not known; words in the prompt are the cheaper try."


def _alike(kind: str, samples: Sequence[Sample], arm: RunResult, peers: Sequence[RunResult], labels: Mapping[str, str]) -> int:
    """How many peers show the kind about as often as the arm does."""
    by_id = {sample.id: sample for sample in samples}
    own = _share(kind, by_id, arm, labels)
    return sum(own > 0 and _share(kind, by_id, peer, labels) >= LIKE_OTHERS * own for peer in peers)


def _share(kind: str, samples: Mapping[str, Sample], run: RunResult, labels: Mapping[str, str]) -> float:
    shows = INSTRUCTIONS[kind][1]
    whole = [o for o in run.outputs if o.text and o.stop_reason not in CUT_OFF and o.sample_id in samples]
    return sum(shows((o.text or "").strip(), samples[o.sample_id], labels) for o in whole) / max(len(whole), 1)


def _outside(text: str, _: Sample, labels: Mapping[str, str]) -> bool:
    return bool(labels) and bool(text) and not refuses(text) and label_in(text, labels) is None


def _other_language(text: str, sample: Sample, _: Mapping[str, str]) -> bool:
    spoken, wanted = language(text), language(sample.reference or "")
    return spoken is not None and wanted is not None and spoken != wanted


INSTRUCTIONS: Mapping[str, tuple[str, Callable[[str, Sample, Mapping[str, str]], bool]]] = {
    "language": ("in another language than the reference", _other_language),
    "outside": ("an answer outside the closed set", _outside),
}


def _check(failed: Failed, _: Scene) -> Why | None:
    """A person's own criterion that the answer does not keep."""
    broken = [metric for metric in failed.metrics if metric.startswith("check:")]
    if not broken:
        return None
    name = broken[0].partition(":")[2].replace("-", " ")
    told = "The check that a person wrote fails on these answers."
    return Why(cause=Cause.PROMPT, kind=f"check {name}", label=f"does not keep to: {name}", evidence=told)


def _every_model(failed: Failed, scene: Scene) -> Why | None:
    if failed.sample.id not in scene.all_fail:
        return None
    told = f"All {scene.peers} other models with this prompt fail on these samples too."
    return Why(cause=Cause.PROMPT, kind="every model", label="every model fails", evidence=told)


RULES: tuple[Callable[[Failed, Scene], Why | None], ...] = (
    _failed_call, _truncation, _refusal, _form, _retrieval, _reference, _instruction, _check, _every_model,
)  # fmt: skip
