"""What the catalogue knows of a model and a prompt asks for all the same: longer answers, images, PDFs, more than its window."""

from collections.abc import Iterable, Iterator
from dataclasses import replace

from pipeline.attachments.sizes import of_prompt
from pipeline.models.catalog import ModelFacts
from pipeline.prompts.importers.port import Imported
from pipeline.prompts.lint.port import LintRule, Severity
from pipeline.prompts.template import misplaced, placed

WORDS = {"image": "images", "pdf": "PDFs"}


def kinds(imported: Imported) -> dict[str, str]:
    """`image` or `pdf` by the name of each variable the prompt marks and the samples fill with files."""
    held = {each.variable: each.kind for sample in imported.samples for each in sample.attachments}
    return {name: held[name] for name in placed(imported.prompt, held)}


def misplaced_files(imported: Imported, _ref: str) -> Iterator[str]:
    held = kinds(imported)
    for name, roles in placed(imported.prompt, held).items():
        if wrong := sorted(roles - {"user"}):
            yield misplaced(name, held[name], wrong)


def rules(facts: ModelFacts | None) -> tuple[LintRule, ...]:
    """The rules for the model of `facts`; where nothing is known of it, only what holds for every model."""
    place = LintRule(
        id="input-place",
        severity=Severity.ERROR,
        finds=misplaced_files,
        source="Amazon Bedrock user guide, API restrictions; OpenAI images guide",
        fix="Move the variable into the user text.",
    )
    return (place,) if facts is None else (place, _kinds(facts), _answer(facts), _window(facts))


def _kinds(facts: ModelFacts) -> LintRule:
    def finds(imported: Imported, ref: str) -> Iterable[str]:
        for kind in sorted(set(kinds(imported).values())):
            said = facts.takes.get(kind)
            if said is None:
                yield f"The samples hold {WORDS[kind]}, and the catalogue does not know {ref} to take any."
            elif not said:
                yield f"The samples hold {WORDS[kind]}, and {ref} takes none ({facts.told[f'takes {kind}']})."

    return LintRule(
        id="input-kind",
        severity=Severity.ERROR,
        finds=finds,
        source="the catalogue (docs/models.md)",
        fix="Choose a target that takes them (ferry models image, ferry models pdf). If this one does, say so among the facts of "
        "your file (FERRY_PRICES).",
    )


def _answer(facts: ModelFacts) -> LintRule:
    most = facts.max_output

    def finds(imported: Imported, ref: str) -> Iterable[str]:
        asked = imported.prompt.parameters.max_tokens
        if most is not None and asked > most:
            told = facts.told["max_output"]
            yield f"The prompt asks for up to {asked:,} tokens an answer; {ref} gives at most {most:,} ({told})."

    def lowered(imported: Imported, _ref: str) -> Imported:
        parameters = imported.prompt.parameters
        fewer = min(parameters.max_tokens, most or parameters.max_tokens)
        return replace(imported, prompt=replace(imported.prompt, parameters=replace(parameters, max_tokens=fewer)))

    return LintRule(
        id="longest-answer",
        severity=Severity.ERROR,
        finds=finds,
        source="the catalogue (docs/models.md)",
        fix="Lower max_tokens, or choose another model.",
        change=lowered,
    )


def _window(facts: ModelFacts) -> LintRule:
    def finds(imported: Imported, ref: str) -> Iterable[str]:
        size = of_prompt(imported.prompt)
        if facts.context is not None and size.least >= facts.context:
            yield (
                f"The prompt alone takes {size.least:,} tokens at least, and the context window of {ref} is {facts.context:,} "
                f"({facts.told['context']})."
            )

    return LintRule(
        id="prompt-window",
        severity=Severity.ERROR,
        finds=finds,
        source="the catalogue (docs/models.md)",
        fix="Shorten the prompt, or choose a model with a larger window.",
    )
