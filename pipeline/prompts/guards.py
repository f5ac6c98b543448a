"""Guards a candidate passes before any paid call, cheapest and gravest first. A refusal is a sentence for people.

Order (design page "evidence"): variables, frozen spans, braces, own constraints, leaked samples, length and cost, output
contract, tools, parameters.
"""

import re
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import replace

from pipeline.errors import InputError
from pipeline.models.prices import money
from pipeline.prompts.constraints import kept
from pipeline.prompts.contract import demands_json, listed_labels, literal_text
from pipeline.prompts.cost import characters, usd_per_1000
from pipeline.prompts.families.limits import problem
from pipeline.prompts.leaks import leaks, texts_of
from pipeline.prompts.port import Ask
from pipeline.prompts.schemas import legal_schema
from pipeline.prompts.template import ANY_FREEZE_TAG, FREEZE_TAGS, marker, render, variables
from pipeline.prompts.tools import legal_toolset
from pipeline.records import PromptVersion, Sample, Toolset

LENGTH_FACTOR, LENGTH_FLOOR = 4, 6000
_FROZEN = re.compile(r"<freeze>.*?</freeze>", re.DOTALL)


def check(candidate: PromptVersion, ask: Ask) -> str | None:
    """None when `candidate` may be tried on the target, else the sentence that says why not."""
    return next(_refusals(candidate, ask), None)


def refusals(candidate: PromptVersion, ask: Ask) -> tuple[str, ...]:
    """Every guard's sentence against `candidate`, gravest first; empty when it may be tried."""
    return tuple(_refusals(candidate, ask))


def _refusals(candidate: PromptVersion, ask: Ask) -> Iterator[str]:
    return (refusal for guard in GUARDS if (refusal := guard(candidate, ask)))


def keeps_variables(candidate: PromptVersion, ask: Ask) -> str | None:
    """Every variable as often as before, and each value arrives as often as its variable is marked."""
    before, after = Counter(variables(ask.prompt)), Counter(variables(candidate))
    if lost := before - after:
        return f"It lost {_listed(lost, candidate)}: the model would not see that part of the input."
    if added := after - before:
        return f"It has {_listed(added, candidate)} more often than the original: the dataset cannot fill that as before."
    if before and not _values_arrive(candidate, after):
        return "A value put into this prompt does not arrive in the text that is sent; check the marks around the variables."
    return None


def keeps_frozen(candidate: PromptVersion, ask: Ask) -> str | None:
    """Spans between `<freeze>` and `</freeze>` are byte-equal, wherever they stand now."""
    if odd := _odd_marks(candidate) - _odd_marks(ask.prompt):
        return f"It writes a freeze mark as {next(iter(odd))}, which would be sent as text. Write <freeze> and </freeze>."
    for text in candidate.texts:
        if text.count("<freeze>") != text.count("</freeze>") or text.count("<freeze>") != len(_FROZEN.findall(text)):
            return "A <freeze> mark has no matching </freeze>, so it is not clear which part must stay."
    before, after = _frozen(ask.prompt), _frozen(candidate)
    if after > before:
        return "It froze a part that the original does not freeze. Take its <freeze> marks out."
    if before != after:
        return f"It changed a frozen span: {before.total()} must stay byte by byte, {(before & after).total()} did."
    return None


def keeps_braces(candidate: PromptVersion, ask: Ask) -> str | None:
    """No new opening braces in pairs and no new imbalance outside the shots: the next renderer would trip over them.

    Closing braces in pairs are what JSON in JSON ends with; a lost partner shows in the balance.
    """
    shown = [text for s in ask.dev if s.id in candidate.shots for text in texts_of(s)]
    before, after = literal_text(ask.prompt), _without(literal_text(candidate), shown)
    if after.count("{{") > before.count("{{"):
        return 'It has stray "{{" in the text, which looks like a variable but is none.'
    if _imbalance(after) != _imbalance(before):
        return "Its braces do not balance, although those of the original did or did otherwise; a brace was lost or added."
    return None


def keeps_constraints(candidate: PromptVersion, ask: Ask) -> str | None:
    """A person's own constraint (style guide, rubric) that the original states is still stated."""
    before, after = literal_text(ask.prompt), literal_text(candidate)
    lost = [text for text in ask.constraints if kept(text, before) and not kept(text, after)]
    if lost:
        return f'It no longer says {len(lost)} of the constraints the original states, such as "{lost[0].strip()[:80]}".'
    return None


def leaks_nothing(candidate: PromptVersion, ask: Ask) -> str | None:
    """No text of a dev sample stands in the prompt, except of the shots it declares; half of dev at least stays unshown."""
    known = {s.id for s in ask.dev}
    if strange := [shot for shot in candidate.shots if shot not in known]:
        return f'It declares the sample "{strange[0]}" as shown, but dev has no such sample.'
    if 2 * len(candidate.shots) > len(ask.dev):
        return (
            f"It shows {len(candidate.shots)} of {len(ask.dev)} dev samples; at least half must stay unshown to judge the prompt."
        )
    found = leaks(candidate, ask)
    if found.held_out:
        return f"It repeats text of {len(found.held_out)} test samples, so the verdict on it would be worth nothing."
    if found.dev:
        return (
            f"It repeats text of {len(found.dev)} dev samples ({_few(found.dev)}) without declaring them, so dev cannot judge it."
        )
    return None


def is_short_enough(candidate: PromptVersion, ask: Ask) -> str | None:
    """At most four times the original, or 6,000 characters when that is more; schema and tools count too."""
    length, cap = characters(candidate), length_cap(ask.prompt)
    return f"It has {length:,} characters; the cap is {cap:,}, because every call pays for them." if length > cap else None


def length_cap(original: PromptVersion) -> int:
    """Most characters, as `characters` counts them, that a candidate made from `original` may have."""
    return max(LENGTH_FACTOR * characters(original), LENGTH_FLOOR)


def costs_no_more(candidate: PromptVersion, ask: Ask) -> str | None:
    """A thousand calls are expected to cost at most `ask.most_usd` (`pipeline.prompts.cost`)."""
    if ask.most_usd is None or ask.price is None:
        return None
    usd = usd_per_1000(candidate, ask.dev, ask.price)
    if usd <= ask.most_usd:
        return None
    return f"1,000 calls would cost about {money(usd)}; the cap is {money(ask.most_usd)}. Shorten the prompt, or raise the cap."


def keeps_contract(candidate: PromptVersion, ask: Ask) -> str | None:
    """What the original demands of an answer is still demanded: JSON, its schema, the labels it lists."""
    original, schema = ask.prompt.parameters.json_schema, candidate.parameters.json_schema
    if original is not None and schema not in {original, legal_schema(original, ask.target)}:
        return "It changed the JSON schema of the answer."
    if demands_json(ask.prompt) and not demands_json(candidate):
        return "The original demands JSON; this text no longer does."
    listed = listed_labels(candidate, ask.use_case, ask.dev)
    lost = [label for label in listed_labels(ask.prompt, ask.use_case, ask.dev) if label not in listed]
    if lost:
        return f"It no longer names {len(lost)} of the answers the original lists ({_few(lost)})."
    return None


def keeps_tools(candidate: PromptVersion, ask: Ask) -> str | None:
    """The same tools under names the target takes, chosen in the same way; descriptions may be written anew."""
    before, after = (_tools(legal_toolset(prompt.tools)) for prompt in (ask.prompt, candidate))
    if before == after:
        return None
    if lost := before.keys() - after.keys():
        return f"It no longer offers {len(lost)} of {len(before)} tools ({_few(sorted(lost))})."
    return "It changed the tools: their inputs, how one is chosen, or what is offered besides."


def has_legal_parameters(candidate: PromptVersion, ask: Ask) -> str | None:
    """The target would not refuse the parameters."""
    return problem(candidate.parameters, ask.target)


GUARDS: tuple[Callable[[PromptVersion, Ask], str | None], ...] = (
    keeps_variables,
    keeps_frozen,
    keeps_braces,
    keeps_constraints,
    leaks_nothing,
    is_short_enough,
    costs_no_more,
    keeps_contract,
    keeps_tools,
    has_legal_parameters,
)


def _values_arrive(candidate: PromptVersion, marked: Counter[str]) -> bool:
    sentinels = {name: f"\ue000{index}\ue001{{{name}}}\ue000" for index, name in enumerate(sorted(marked))}
    try:
        request = render(replace(candidate, tools=None), Sample(id="sentinel", variables=sentinels))
    except InputError:
        return False
    text = request.system + "".join(turn.text for turn in request.turns)
    return all(text.count(sentinels[name]) == times for name, times in marked.items())


def _frozen(prompt: PromptVersion) -> Counter[str]:
    return Counter(span for text in prompt.texts for span in _FROZEN.findall(text))


def _odd_marks(prompt: PromptVersion) -> Counter[str]:
    found = (tag[0] for text in prompt.texts for tag in ANY_FREEZE_TAG.finditer(text))
    return Counter(tag for tag in found if not FREEZE_TAGS.fullmatch(tag))


def _tools(toolset: Toolset | None) -> dict[str, tuple[str, str, str]]:
    """What is offered by name: the input's schema, how a tool is chosen, and the variable with further ones."""
    if toolset is None:
        return {}
    choice = (toolset.choice or "auto", toolset.variable)
    return {tool.name: (tool.schema, *choice) for tool in toolset.tools} or {toolset.variable: ("", *choice)}


def _without(text: str, shown: Iterable[str]) -> str:
    for part in sorted((s.strip() for s in shown), key=len, reverse=True):
        text = text.replace(part, " ") if part else text
    return text


def _imbalance(text: str) -> int:
    return text.count("{") - text.count("}")


def _few(names: Sequence[str]) -> str:
    return ", ".join(names[:3]) + (", ..." if len(names) > 3 else "")


def _listed(names: Counter[str], prompt: PromptVersion) -> str:
    return ", ".join(marker(name, prompt.syntax) + (f" ({n} times)" if n > 1 else "") for name, n in sorted(names.items()))
