"""Whether a model can be asked what a run would ask it: said before its first call, and before any is paid.

What every call would be refused for is the lint's, and stops a run. What concerns single samples (their length, their files) is
found request by request: such a sample fails without a call, and the others go on. Only what surely does not fit is not asked.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from pipeline.attachments.limits import problem
from pipeline.attachments.sizes import FEWEST, Size, of_prompt, of_request, of_sample
from pipeline.models import family
from pipeline.models.catalog import Catalog, Constraints, ModelFacts, reasons
from pipeline.models.catalog.constraints import blended
from pipeline.models.failures import failure
from pipeline.models.sampling import refused_of
from pipeline.prompts.families.limits import limits
from pipeline.prompts.importers.port import Imported
from pipeline.prompts.lint import Severity, lint
from pipeline.prompts.lint.capabilities import WORDS, kinds
from pipeline.prompts.targets import claude_from
from pipeline.prompts.template import variables
from pipeline.records import Failure, Model, Output, Parameters, PromptVersion, Request, Sample

SHOWN = 5
ALTERNATIVES = 3


def refusals(
    prompt: PromptVersion, samples: Sequence[Sample], ref: str, catalog: Catalog, *, sampling: bool = False
) -> tuple[str, ...]:
    """What the model would answer 400 to in every call, a sentence with its way out each. Nothing of a recorded source.

    Sampling parameters a model does not take are among them with `sampling` only, for a person who asked for them: the adapter
    leaves others out after one refusal, which is free.
    """
    if ref.startswith("recorded:"):
        return ()
    asked = prompt if sampling else replace(prompt, parameters=_as_sent(prompt.parameters, ref))
    imported = Imported(name="prompt", format="Ferry", prompt=asked, samples=tuple(s for s in samples if s.attachments))
    return tuple(f"{each.message} {each.fix}" for each in lint(imported, ref, catalog) if each.severity is Severity.ERROR)


def unfit(request: Request, ref: str, facts: ModelFacts | None) -> Failure | None:
    """Why this request cannot be answered, whatever the provider does; None where it may be. Nothing of a recorded source."""
    if ref.startswith("recorded:"):
        return None
    if request.attachments and (said := problem(request.attachments, ref)):
        return failure("attachment", said)
    if facts is None or facts.context is None:
        return None
    return _too_long(of_request(request), request.parameters, ref, facts)


class Fitted:
    """A model that is not asked what surely does not fit: such a sample fails without a call."""

    def __init__(self, model: Model, catalog: Catalog) -> None:
        self.ref, self.concurrency = model.ref, model.concurrency
        self._model, self._facts = model, catalog.of(model.ref)

    async def answer(self, request: Request) -> Output:
        problem = unfit(request, self.ref, self._facts)
        if problem is not None:
            return Output(sample_id=request.sample_id, text=None, failure=problem)
        return await self._model.answer(request)

    def refused(self) -> frozenset[str] | None:
        return refused_of(self._model)

    async def close(self) -> None:
        await self._model.close()


@dataclass(frozen=True, slots=True, kw_only=True)
class Misfits:
    """The samples a run would not ask (`over`: too long; `files`: their images or PDFs), and those that may be too long."""

    ref: str
    samples: int
    over: tuple[str, ...] = ()
    files: tuple[str, ...] = ()
    tight: tuple[str, ...] = ()


def misfits(prompt: PromptVersion, samples: Sequence[Sample], ref: str, catalog: Catalog) -> Misfits:
    """Found without rendering: all variables of a sample that the prompt marks count, each once."""
    facts = None if ref.startswith("recorded:") else catalog.of(ref)
    marked = {name.casefold() for name in variables(prompt)}
    around, over, files, tight = of_prompt(prompt), [], [], []
    for sample in samples if not ref.startswith("recorded:") else ():
        used = _used(sample, marked)
        size = of_sample(used)
        whole = Size(least=around.least + size.least, usual=around.usual + size.usual)
        if used.attachments and problem(used.attachments, ref):
            files.append(sample.id)
        elif _too_long(whole, prompt.parameters, ref, facts):
            over.append(sample.id)
        elif facts and facts.context is not None and whole.usual + prompt.parameters.max_tokens > facts.context:
            tight.append(sample.id)
    return Misfits(ref=ref, samples=len(samples), over=tuple(over), files=tuple(files), tight=tuple(tight))


def sentences(found: Misfits, facts: ModelFacts | None) -> Iterator[str]:
    """What people are told of samples that do not fit, with the ways out."""
    window = f"{facts.context:,} tokens ({facts.told['context']})" if facts and facts.context is not None else "unknown"
    if found.over:
        yield (
            f"{_counted(found.over, found.samples)} surely too long for {found.ref}, whose context window is {window}: they fail "
            "without a call, the others go on. Shorten them, lower max_tokens, or choose a target with a larger window."
        )
    if found.tight:
        yield (
            f"{_counted(found.tight, found.samples)} perhaps too long for {found.ref}, whose context window is {window}, with "
            "the longest answer that is allowed: they are asked all the same."
        )
    if found.files:
        yield (
            f"{_counted(found.files, found.samples)} with an image or a PDF that {found.ref} does not take, for its size or "
            "number: they fail without a call, the others go on. Make the files smaller, or choose another target."
        )


def notes(targets: Sequence[str], prompt: PromptVersion, samples: Sequence[Sample], catalog: Catalog) -> tuple[str, ...]:
    """For a plan: which targets fall out, which models would fit, and which samples do not fit a target."""
    said: list[str] = []
    for ref in dict.fromkeys(targets):
        against = refusals(prompt, samples, ref, catalog)
        said += [f"{ref} falls out of the shortlist: {sentence}" for sentence in against]
        said += sentences(misfits(prompt, samples, ref, catalog), catalog.of(ref))
    needs = _needs(prompt, samples)
    lacking = [ref for ref in targets if (facts := catalog.of(ref)) and not all(facts.takes.get(need) for need in needs)]
    if lacking and needs:
        said.append(_alternatives(needs, catalog))
    return tuple(said)


def _needs(prompt: PromptVersion, samples: Sequence[Sample]) -> tuple[str, ...]:
    with_files = tuple(sample for sample in samples if sample.attachments)
    return tuple(sorted(set(kinds(Imported(name="", format="", prompt=prompt, samples=with_files)).values())))


def _alternatives(needs: Sequence[str], catalog: Catalog) -> str:
    wanted = Constraints(needs=tuple(needs))
    priced = [(blended(facts.price, wanted.mix), facts.ref) for facts in catalog.all() if not any(reasons(facts, wanted))]
    cheapest = sorted((usd, ref) for usd, ref in priced if usd is not None)[:ALTERNATIVES]
    words = " and ".join(WORDS[need] for need in needs)
    names = ", ".join(ref for _, ref in cheapest) or "none that the catalogue knows"
    return f"The cheapest models on Bedrock that take {words}: {names}. /migrate models {', '.join(needs)} lists all."


def _too_long(size: Size, parameters: Parameters, ref: str, facts: ModelFacts | None) -> Failure | None:
    if facts is None or facts.context is None:
        return None
    answer = parameters.max_tokens if _shared(ref) else 1
    if size.least + answer <= facts.context:
        return None
    said = (
        f"At least {size.least:,} tokens (characters / {FEWEST}) and {answer:,} of the answer do not fit into the window of "
        f"{facts.context:,} ({facts.told['context']})"
    )
    return failure("context_overflow", said)


def _shared(ref: str) -> bool:
    """Whether a call is refused where input and longest answer together exceed the window; elsewhere only the input counts.

    So it is for Llama, Mistral, GPT before 5 and Claude before 4.5, which since then answers up to the window's end
    (https://docs.claude.com/en/docs/build-with-claude/context-windows, read 2026-11). Others are not known to.
    """
    kind = family(ref)
    if kind == "anthropic":
        return not claude_from(ref, (4, 5))
    return kind in {"meta", "mistral"} or (kind == "openai" and not limits(ref).reasons)


def _as_sent(parameters: Parameters, ref: str) -> Parameters:
    allowed = limits(ref)
    temperature, top_p = (parameters.temperature, parameters.top_p) if allowed.sampling else (None, None)
    both = allowed.both_temperature_and_top_p or temperature is None
    return replace(parameters, temperature=temperature, top_p=top_p if both else None)


def _used(sample: Sample, marked: set[str]) -> Sample:
    return replace(
        sample,
        variables={name: value for name, value in sample.variables.items() if name.casefold() in marked},
        attachments=tuple(each for each in sample.attachments if each.variable.casefold() in marked),
    )


def _counted(ids: Sequence[str], samples: int) -> str:
    shown = ", ".join(ids[:SHOWN]) + (f" and {len(ids) - SHOWN} more" if len(ids) > SHOWN else "")
    return f"{len(ids):,} of {samples:,} samples ({shown}) {'is' if len(ids) == 1 else 'are'}"
