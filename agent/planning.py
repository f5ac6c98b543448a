"""What a plan proposes and how a change makes the next one. Pure; approval of its hash is what locks the criteria."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from agent import estimates
from agent.estimates import provider
from agent.revision import revised
from db.records import DatasetVersion, Migration, Plan, PlanChange
from pipeline.errors import InputError
from pipeline.records import Criteria, PromptVersion, Sample

if TYPE_CHECKING:
    from pipeline.metrics.guide import PriceOf
    from pipeline.models.catalog import Catalog

__all__ = ["REVIEW_PAIRS", "Subject", "first", "following", "provider", "with_target"]

REVIEW_PAIRS = 6
"""Blind pairs for each SME: about two minutes on a phone."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Subject:
    """What a plan is about: `test` are the samples of the test split; `price_of` prices the judge where prices are known.

    `prompt` is the source's: what it needs is held against what the models take, as `catalog` knows it.
    """

    migration: Migration
    dataset: DatasetVersion
    samples: Sequence[Sample]
    test: Sequence[Sample]
    price_of: "PriceOf | None" = None
    prompt: PromptVersion | None = None
    catalog: "Catalog | None" = None


def first(about: Subject) -> Plan:
    """Plan 1: the guide's criteria for this use case and these samples."""
    from pipeline.metrics.guide import locked, propose

    return _plan(about, 1, locked(propose(about.migration.use_case, about.samples)), REVIEW_PAIRS)


def following(last: Plan, about: Subject, change: PlanChange | None) -> Plan:
    """The plan after `last` with `change` applied; the same change on the same plan makes the same plan.

    A change that was possible when it was asked for and is not any more (the data changed) is told in the plan's notes.
    """
    asked = change or PlanChange()
    pairs = last.review_pairs if asked.review_pairs is None else asked.review_pairs
    try:
        criteria = revised(last.criteria, asked, about.migration.use_case, about.samples)
    except InputError as error:
        made = _plan(about, last.number + 1, last.criteria, pairs)
        return replace(made, notes=(f"The change that was asked for cannot be made: {error.message}", *made.notes))
    made = _plan(about, last.number + 1, criteria, pairs)
    return replace(made, notes=(*made.notes, *(f'Tests nothing, so it was left out: "{text}"' for text in asked.left_out)))


def with_target(targets: tuple[str, ...], change: PlanChange | None) -> tuple[str, ...]:
    """`targets` and the one that was asked for, once each."""
    added = (change.add_target,) if change and change.add_target else ()
    return tuple(dict.fromkeys((*targets, *added)))


def _plan(about: Subject, number: int, criteria: Criteria, review_pairs: int) -> Plan:
    from pipeline.metrics.guide import limits, offered
    from pipeline.models.catalog import Needs, notes

    migration, dataset = about.migration, about.dataset
    answering = estimates.of_models(migration.source, migration.targets, dataset, about.samples)
    judging, costs = estimates.of_judge(criteria, len(migration.targets), dataset, about.price_of)
    judge = criteria.judge.model if criteria.judge else None
    needs = Needs(targets=migration.targets, samples=about.samples, prompt=about.prompt, judge=judge)
    return Plan(
        migration_id=migration.id,
        number=number,
        criteria=criteria,
        source=migration.source,
        targets=migration.targets,
        review_pairs=review_pairs,
        estimates=(*answering, *judging),
        costs=costs,
        notes=(*limits(criteria, about.samples, migration.targets, about.test), *notes(needs, about.catalog)),
        offered=offered(criteria, about.samples),
    )
