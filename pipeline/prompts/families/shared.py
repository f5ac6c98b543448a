"""Rules for every family: parameters the target takes, control tokens of other models' chat templates, names of other vendors."""

import re
from dataclasses import replace

from pipeline.prompts.families.limits import REASONING_ROOM, legal, limits
from pipeline.prompts.families.rule import Rule, on_texts, substitute
from pipeline.prompts.tools import legal_toolset
from pipeline.records import PromptVersion

TOKENS = re.compile(
    r"<\|(?:begin_of_text|end_of_text|start_header_id|end_header_id|eot_id|eom_id|python_tag|header_start|header_end|eot"
    r"|im_start|im_end|endoftext)\|>|\[/?INST\]|<</?SYS>>|</?s>(?=\s*\[/?INST\])"
)
_HEADER = re.compile(
    r"<\|(?:start_header_id|header_start)\|>\s*\w+\s*<\|(?:end_header_id|header_end)\|>\s*|<\|im_start\|>\s*\w+\n"
)
_OLD_CLAUDE = re.compile(r"\A(.*?)\n\nHuman:\s*(.*)\n\nAssistant:\s*\Z", re.DOTALL)


def legal_parameters(prompt: PromptVersion, ref: str) -> PromptVersion:
    """Parameters the target takes; room for hidden reasoning where the model reasons by default."""
    parameters = legal(prompt.parameters, ref)
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
    source="Anthropic, OpenAI and Amazon Bedrock API references, read 2026-11",
    lossless=True,
    change=legal_parameters,
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
    source="vendors' migration guides, read 2026-11",
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
    source="Anthropic prompting guide for Claude 4 and later, OpenAI reasoning guide, read 2026-11",
    lossless=False,
    change=substitute((r"(?i)(?:[ \t]*|^)(?:let'?s )?think (?:about (?:this|it) )?step[ -]by[ -]step[^.!\n{}]*[.!]?", "")),
)

FIRST = (LEGAL_PARAMETERS, LEGAL_TOOLS, STRIP_TOKENS)
