"""What vendors say about writing prompts for their models, in our own words, each with its source and the month it was read."""

from collections.abc import Mapping
from dataclasses import dataclass

from pipeline.models import family

READ = "2026-11"
_OPENAI = "https://cookbook.openai.com/examples/gpt4-1_prompting_guide"
_CLAUDE = "https://platform.claude.com/docs/en/build-with-claude/prompt-engineering/claude-prompting-best-practices"
_LONG = "https://platform.claude.com/docs/en/build-with-claude/prompt-engineering/long-context-tips"
_LLAMA = "https://www.llama.com/docs/how-to-guides/prompting"
_MISTRAL = "https://docs.mistral.ai/guides/prompting_capabilities"
_NOVA = "https://docs.aws.amazon.com/nova/latest/userguide/prompting-text-understanding.html"
_SHOTS = "Brown et al. 2020, arXiv 2005.14165"


@dataclass(frozen=True, slots=True, kw_only=True)
class Fact:
    """One thing to know when writing for a family: `topic` in a word or two, `says` as a sentence a writer can follow."""

    topic: str
    says: str
    source: str
    read: str = READ


def _facts(source: str, **said: str) -> tuple[Fact, ...]:
    return tuple(Fact(topic=topic.replace("_", " "), says=says, source=source) for topic, says in said.items())


FACTS: Mapping[str, tuple[Fact, ...]] = {
    "openai": _facts(
        _OPENAI,
        sections="Markdown headings part the sections; XML tags suit documents that are quoted.",
        literal="Instructions are followed to the letter: say each rule once, and leave no two that disagree.",
        long_inputs="Around a long document the instructions stand before it and again after it.",
        reasoning="Reasoning models plan by themselves: state the goal and the constraints, not the steps of thought.",
    ),
    "anthropic": (
        *_facts(
            _CLAUDE,
            sections="XML tags with telling names part the sections; the text refers to them by name.",
            tone="Calm wording is enough: capitals and MUST are taken too seriously and applied where they were not meant.",
            examples="Examples stand in <example> tags inside <examples>.",
            start="The answer cannot be started for the model: say how it begins instead.",
        ),
        *_facts(_LONG, long_inputs="Long documents come first, each in tags of its own; the task and the question come last."),
    ),
    "meta": _facts(
        _LLAMA,
        sections="Short markdown sections or plain paragraphs; tags tend to come back in the answer.",
        wording="Direct sentences that say what to do; the length of the answer is named.",
        form="The form of the answer is spelled out, and that nothing stands before or after it.",
        place="The instructions stand close to the question.",
    ),
    "mistral": _facts(
        _MISTRAL,
        sections="Markdown headings or XML tags part the sections, from the role to the rules to the input.",
        wording="Direct and concrete; no words that can be weighed in two ways, such as 'a few' or 'interesting'.",
        place="Instructions come first; the input is fenced off after them.",
    ),
    "amazon": _facts(
        _NOVA,
        sections="Sections carry headings such as ## Task ##, in markdown or XML.",
        place="Long data comes first and the instructions last; what changes from call to call stands in the user turn.",
        strong_words="Rules that have to hold are written with MUST and DO NOT.",
        form="The form of the answer is given as a schema or a filled-in pattern.",
    ),
    "base": _facts(
        _SHOTS,
        continuation="The model continues a text and knows no roles: the prompt is a document whose next words are the answer.",
        cue="The last line is a short cue such as 'Answer:', and nothing stands after it.",
    ),
}
GENERAL = _facts(
    "common to the guides of OpenAI, Anthropic, Meta, Mistral and Amazon",
    order="Role, task, rules, input and form of the answer stand in this order, each once.",
    form="The form of the answer is stated where a reader would look for it, at the end.",
)


def facts(ref: str) -> tuple[Fact, ...]:
    """What to know when writing for the model `ref` names; what all guides share where its family is unknown."""
    return FACTS.get(family(ref), GENERAL)
