"""From the lines a job wrote to a candidate: its template in the prompt's own syntax, its frozen spans marked again, guarded."""

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from typing import Any

from pipeline.errors import PermanentError
from pipeline.prompts.advpo.asked import NAME, Asked
from pipeline.prompts.guards import check
from pipeline.prompts.importers.port import as_json
from pipeline.prompts.port import Ask
from pipeline.prompts.template import pieces, write
from pipeline.records import Candidate, Edit, PromptVersion, Syntax

SUCCESS = "SUCCESS"
SAID_LENGTH = 300
_SPAN = re.compile(r"<freeze>(.*?)</freeze>", re.DOTALL)
_FENCES = re.compile(r"</?advpo:(?:exclude|optimize)>")


def candidate(written: Iterable[str], asked: Asked, ask: Ask) -> Candidate:
    """What the job proposes for `ask.target`, with the guards' word on it.

    Raises PermanentError when the results hold no prompt for it; lines that are no results cost no other line.
    """
    prompt = prompt_of(written, asked)
    return Candidate(target=ask.target, prompt=prompt, refusal=check(prompt, ask))


def prompt_of(written: Iterable[str], asked: Asked) -> PromptVersion:
    """The optimised prompt, not yet guarded. Raises PermanentError."""
    start = asked.start
    parts = pieces(_template(written, asked), Syntax.DOUBLE)
    text = _marked_again(write(parts, start.syntax, like=start.user), start)
    edit = Edit(
        rule="advpo",
        reason=f"Rewritten by Advanced Prompt Optimization from {len(asked.samples)} dev samples; all in one text now.",
        source=f"Amazon Bedrock, job {asked.name}",
        lossless=False,
    )
    return replace(start, system="", user=text, edits=(*start.edits, edit))


def _template(written: Iterable[str], asked: Asked) -> str:
    lines = [as_json(line) for line in written if line.strip()]
    results = [result for line in lines for result in _results(line, asked.name)]
    result = next((each for each in results if each.get("modelId") == asked.model), None)
    if result is None:
        broken = sum(not isinstance(line, dict) for line in lines)
        aside = f"; {broken} lines could not be read" if broken else ""
        raise PermanentError(
            f"The results of {NAME} hold no prompt for {asked.model}{aside}. Ask anew with a higher --attempt, or go on "
            "without it."
        )
    template = result.get("optimizedPromptTemplate")
    if result.get("status") != SUCCESS or not isinstance(template, str) or not template.strip():
        said = " ".join(str(result.get("failureReason") or "").split())[:SAID_LENGTH].rstrip(".")
        raise PermanentError(
            f"{NAME} gave no prompt for {asked.model} ({str(result.get('status'))[:40]}){f': {said}' if said else ''}. The other "
            "candidates need nothing of it; to try again, ask with a higher --attempt."
        )
    return _FENCES.sub("", template)


def _results(line: object, template_id: str) -> Iterator[Mapping[str, Any]]:
    if isinstance(line, dict) and line.get("promptTemplateId") == template_id:
        results = line.get("promptOptimizationResults")
        yield from (each for each in (results if isinstance(results, list) else ()) if isinstance(each, dict))


def _marked_again(text: str, start: PromptVersion) -> str:
    """The service takes its fences away; spans that came back byte by byte are frozen as before, the guards see the others."""
    left = Counter(span for part in start.texts for span in _SPAN.findall(part) if span)
    if not left:
        return text

    def mark(found: re.Match[str]) -> str:
        left[found[0]] -= 1
        return f"<freeze>{found[0]}</freeze>" if left[found[0]] >= 0 else found[0]

    return re.sub("|".join(re.escape(span) for span in sorted(left, key=len, reverse=True)), mark, text)
