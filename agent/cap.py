"""What a plan says of the cap on a candidate's cost before it is approved. Pure."""

from collections.abc import Iterator, Sequence

from db.records import Migration
from pipeline.models.prices import Price, Prices, known, money
from pipeline.records import Criteria, PromptVersion, Sample


def notes(
    criteria: Criteria, migration: Migration, prompt: PromptVersion, samples: Sequence[Sample], prices: Prices
) -> Iterator[str]:
    """Without a cap what the source takes, as a suggestion; with one, the targets it would leave without a candidate.

    The figures are those of the guard (`pipeline.prompts.cost`), so that nobody is surprised after the approval.
    """
    found = {ref: price for ref, price in known((migration.source, *migration.targets), prices).items() if price.charged}
    if criteria.most_usd is None:
        if (usd := _usd(prompt, samples, found.get(migration.source))) is not None:
            yield (
                f"Prompts have no cost cap. Today's prompt takes about {money(usd)} for 1,000 calls of the source; so that no "
                f'candidate takes more, write "at most {money(usd)} per 1,000 calls".'
            )
        return
    priced = known(migration.targets, prices)
    for target in migration.targets:
        usd = _usd(prompt, samples, found.get(target))
        if target not in priced:
            yield f"The price of {target} is unknown, so the cost cap does not hold there."
        elif usd is not None and usd > criteria.most_usd:
            yield (
                f"On {target} today's prompt would take about {money(usd)} for 1,000 calls, above the cap of "
                f"{money(criteria.most_usd)}: only a shorter prompt could be a candidate. Raise the cap, or leave the target out."
            )


def _usd(prompt: PromptVersion, samples: Sequence[Sample], price: Price | None) -> float | None:
    from pipeline.prompts.cost import usd_per_1000

    return None if price is None else usd_per_1000(prompt, samples, price)
