"""Rules for every family: parameters the target takes, control tokens of other models' chat templates, names of other vendors."""

import re
from collections.abc import Callable
from dataclasses import replace

from pipeline.models.catalog import Catalog
from pipeline.prompts.families.limits import REASONING_ROOM, legal, limits
from pipeline.prompts.families.rule import Rule, on_texts, substitute
from pipeline.prompts.schemas import with_legal_schema
from pipeline.prompts.tools import legal_toolset
from pipeline.records import PromptVersion

TOKENS = re.compile(
    r"<\|(?:begin_of_text|end_of_text|start_header_id|end_header_id|eot_id|eom_id|python_tag|header_start|header_end|eot"
    r"|im_start|im_end|endoftext)\|>|\[/?INST\]|<</?SYS>>|</?s>(?=\s*\[/?INST\])"
)
_HEADER = re.compile(
    r"<\|(?:start_header_id|header_start)\|>\s*\w+\s*<\|(?:end_header_id|header_end)\|>\s*|<\|im_start\|>\s*\w+\n"
)
_TOKENS = re.compile(r"(?i)\b(\d{1,3}(?:,\d{3})+|\d{1,7}) tokens\b")
_CLAUDE = "https://platform.claude.com/docs/en/build-with-claude/prompt-engineering"
_REASONING = "https://platform.openai.com/docs/guides/reasoning-best-practices"
_OLD_CLAUDE = re.compile(r"\A(.*?)\n\nHuman:\s*(.*)\n\nAssistant:\s*\Z", re.DOTALL)


def legal_parameters(prompt: PromptVersion, ref: str) -> PromptVersion:
    """Parameters the target takes, no longer answers than it gives, room for hidden reasoning where it reasons by default."""
    parameters = legal(prompt.parameters, ref)
    facts = Catalog().of(ref)
    if facts is not None and facts.max_output is not None:
        parameters = replace(parameters, max_tokens=min(parameters.max_tokens, facts.max_output))
    if limits(ref).reasons and parameters.max_tokens < REASONING_ROOM:
        parameters = replace(parameters, max_tokens=REASONING_ROOM)
    return replace(prompt, parameters=parameters)


def strip_tokens(prompt: PromptVersion, _ref: str) -> PromptVersion:
    """Without control tokens in the text, and without the stop sequences made for them."""
    stripped = on_texts(prompt, lambda text: TOKENS.sub("", _HEADER.sub("", text)))
    old = _OLD_CLAUDE.match(stripped.user)
    if old and "<freeze>" not in stripped.user:
        stripped = replace(stripped, user="\n\n".join(part for part in old.groups() if part.strip()))
    made_for_them = {"\n\nHuman:", "\n\nAssistant:", "Human:", "Assistant:", "</s>"}
    stop = tuple(s for s in prompt.parameters.stop if not TOKENS.fullmatch(s) and s not in made_for_them)
    return replace(stripped, parameters=replace(prompt.parameters, stop=stop))


LEGAL_PARAMETERS = Rule(
    id="parameters",
    changes="Leaves out or limits the parameters this model refuses.",
    why="The provider answers 400 to them; reasoning models also need room for hidden tokens.",
    source="https://docs.aws.amazon.com/bedrock/latest/APIReference/API_runtime_InferenceConfiguration.html and the API "
    "references of Anthropic and OpenAI, read 2026-11",
    lossless=True,
    change=legal_parameters,
)

LEGAL_SCHEMA = Rule(
    id="answer-schema",
    changes="Brings the JSON schema of the answer into what the target takes, or into the text where it takes none.",
    why="The provider answers 400 to it as it is; what was taken out is for a metric to check.",
    source="https://docs.aws.amazon.com/bedrock/latest/userguide/structured-output.html, read 2026-11",
    lossless=True,
    change=with_legal_schema,
)

LEGAL_TOOLS = Rule(
    id="tools",
    changes="Writes names and types of tools as every provider takes them.",
    why="The provider answers 400 to others; scores know a tool by either name.",
    source="https://docs.aws.amazon.com/bedrock/latest/APIReference/API_runtime_ToolSpecification.html, read 2026-11",
    lossless=True,
    change=lambda prompt, _ref: replace(prompt, tools=legal_toolset(prompt.tools)),
)

STRIP_TOKENS = Rule(
    id="template-tokens",
    changes="Removes control tokens of another model's chat template.",
    why="The provider builds the template itself; these tokens would be read as text.",
    source="model cards of Llama 2-4, Mistral Instruct, ChatML and Claude 2, read 2026-11",
    lossless=True,
    change=strip_tokens,
)

OTHER_NAMES = Rule(
    id="vendor-name",
    changes="Replaces the name of another vendor's model by a neutral role.",
    why="A model told to be another model imitates its manners and its limits.",
    source=f"{_CLAUDE}/claude-prompting-best-practices and other vendors' guides, read 2026-11",
    lossless=False,
    change=substitute(
        (
            r"You are (?:ChatGPT|GPT-?\d[\w.-]*|Claude|Gemini|Llama|Mistral|Nova|Copilot)\b[^.\n{}]*(?:\.|(?=\n)|\Z)",
            "You are a helpful assistant.",
        ),
    ),
)

NO_STEP_BY_STEP = Rule(
    id="no-step-by-step",
    changes="Removes the request to think step by step.",
    why="Current models of this family reason on their own; the request adds length and can leak reasoning into the answer.",
    source=f"{_CLAUDE}/claude-prompting-best-practices; {_REASONING}, read 2026-11",
    lossless=False,
    change=substitute(
        (r"(?i)(?:(?<![ \t])[ \t]*)?(?:let'?s )?think (?:about (?:this|it) )?step[ -]by[ -]step[^.!\n{}]*[.!]?", "")
    ),
)

CUT_OFF = Rule(
    id="cut-off",
    changes="Removes the sentence about when the model's knowledge ends.",
    why="That date is another model's; a date the answer needs belongs in a variable.",
    source=f"{_CLAUDE}/claude-prompting-best-practices and other vendors' guides, read 2026-11",
    lossless=False,
    change=substitute(
        (
            r"(?i)(?<![^.!?\n{}<>])[^.!?\n{}<>]*(?:(?:knowledge|training)[ -](?:data )?cut[ -]?off"
            r"|as of (?:your|my) (?:last|latest) (?:update|training))[^.!?\n{}<>]*[.!?]?",
            "",
        ),
    ),
)


def where_it_reasons(change: Callable[[PromptVersion, str], PromptVersion]) -> Callable[[PromptVersion, str], PromptVersion]:
    """`change` for models that reason on their own; others keep the text."""
    return lambda prompt, ref: change(prompt, ref) if limits(ref).reasons else prompt


def words_for_tokens(prompt: PromptVersion, _ref: str) -> PromptVersion:
    """Lengths in tokens said in words, three words for four tokens, to two figures."""
    return on_texts(prompt, lambda text: _TOKENS.sub(_in_words, text))


def _in_words(found: re.Match[str]) -> str:
    words = int(found[1].replace(",", "")) * 3 / 4
    return f"{float(f'{words:.2g}'):.0f} words"


TOKEN_COUNTS = Rule(
    id="token-counts",
    changes="Says lengths in words instead of tokens.",
    why="Models cut texts into tokens differently, and none can count its own.",
    source="https://platform.openai.com/docs/guides/prompt-engineering, read 2026-11",
    lossless=False,
    change=words_for_tokens,
)


SCRATCHPAD = Rule(
    id="scratchpad",
    changes="Removes the request to write thoughts between tags.",
    why="This model thinks apart from its answer; the tags would come back in it.",
    source=f"{_CLAUDE}/claude-prompting-best-practices; {_REASONING}, read 2026-11",
    lossless=False,
    change=where_it_reasons(
        substitute(
            (
                r"(?i)(?<![^.!?\n{}<>])[^.!?\n{}<>]*<(scratchpad|thinking|thought|reasoning)>(?:[^.!?\n{}<>]*</\1>)?"
                r"[^.!?\n{}<>]*(?:[.!?]|(?=\n)|\Z)",
                "",
            )
        )
    ),
)

WORDING = (OTHER_NAMES, CUT_OFF, TOKEN_COUNTS, SCRATCHPAD)
"""What every family's rules propose."""

LEGAL = (LEGAL_PARAMETERS, LEGAL_SCHEMA, LEGAL_TOOLS)
"""What a target would refuse, settled: also in the prompt as it is, which could not be run without."""

FIRST = (*LEGAL, STRIP_TOKENS)
