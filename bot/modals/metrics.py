"""The form "Metrics and judge": what is measured, what decides, who judges."""

import re
from collections.abc import Iterator, Sequence
from typing import Any

from bot.blocks import limits
from bot.buttons import Press
from bot.cards.kit import Block
from bot.modals import kit
from bot.modals.details import read_ref
from db.records import Plan, PlanChange
from pipeline.errors import InputError
from pipeline.metrics.evaluations.metric import is_evaluated
from pipeline.records import Criteria, JudgeChoice, MetricChoice

CALLBACK = "plan_metrics"
MOST_METRICS, MOST_JUDGES = 80, 5
MEASURED = "measured"
JUDGE_HINT = (
    "bedrock:MODEL-ID, openai:MODEL, or a local: model; of another family than the targets. Empty: only what code measures."
)
EMBEDDER_HINT = "For metrics of likeness: hashing:512 (spelling only), bedrock:amazon.titan-embed-text-v2:0, openai:MODEL."
PANEL_HINT = "Further judges for cells that are disputed, one a line."
SECOND_HINT = "Scores by AWS's own judge beside the others; they never decide. Needs FERRY_EVALUATION_ROLE and _BUCKET."
DECIDES_HINT = "Metrics of likeness (rouge_l, chrf, similarity) cannot decide when there is a judge."


def view(press: Press, plan: Plan) -> dict[str, Any]:
    """The form over `plan`; what is left as it is stays as it is."""
    judge = plan.criteria.judge
    names = [choice.metric for choice in plan.criteria.metrics[:MOST_METRICS]]
    offered = [name for name in plan.offered if name not in names]
    second = [name for name in offered if is_evaluated(name)]
    more = [name for name in offered if name not in second][: limits.SELECT_OPTIONS - len(names)]
    can_decide = [name for name in (*names, *more) if not is_evaluated(name)]
    model, embedder, panel = (judge.model, judge.embedder, "\n".join(judge.panel)) if judge else ("", "", "")
    return kit.modal(
        CALLBACK,
        "Metrics and judge",
        [
            kit.field("judge", "Judge", kit.text_input(model, limit=300), hint=JUDGE_HINT, optional=True),
            *_measured(plan, names),
            *([kit.field("more", "Measure also", kit.multi_select(_labelled(more)), optional=True)] if more else []),
            *_second_opinion(second),
            kit.field("deciding", "These decide", _deciding(plan, can_decide), hint=DECIDES_HINT, optional=True),
            kit.field("embedder", "Embedder", kit.text_input(embedder, limit=300), hint=EMBEDDER_HINT, optional=True),
            kit.field("panel", "Panel", kit.text_input(panel, multiline=True, limit=900), hint=PANEL_HINT, optional=True),
        ],
        submit="Ask for a new plan",
        meta={"press": press.dumps()},
    )


def read(submitted: kit.View) -> tuple[PlanChange | None, dict[str, str]]:
    """The change, or what is wrong with it by field. A form sent without any change is an error of its first field."""
    errors: dict[str, str] = {}
    texts = {name: _text(submitted, name, errors) for name in ("judge", "embedder", "panel")}
    removed = _removed(submitted)
    added = tuple(name for field in ("more", "second") for name in kit.choices_of(kit.values(submitted).get(field, {})))
    primary = _primary(submitted, removed, texts["judge"], errors)
    changed = {name: text for name, text in texts.items() if text != kit.opened_text(submitted, name)}
    if not texts["judge"] and (changed.get("embedder") or changed.get("panel")):
        errors.setdefault("judge", "An embedder and a panel serve a judge: name one.")
    if errors:
        return None, errors
    change = PlanChange(
        judge=changed.get("judge"),
        embedder=changed.get("embedder") or None,
        panel=read_panel(changed["panel"]) if "panel" in changed else None,
        add_metrics=added,
        remove_metrics=removed,
        primary=primary,
    )
    return (change, {}) if change != PlanChange() else (None, {"judge": "Nothing is changed yet: change something, or close."})


def read_judge(ref: str) -> str:
    """A model that can be asked. Raises InputError for what only replays or names nothing."""
    read_ref(ref)
    if ref.startswith("recorded:"):
        raise InputError("Recorded outputs cannot judge: name a model that can be called, such as bedrock:MODEL-ID.")
    return ref.replace("\u2060", "")


def read_panel(text: str) -> tuple[str, ...]:
    """Further judges, one a line or separated by commas. Raises InputError for one that cannot judge, or for too many."""
    refs = tuple(dict.fromkeys(read_judge(part.strip()) for part in re.split(r"[,\n]", text) if part.strip()))
    if len(refs) > MOST_JUDGES:
        raise InputError(f"{len(refs)} further judges are too many: name at most {MOST_JUDGES}.")
    return refs


def _text(submitted: kit.View, name: str, errors: dict[str, str]) -> str:
    text = kit.text_of(kit.values(submitted).get(name, {})).replace("\u2060", "")
    try:
        if text:
            READERS[name](text)
    except InputError as error:
        errors[name] = error.message
    return text


def _read_embedder(ref: str) -> None:
    from pipeline.metrics.judge.embedders import open_embedder
    from pipeline.metrics.judge.rulings import MemoryRulings

    open_embedder(ref, MemoryRulings())


def _removed(submitted: kit.View) -> tuple[str, ...]:
    """The boxes that were ticked and are not any more."""
    given, gone = kit.values(submitted), []
    for name in given:
        if name.startswith(MEASURED):
            kept = kit.choices_of(given[name])
            gone += [metric for metric in kit.opened_with(submitted, name) if metric not in kept]
    return tuple(gone)


def _primary(submitted: kit.View, removed: Sequence[str], judge: str, errors: dict[str, str]) -> tuple[str, ...] | None:
    """What decides from now on, if that was changed; a metric that is removed cannot."""
    chosen = kit.choices_of(kit.values(submitted).get("deciding", {}))
    if set(chosen) == set(kit.opened_with(submitted, "deciding")):
        return None
    if not chosen or set(chosen) & set(removed):
        errors["deciding"] = "Choose at least one metric that decides, of those that are measured."
        return None
    try:
        _can_decide(chosen, judge)
    except InputError as error:
        errors["deciding"] = error.message
    return chosen


def _can_decide(chosen: Sequence[str], judge: str) -> None:
    from pipeline.decide.guards import check_deciding

    metrics = tuple(MetricChoice(metric=name, primary=True) for name in chosen)
    check_deciding(Criteria(metrics=metrics, judge=JudgeChoice(model=judge) if judge else None))


def _measured(plan: Plan, names: Sequence[str]) -> Iterator[Block]:
    """Boxes for the plan's metrics, as many as Slack takes in one list each."""
    size = limits.LIST_OPTIONS
    waits = "" if plan.criteria.judge else " (needs a judge)"
    own = {rubric.metric: f"{rubric.name}{waits}" for rubric in plan.criteria.rubrics}
    own |= {check.metric: check.name for check in plan.criteria.checks}
    waiting = [metric for metric in own if metric not in names]
    listed = list(dict.fromkeys([*names, *waiting]))[:MOST_METRICS]
    for number, at in enumerate(range(0, len(listed), size), 1):
        boxes = [(name, own.get(name, name)) for name in listed[at : at + size]]
        label = "Measured" if number == 1 else f"Measured ({number})"
        yield kit.field(f"{MEASURED}_{number}", label, kit.checkboxes(boxes, listed), optional=True)


def _second_opinion(names: Sequence[str]) -> Iterator[Block]:
    if names:
        label = "Second opinion by Bedrock Evaluations"
        yield kit.field("second", label, kit.multi_select(_labelled(names)), hint=SECOND_HINT, optional=True)


def _deciding(plan: Plan, names: Sequence[str]) -> Block:
    return kit.multi_select(_labelled(names), {choice.metric for choice in plan.criteria.primary})


def _labelled(names: Sequence[str]) -> list[tuple[str, str]]:
    return [(name, name) for name in names]


READERS = {"judge": read_judge, "embedder": _read_embedder, "panel": read_panel}
