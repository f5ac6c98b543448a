"""What a plan proposes and how a change makes the next one. Pure; approval of its hash is what locks the criteria."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from agent import cap, estimates
from agent.estimates import provider
from agent.revision import revised
from db.records import DatasetVersion, Migration, Plan, PlanChange
from pipeline.errors import InputError
from pipeline.models.catalog import Catalog, Needs, notes
from pipeline.models.prices.tokens import usage_of_a_call
from pipeline.prompts import fit
from pipeline.records import Criteria, PromptVersion, Sample

if TYPE_CHECKING:
    from pipeline.decide.size import Pilot

__all__ = ["REVIEW_PAIRS", "Subject", "first", "following", "provider", "with_target"]

REVIEW_PAIRS = 6
"""Blind pairs for each SME: about two minutes on a phone."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Subject:
    """What a plan is about: `test` are the samples of the test split, `prompt` is the source's.

    `catalog` says what models take and cost, `pilots` what an earlier round showed of the spread, by metric. `writer` is the
    operator's model that writes prompts.
    """

    migration: Migration
    dataset: DatasetVersion
    samples: Sequence[Sample]
    test: Sequence[Sample]
    prompt: PromptVersion = field(default_factory=lambda: PromptVersion(user=""))
    catalog: Catalog = field(default_factory=Catalog)
    pilots: "Mapping[str, Pilot]" = field(default_factory=dict)
    writer: str = ""


def first(about: Subject, repeats: Plan | None = None) -> Plan:
    """Plan 1: the guide's criteria for this use case and these samples, or those of the plan that this migration repeats."""
    from pipeline.metrics.guide import locked, propose

    criteria = _repeated(repeats, about) if repeats else None
    if repeats is None or criteria is None:
        return _plan(about, 1, locked(propose(about.migration.use_case, about.samples)), REVIEW_PAIRS)
    made = replace(_plan(about, 1, criteria, repeats.review_pairs), monthly_calls=repeats.monthly_calls)
    return replace(
        made, notes=(f"Metrics, margins and judge are those of plan {repeats.number} of the migration it repeats.", *made.notes)
    )


def _repeated(repeats: Plan, about: Subject) -> Criteria | None:
    """The criteria of `repeats`; None where they could not decide over these samples."""
    from pipeline.metrics import metric_named
    from pipeline.metrics.guide import check_roles, locked

    criteria = repeats.criteria
    try:
        check_roles(criteria)
    except InputError:
        return None
    referenced = any((sample.reference or "").strip() for sample in about.samples)
    if not referenced and any(metric_named(choice.metric, criteria).needs_reference for choice in criteria.primary):
        return None
    return locked(criteria)


def following(last: Plan, about: Subject, change: PlanChange | None) -> Plan:
    """The plan after `last` with `change` applied; the same change on the same plan makes the same plan.

    A change that was possible when it was asked for and is not any more (the data changed) is told in the plan's notes.
    """
    asked = change or PlanChange()
    pairs = last.review_pairs if asked.review_pairs is None else asked.review_pairs
    monthly = last.monthly_calls if asked.monthly_calls is None else asked.monthly_calls or None
    try:
        criteria = revised(last.criteria, asked, about.migration.use_case, about.samples)
        before: tuple[str, ...] = ()
        left_out = asked.left_out
    except InputError as error:
        criteria, before, left_out = last.criteria, (f"The change that was asked for cannot be made: {error.message}",), ()
    made = _plan(about, last.number + 1, criteria, pairs)
    after = (f'Tests nothing, so it was left out: "{text}"' for text in left_out)
    return replace(made, monthly_calls=monthly, notes=(*before, *made.notes, *after))


def with_target(targets: tuple[str, ...], change: PlanChange | None) -> tuple[str, ...]:
    """`targets` and the one that was asked for, once each."""
    added = (change.add_target,) if change and change.add_target else ()
    return tuple(dict.fromkeys((*targets, *added)))


def _plan(about: Subject, number: int, criteria: Criteria, review_pairs: int) -> Plan:
    from pipeline.metrics.guide import limits, offered

    migration, dataset = about.migration, about.dataset
    prices, a_call = about.catalog.prices, usage_of_a_call(about.prompt, about.samples)
    answering = estimates.of_models(migration.source, migration.targets, dataset, about.samples, a_call, prices)
    judging, costs = estimates.of_judge(criteria, len(migration.targets), dataset, prices.of)
    judge = criteria.judge.model if criteria.judge else None
    writer = estimates.writer_ref(about.writer, criteria)
    converting = estimates.of_conversion(writer, migration.targets, a_call, prices)
    searching = estimates.of_search(writer, migration.targets, dataset.dev, a_call, prices)
    needs = Needs(targets=migration.targets, samples=about.samples, prompt=about.prompt, judge=judge)
    said = limits(criteria, about.samples, migration.targets, about.test, about.pilots)
    return Plan(
        migration_id=migration.id,
        number=number,
        criteria=criteria,
        source=migration.source,
        targets=migration.targets,
        review_pairs=review_pairs,
        estimates=(*answering, *converting, *searching, *judging),
        costs=costs,
        notes=(
            *said,
            *fit.notes(migration.targets, about.prompt, about.samples, about.catalog),
            *notes(needs, about.catalog),
            *cap.notes(criteria, migration, about.prompt, about.samples, prices),
        ),
        offered=offered(criteria, about.samples),
    )
