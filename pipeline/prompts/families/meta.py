"""Rules for Llama."""

from dataclasses import replace

from pipeline.prompts.contract import demands_json
from pipeline.prompts.families.rule import Rule, on_whole_texts
from pipeline.prompts.families.sections import tags_to_headings
from pipeline.prompts.families.shared import WORDING
from pipeline.records import PromptVersion

_SOURCE = "https://www.llama.com/docs/how-to-guides/prompting; https://github.com/meta-llama/llama-prompt-ops, read 2026-11"
BARE_JSON = "Return the JSON object only: no code fence, no preamble."


def bare_json(prompt: PromptVersion, _ref: str) -> PromptVersion:
    """With the request for bare JSON where JSON is demanded and nothing says bare."""
    text = (prompt.system + prompt.user).lower()
    if not demands_json(prompt) or "code fence" in text or "json object only" in text or "only json" in text:
        return prompt
    place = "system" if prompt.system.strip() else "user"
    if place == "system":
        return replace(prompt, system=f"{prompt.system.rstrip()}\n{BARE_JSON}")
    return replace(prompt, user=f"{BARE_JSON}\n\n{prompt.user}")


RULES = (
    Rule(
        id="llama-headings",
        changes="Turns section tags into markdown headings.",
        why="Llama follows short markdown sections; tags it was not taught tend to come back in the answer.",
        source=_SOURCE,
        lossless=True,
        change=lambda prompt, _ref: on_whole_texts(prompt, tags_to_headings),
    ),
    *WORDING,
    Rule(
        id="llama-bare-json",
        changes=f'Adds "{BARE_JSON}"',
        why="Llama wraps JSON in a code fence and an opening sentence unless told not to.",
        source=_SOURCE,
        lossless=False,
        change=bare_json,
    ),
)
