"""What a plan must say of its models before anybody approves it: retirement, window, what the prompt needs and they lack."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from pipeline.attachments.estimate import of_files
from pipeline.models.catalog.layers import Catalog, ModelFacts
from pipeline.records import PromptVersion, Sample

CHARACTERS = 4
"""Characters to a token: a rule of thumb for English; other writing systems take more tokens."""


UNSEEN = (
    "The judge and the review cards show the names of images and PDFs, not what is in them: let metrics with a reference decide, "
    "or give reviewers the files."
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Needs:
    """What the models of a plan are asked: the prompt as it is today, and every sample. `judge` reads answers too."""

    targets: Sequence[str]
    samples: Sequence[Sample]
    prompt: PromptVersion | None = None
    judge: str | None = None


def notes(needs: Needs, catalog: Catalog | None = None) -> tuple[str, ...]:
    """Sentences for people, by model; none for a model nothing is known of, which has its own sentence elsewhere."""
    layers = catalog or Catalog()
    targets = [facts for ref in dict.fromkeys(needs.targets) if (facts := layers.of(ref))]
    said = [note for facts in targets for note in (*_retires(facts), *_target(facts, needs))]
    judge = layers.of(needs.judge) if needs.judge else None
    if judge:
        said += [*_retires(judge), *_judge(judge, needs)]
    if needs.judge and any(sample.attachments for sample in needs.samples):
        said.append(UNSEEN)
    return tuple(dict.fromkeys(said))


def _retires(facts: ModelFacts) -> Iterator[str]:
    if facts.retires:
        yield f"{facts.ref} has an end-of-life date: {facts.retires} ({facts.told['retires']}). Calls fail from then on."


def _target(facts: ModelFacts, needs: Needs) -> Iterator[str]:
    asked, answer = longest(needs), needs.prompt.parameters.max_tokens if needs.prompt else 0
    if facts.context is not None and asked + answer > facts.context:
        room = f" and up to {answer:,} of the answer" if answer else ""
        yield (
            f"The longest sample takes about {asked:,} tokens (characters / {CHARACTERS}){room}, and the context window of "
            f"{facts.ref} is {facts.context:,} ({facts.told['context']}): such samples may fail. Shorten them or choose another."
        )
    if facts.max_output is not None and answer > facts.max_output:
        yield (
            f"The prompt asks for up to {answer:,} tokens an answer, and {facts.ref} gives at most {facts.max_output:,} "
            f"({facts.told['max_output']}). Lower max_tokens, or choose another model."
        )
    yield from _lacks(facts, needs)


def _judge(facts: ModelFacts, needs: Needs) -> Iterator[str]:
    asked = longest(needs, judged=True)
    if facts.context is not None and asked > facts.context:
        yield (
            f"The judge {facts.ref} reads about {asked:,} tokens of the longest sample (characters / {CHARACTERS}) besides its "
            f"instructions, and its context window is {facts.context:,} ({facts.told['context']}): such samples stay unscored."
        )
    if facts.takes.get("json schema") is False and facts.takes.get("tools") is False:
        yield (
            f"The judge {facts.ref} takes neither a JSON schema nor tools ({facts.told['takes tools']}): it is asked for JSON in "
            "words, and more of its rulings may be unreadable."
        )


def longest(needs: Needs, *, judged: bool = False) -> int:
    """About how many tokens the longest sample takes with the prompt around it; `judged` with reference and recorded answer."""
    around = len(needs.prompt.user) + len(needs.prompt.system) if needs.prompt else 0
    return -(-(around + max((_length(sample, judged=judged) for sample in needs.samples), default=0)) // CHARACTERS)


def _length(sample: Sample, *, judged: bool) -> int:
    beside = len(sample.reference or "") + len(sample.recorded.text if sample.recorded else "") if judged else 0
    return sum(map(len, sample.variables.values())) + beside + CHARACTERS * of_files(sample)


def _lacks(facts: ModelFacts, needs: Needs) -> Iterator[str]:
    parameters = needs.prompt.parameters if needs.prompt else None
    if parameters is None:
        return
    if parameters.json_schema is not None:
        yield from _schema(facts)
    if (parameters.temperature is not None or parameters.top_p is not None) and facts.takes.get("sampling") is False:
        yield (
            f"{facts.ref} takes no temperature or top_p ({facts.told['takes sampling']}), and the prompt sets one: its calls may "
            "be refused. Try a sample before you pay for a run."
        )


def _schema(facts: ModelFacts) -> Iterator[str]:
    said = facts.takes.get("json schema")
    if said is None:
        yield f"The prompt has a JSON schema, and whether {facts.ref} takes one is unknown. Try a sample before a whole run."
    elif not said:
        yield (
            f"The prompt has a JSON schema, and {facts.ref} does not take one ({facts.told['takes json schema']}): its calls may "
            "be refused. Ask for the form in words, or choose another model."
        )
